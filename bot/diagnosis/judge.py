"""From verdicts to causes: what explains what, what lies on the path, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.diagnosis.report import Cause, Evidence, NotChecked, Proof, RuledOut
from bot.engine.rules import Confidence, Severity
from bot.engine.verdict import Finding, Outcome, Verdict
from bot.facts.base import Fact, Reason, Unknown, values_of
from bot.facts.enginepolicy import EnginePolicyFlow
from bot.facts.entry import ExternalIpClaim
from bot.facts.headless import GoverningService, PodName
from bot.facts.ingress import IngressRoute
from bot.facts.mesh import MeshAuthorization, MeshMutualTls
from bot.facts.pod import HeldPod
from bot.facts.scope import Scope, Subject
from bot.facts.ways import NodeTrouble, ZoneWay
from bot.probes.reading import SYSTEM_NAMESPACE

API_SERVER = Subject("Service", "default", "kubernetes")
"""What reaches for the API server reaches for all that holds it up."""

IN_NAMESPACE = (
    *("Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"),
    *("Namespace", "NetworkPolicy", "ResourceQuota"),
)
"""Kinds that the traffic and the Pods of their whole namespace meet."""

CONFIDENCE_ORDER = (Confidence.PROVEN, Confidence.LIKELY, Confidence.POSSIBLE)

RULED_OUT_EVIDENCE = 3
"""Facts shown for a fault that was ruled out: enough to check it by, few enough to read (ours)."""

HOW_TO_ENABLE: dict[Reason, str] = {
    Reason.FORBIDDEN: "Grant the reader this permission; `netmedic doctor` lists what is missing.",
    Reason.TIMEOUT: "Ask again with a larger --budget.",
    Reason.UNREACHABLE: "Check the connection to the API server with `netmedic doctor`.",
    Reason.ABSENT: "Nothing to enable: the cluster has no such object.",
    Reason.NO_HELPER: "Install the node helper: `netmedic helper manifest --image IMAGE | kubectl apply -f -`.",
    Reason.HIGHER_TIER: "Install the node helper with a higher tier: `netmedic helper manifest --tier N`, "
    "where N is the tier that is named; docs/node-helper.md says what each may do.",
    Reason.MALFORMED: "Compare the versions of netmedic, its node helper and the cluster.",
    Reason.UNRECOGNISED: "netmedic does not know this component; look at it by hand.",
    Reason.NOT_RECORDED: "Record a snapshot of all namespaces: `netmedic snapshot` without --namespace.",
    Reason.NOT_APPLICABLE: "Nothing to enable: this cluster runs something else.",
    Reason.NOT_NEEDED: "Ask again with --thorough.",
    Reason.OUT_OF_SCOPE: "Not asked about: name it in the symptom (who connects to what, a Node, a host outside).",
}

OF_THE_SYMPTOM = (
    *(EnginePolicyFlow, ExternalIpClaim, GoverningService, HeldPod),
    *(MeshAuthorization, MeshMutualTls, PodName, ZoneWay),
)
"""Facts that are made for a symptom's own packets, and names, alone."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The verdicts, sorted by what they mean for this symptom."""

    causes: tuple[Cause, ...]
    also_seen: tuple[Cause, ...]
    ruled_out: tuple[RuledOut, ...]
    not_checked: tuple[NotChecked, ...]
    passes: bool = False
    """All that is blamed passes by itself within seconds, and may hide what comes after it."""


def judge(verdicts: Sequence[Verdict], scope: Scope) -> Judgement:
    """Sort verdicts into causes, side notes, what was ruled out and what could not be checked.

    A cause is a finding that no other finding explains and that lies on the path, itself or in what it explains. Errors
    are causes; warnings are only where no error is found and the rule names the kind of symptom. Of either, the surest
    ones: beside a proven one, what is only likely is not needed to explain the symptom.
    """
    found = [finding for verdict in verdicts for finding in verdict.findings]
    explained = {id(below) for finding in found for below in consequences(finding)}
    links = [finding for finding in found if is_link(finding)]
    roots = [finding for finding in found if id(finding) not in explained and not is_link(finding)]
    roots.sort(key=lambda finding: rank(finding, scope))

    def concerns(finding: Finding) -> bool:
        return any(on_path(each, scope) for each in (finding, *consequences(finding, links)))

    errors = [f for f in roots if f.rule.severity is Severity.ERROR and can_produce(f, scope) and concerns(f)]
    warnings = [f for f in roots if f.rule.severity is Severity.WARNING and can_produce(f, scope) and concerns(f)]
    causes = surest(errors or warnings, scope)
    blamed = {id(finding) for finding in causes}
    return Judgement(
        causes=tuple(cause_of(f, links) for f in causes),
        also_seen=tuple(cause_of(f, links) for f in roots if id(f) not in blamed and not is_told_by(f, causes)),
        ruled_out=tuple(ruled_out(v) for v in verdicts if v.outcome is Outcome.RULED_OUT),
        not_checked=tuple(not_checked(v) for v in verdicts if v.outcome is Outcome.NOT_CHECKED),
        passes=bool(causes) and all(finding.rule.passes for finding in causes),
    )


