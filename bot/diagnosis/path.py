"""The path: the hops from client to target in packet order, each with what is known of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.diagnosis.gateways import ENTRY_KINDS
from bot.diagnosis.judge import Judgement
from bot.diagnosis.report import Cause, Hop, HopStatus
from bot.engine.rules import Severity
from bot.engine.verdict import Outcome, Verdict
from bot.facts.base import Reason
from bot.facts.scope import Scope, Subject, SymptomKind

MOST_NAMED = 3
"""Objects of a hop."""
OBJECT_HOPS = frozenset({"entry", "service", "pod", "client-pod", "target-pod"})
"""Hops that are objects of the Kubernetes API, named or meant by nearly every symptom."""

FAILED_READS = frozenset({Reason.FORBIDDEN, Reason.TIMEOUT, Reason.UNREACHABLE, Reason.NOT_RECORDED})
"""What is there and could not be read. Without a helper, or of a kind that does not exist, there is nothing to read."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One hop before it is judged: which rules concern it, and of which Nodes."""

    hop: str
    rules_hops: tuple[str, ...]
    """The ``hop`` of the rules that concern it."""
    subject: str
    nodes: tuple[str, ...] = ()
    """Where the rules are about Nodes: the ones of this hop."""
    other_pods: tuple[Subject, ...] = ()
    """Pods whose faults belong to another hop."""


def draw(scope: Scope, verdicts: Sequence[Verdict], judgement: Judgement) -> tuple[Hop, ...]:
    """Return the hops in packet order, the first broken one marked."""
    hops = [judge_stage(stage, verdicts, judgement) for stage in stages(scope)]
    if scope.target_is_pod:
        # No Service is on this way; where one is to blame all the same, it is shown.
        hops = [hop for hop in hops if hop.hop != "service" or hop.status is HopStatus.BROKEN]
    broken = next((index for index, hop in enumerate(hops) if hop.status is HopStatus.BROKEN), -1)
    return tuple(dataclasses.replace(hop, first_broken=index == broken) for index, hop in enumerate(hops))


def stages(scope: Scope) -> Iterable[Stage]:
    """Yield the hops a symptom's packets meet."""
    if scope.cluster_wide:
        yield Stage(hop="name-lookup", rules_hops=("name-lookup",), subject="cluster DNS")
        yield Stage(hop="service", rules_hops=("service",), subject="all Services")
        yield Stage(hop="node", rules_hops=("node",), subject="all Nodes")
        yield Stage(hop="encapsulation", rules_hops=("encapsulation",), subject="between the Nodes")
        yield Stage(hop="target-pod", rules_hops=("pod", "target-pod"), subject="all Pods behind Services")
        return
    enters = entry(scope)
    client_nodes = scope.client_nodes or scope.named_nodes
    if scope.clients or not enters:
        if scope.dns and not scope.dns_servers:
            yield Stage(hop="name-lookup", rules_hops=("name-lookup",), subject="cluster DNS")
        if scope.clients or not scope.client_nodes:
            yield Stage(
                hop="client-pod",
                rules_hops=("pod", "client-pod"),
                subject=words(scope.clients) or "any Pod",
                other_pods=scope.backends,
            )
        yield Stage(hop="client-node", rules_hops=("node",), subject=nodes_in_words(client_nodes), nodes=client_nodes)
    if enters:
        # Who comes from outside asks other DNS servers, and no Pod or Node of the cluster lies before this.
        yield Stage(hop="entry", rules_hops=("entry",), subject=enters)
    if scope.dns_servers:
        yield from to_dns(scope, client_nodes)
        return
    if scope.outside_host:
        if scope.services:
            yield Stage(hop="service", rules_hops=("service",), subject=words(scope.services))
        yield Stage(hop="snat", rules_hops=("snat",), subject=nodes_in_words(client_nodes), nodes=client_nodes)
        host = f"{scope.outside_host}:{scope.outside_port}" if scope.outside_port else scope.outside_host
        yield Stage(hop="outside-host", rules_hops=("outside-host",), subject=host)
        return
    if scope.services:
        yield Stage(hop="service", rules_hops=("service",), subject=words(scope.services))
    if scope.target_nodes or not scope.endpoints:
        # Else it is none of the cluster's machines, such as the API server of a provider.
        yield from to_node(client_nodes, scope)
    yield Stage(
        hop="endpoint" if scope.endpoints else "target-pod",
        rules_hops=("pod", "target-pod"),
        subject=words(scope.backends) or ", ".join(scope.endpoints[:MOST_NAMED]) or "no Pod",
        other_pods=scope.clients,
    )


def to_node(client_nodes: Sequence[str], scope: Scope) -> Iterable[Stage]:
    """Yield the hops from the client's Node to the target's."""
    target = scope.target_nodes
    if set(client_nodes) != set(target) or len(target) > 1:
        between = f"{nodes_in_words(client_nodes)} to {nodes_in_words(target)}"
        yield Stage(hop="encapsulation", rules_hops=("encapsulation",), subject=between, nodes=scope.nodes)
    yield Stage(hop="target-node", rules_hops=("node",), subject=nodes_in_words(target), nodes=target)