def can_produce(finding: Finding, scope: Scope) -> bool:
    """Tell whether a finding can produce this kind of symptom; an error that names no kinds can produce any."""
    kinds = finding.rule.symptoms
    return scope.kind in kinds or (finding.rule.severity is Severity.ERROR and not kinds)


def surest(found: Sequence[Finding], scope: Scope) -> list[Finding]:
    """Return the findings with the best evidence; all of them where no symptom has to be explained by one."""
    if scope.cluster_wide or not found:
        return list(found)
    best = min(CONFIDENCE_ORDER.index(finding.rule.confidence) for finding in found)
    return [finding for finding in found if CONFIDENCE_ORDER.index(finding.rule.confidence) == best]


def is_told_by(finding: Finding, causes: Sequence[Finding]) -> bool:
    """Tell whether a cause says as much of the same object, by the same facts and more."""
    facts = set(all_facts(finding))
    return any(cause.subject == finding.subject and facts < set(all_facts(cause)) for cause in causes)


def is_link(finding: Finding) -> bool:
    """Tell whether a finding only says that another one takes a third along: no fault of its own."""
    return finding.rule.severity is Severity.INFO and 0 < len(finding.explains) < len(finding.findings)


def consequences(finding: Finding, links: Sequence[Finding] = ()) -> Iterator[Finding]:
    """Yield what a finding explains: directly, through what it explains, or through a link that rests on it."""
    for below in finding.explains:
        yield below
        yield from consequences(below, links)
    for link in links:
        if any(finding is each for each in link.findings) and not any(finding is each for each in link.explains):
            yield from consequences(link)


def on_path(finding: Finding, scope: Scope) -> bool:
    """Tell whether a finding concerns what the symptom's packets meet."""
    subject = finding.subject
    if scope.cluster_wide:
        return True
    if finding.rule.hop == "name-lookup" and subject.namespace == SYSTEM_NAMESPACE and scope.dns:
        # The DNS Service stands before every client; a DNS server that was scaled to nothing belongs to no Pod of the
        # scope. Who asks a port of a Node looks up no name of the cluster.
        return subject in scope.services or not scope.entry_port
    if subject in scope.subjects:
        own = is_before_the_client(subject, scope) and subject not in scope.services
        return not own or is_met_on_the_way(finding, scope)
    return is_met_on_the_way(finding, scope)


def is_met_on_the_way(finding: Finding, scope: Scope) -> bool:
    """Tell whether packets meet an object that the symptom is not about, such as a Node or a policy."""
    subject = finding.subject
    if finding.rule.category == "control-plane-network" and finding.rule.hop == "cluster":
        return API_SERVER in scope.services or scope.changes
    if any(isinstance(fact, OF_THE_SYMPTOM) for fact in finding.facts):
        return True  # made for the symptom's own connections, wherever the object lies
    match subject.kind:
        case "Node":
            met = subject.name in scope.nodes or may_be_the_clients(finding, scope)
        case "Ingress":
            met = leads_on(finding, scope)
        case "OutsideHost":
            met = subject.name == scope.outside_host
        case _ if subject.kind in IN_NAMESPACE:
            met = (subject.namespace or subject.name) in scope.namespaces
        case "ConfigMap" | "DaemonSet" | "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration":
            met = is_about_the_way(finding, scope)
        case _:
            met = False
    return met


def leads_on(finding: Finding, scope: Scope) -> bool:
    """Tell whether an Ingress has the very path that is asked for, where the symptom names neither it nor a host."""
    routes = (fact for fact in all_facts(finding) if isinstance(fact, IngressRoute))
    unnamed = bool(scope.url_path) and not scope.url_host
    return unnamed and any(route.asked and route.path.rstrip("/") == scope.url_path.rstrip("/") for route in routes)


def is_before_the_client(subject: Subject, scope: Scope) -> bool:
    """Tell whether this is the client's own Service: where both ends are named, it is not on the way."""
    target = scope.services or scope.backends or scope.outside_host or scope.missing
    return subject.kind == "Service" and bool(scope.clients and target) and not is_missed(subject, scope)