def to_dns(scope: Scope, client_nodes: Sequence[str]) -> Iterable[Stage]:
    """Yield the hops of a lookup, where nothing but names is asked for."""
    services = [server for server in scope.dns_servers if server.kind == "Service"]
    pods = [server for server in scope.dns_servers if server.kind == "Pod"]
    yield Stage(hop="name-lookup", rules_hops=("name-lookup", "service"), subject=words(services) or "cluster DNS")
    if set(client_nodes) != set(scope.dns_nodes):
        between = f"{nodes_in_words(client_nodes)} to {nodes_in_words(scope.dns_nodes)}"
        nodes = (*client_nodes, *scope.dns_nodes)
        yield Stage(hop="encapsulation", rules_hops=("encapsulation",), subject=between, nodes=nodes)
    yield Stage(
        hop="target-node", rules_hops=("node",), subject=nodes_in_words(scope.dns_nodes), nodes=tuple(scope.dns_nodes)
    )
    yield Stage(
        hop="target-pod",
        rules_hops=("pod", "target-pod"),
        subject=words(pods) or "no Pod",
        other_pods=scope.clients,
    )


def entry(scope: Scope) -> str:
    """Return in words where traffic enters the cluster: an Ingress, a load balancer, a port; empty if it does not."""
    ways_in = sorted(subject for subject in scope.subjects if subject.kind in ENTRY_KINDS)
    if ways_in:
        return words(ways_in)
    if scope.entry_address:
        return f"load balancer {scope.entry_address}"
    return f"{nodes_in_words(scope.named_nodes)}, port {scope.entry_port}" if scope.entry_port else ""


def judge_stage(stage: Stage, verdicts: Sequence[Verdict], judgement: Judgement) -> Hop:
    """Return a hop's status. A hop is ok only when everything that concerns it could be checked."""
    broken = [cause for cause in judgement.causes if concerns(cause, stage)]
    noticed = [cause for cause in judgement.also_seen if concerns(cause, stage) and cause.severity != "info"]
    checked = [v for v in verdicts if v.rule.hop in stage.rules_hops and v.outcome is Outcome.RULED_OUT]
    unchecked = [v for v in verdicts if v.rule.hop in stage.rules_hops and could_not(v)]
    if broken:
        status, detail = HopStatus.BROKEN, broken[0].summary
    elif noticed:
        status, detail = HopStatus.SUSPICIOUS, noticed[0].summary
    elif unchecked:
        status, detail = (
            HopStatus.NOT_CHECKED,
            f"{ruled_out(len(checked))}, {len(unchecked)} could not be checked",
        )
    elif checked:
        status, detail = HopStatus.OK, ruled_out(len(checked))
    else:
        status, detail = HopStatus.NOT_CHECKED, "nothing was looked at here"
    return Hop(hop=stage.hop, subject=stage.subject, status=status, detail=detail)


def unread(scope: Scope, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Return why what was asked about could not be read, each reason once; with any, "no fault" cannot be said."""
    hops = asked_hops(scope)
    asked = (v for v in verdicts if v.rule.hop in hops and v.rule.severity is Severity.ERROR and could_not(v))
    failed = (unknown for verdict in asked for unknown in verdict.missing if unknown.reason in FAILED_READS)
    return tuple(dict.fromkeys(unknown.detail for unknown in failed))


def asked_hops(scope: Scope) -> frozenset[str]:
    """Return the hops that a symptom asks about, as rules name them."""
    hops = frozenset(hop for stage in stages(scope) for hop in stage.rules_hops)
    if scope.cluster_wide:
        return hops
    about = OBJECT_HOPS | {"snat", "outside-host"}
    about |= {"name-lookup"} if scope.kind is SymptomKind.DNS else frozenset()
    about |= {"node"} if scope.named_nodes else frozenset()
    return hops & about


def could_not(verdict: Verdict) -> bool:
    """Tell whether a rule would have applied but could not be checked."""
    return verdict.outcome is Outcome.NOT_CHECKED and any(
        unknown.reason not in (Reason.OUT_OF_SCOPE, Reason.NOT_APPLICABLE) for unknown in verdict.missing
    )


def concerns(cause: Cause, stage: Stage) -> bool:
    """Tell whether a finding belongs to this hop; one about a Node or a Pod belongs where that is."""
    if cause.hop not in stage.rules_hops:
        return False
    if cause.hop == "pod":
        others = {(pod.namespace, pod.name) for pod in stage.other_pods}
        return not others & {(fact.value.get("namespace"), fact.value.get("name")) for fact in cause.evidence}
    return not stage.nodes or cause.subject.kind != "Node" or cause.subject.name in stage.nodes


def ruled_out(count: int) -> str:
    """Return how many faults are not there, in words."""
    return "1 fault ruled out" if count == 1 else f"{count} faults ruled out"


def words(subjects: Sequence[Subject], most: int = MOST_NAMED) -> str:
    """Return objects in words: ``Pod shop/web-1, Pod shop/web-2 and 3 more``."""
    named = ", ".join(str(subject) for subject in subjects[:most])
    return f"{named} and {len(subjects) - most} more" if len(subjects) > most else named


def nodes_in_words(nodes: Sequence[str]) -> str:
    """Return Nodes in words."""
    return words([Subject("Node", "", name) for name in nodes]) or "any Node"