def is_missed(service: Subject, scope: Scope) -> bool:
    """Tell whether this is the Service that the target ought to have: of its name, where it has none."""
    pods = (pod for pod in scope.backends if pod.namespace == service.namespace and not scope.services)
    return any(pod.name.startswith(f"{service.name}-") for pod in pods)


def may_be_the_clients(finding: Finding, scope: Scope) -> bool:
    """Tell whether a Node's trouble is on a way to the path's Nodes, where the symptom does not say who calls."""
    if scope.client_nodes or not scope.nodes:
        return False
    troubles = (fact for fact in all_facts(finding) if isinstance(fact, NodeTrouble))
    return any(set(fact.example.split(" to ")) & set(scope.nodes) for fact in troubles)


def is_about_the_way(finding: Finding, scope: Scope) -> bool:
    """Tell whether what serves the whole cluster is met by the symptom's packets."""
    if finding.subject.kind.endswith("WebhookConfiguration"):
        # Only those are found that refuse Pods of the symptom's namespaces.
        return True
    if finding.rule.hop == "outside-host":
        return bool(scope.outside_host)
    # What translates Services is met by every connection to one.
    return finding.rule.hop == "service" and finding.subject.namespace == SYSTEM_NAMESPACE and bool(scope.services)


def rank(finding: Finding, scope: Scope) -> tuple[int, int, bool, str, Subject]:
    """Return the sort key: surest first, then the worst, then what the symptom names, then by name."""
    return (
        CONFIDENCE_ORDER.index(finding.rule.confidence),
        list(Severity).index(finding.rule.severity),
        finding.subject not in scope.subjects,
        finding.rule.id,
        finding.subject,
    )


def cause_of(finding: Finding, links: Sequence[Finding] = ()) -> Cause:
    """Return a finding as the report shows it."""
    rule = finding.rule
    return Cause(
        rule=rule.id,
        category=rule.category,
        title=rule.title,
        summary=finding.summary,
        severity=rule.severity,
        hop=rule.hop,
        subject=finding.subject,
        details=dict(finding.details),
        evidence=evidence_of(all_facts(finding)),
        explains=tuple(dict.fromkeys(below.summary for below in consequences(finding, links))),
        confidence=rule.confidence,
        playbook=rule.playbook,
        remedy=rule.remedy,
        refuted_by=rule.refuted_by,
        docs=rule.docs,
        proof=proof_of(finding),
    )


def all_facts(finding: Finding) -> Iterator[Fact]:
    """Yield every observed fact a finding rests on, its own first."""
    yield from finding.facts
    for below in finding.findings:
        yield from all_facts(below)


def proof_of(finding: Finding) -> Proof:
    """Return the chain of rules and facts that led to a finding."""
    return Proof(
        rule=finding.rule.id,
        summary=finding.summary,
        evidence=evidence_of(finding.facts),
        because=tuple(proof_of(below) for below in finding.findings),
    )


def evidence_of(facts: Iterable[Fact]) -> tuple[Evidence, ...]:
    """Return facts as evidence, each once."""
    return tuple(
        Evidence(fact=fact.kind, source=fact.source, value=values_of(fact), at=fact.at) for fact in dict.fromkeys(facts)
    )


def ruled_out(verdict: Verdict) -> RuledOut:
    """Return a fault that is not there, with the facts that show it."""
    return RuledOut(
        rule=verdict.rule.id,
        summary=verdict.rule.title,
        evidence=evidence_of(verdict.looked_at[:RULED_OUT_EVIDENCE]),
    )


def not_checked(verdict: Verdict) -> NotChecked:
    """Return a fault that could not be looked for, and what would change that."""
    missing = sorted(verdict.missing, key=lambda u: (u.reason is Reason.OUT_OF_SCOPE, u.of, u.subject))
    return NotChecked(
        rule=verdict.rule.id,
        summary=verdict.rule.title,
        reason="; ".join(dict.fromkeys(why(unknown) for unknown in missing)),
        how_to_enable=" ".join(dict.fromkeys(HOW_TO_ENABLE[unknown.reason] for unknown in missing)),
    )


def why(unknown: Unknown) -> str:
    """Return in words what is missing: ``node_cpu of node1: no_helper (none runs there)``."""
    of = f"{unknown.of} of {unknown.subject}" if unknown.subject else unknown.of
    return f"{of}: {unknown.reason}" + (f" ({unknown.detail})" if unknown.detail else "")
