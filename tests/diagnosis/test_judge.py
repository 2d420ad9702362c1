"""What becomes a cause, what is only seen beside it, and in which order."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bot.diagnosis.judge import judge
from bot.engine.rule import Confidence, Rule, Severity
from bot.engine.verdict import Finding, Outcome, Verdict
from bot.facts.base import Fact, Reason, Unknown, fields_of
from bot.facts.ingress import IngressRoute
from bot.facts.node import NodeCpu
from bot.facts.scope import Scope, Subject, SymptomKind
from bot.facts.ways import NodeTrouble

CART = Subject("Service", "shop", "cart")
DNS_SERVERS = Subject("Deployment", "kube-system", "kube-dns")
PAUSED = Subject("Service", "shop", "paused")
SCOPE = Scope(
    kind=SymptomKind.TIMEOUT,
    namespaces=("shop",),
    services=(CART,),
    client_nodes=("node1",),
    subjects=frozenset({CART}),
)
STEAL_FIELDS: dict[str, Any] = {name: declared() for name, declared in fields_of(NodeCpu).items()}
STEAL = NodeCpu(
    **STEAL_FIELDS | {"node": "node1", "steal_permille": 400},
    source="node1:/proc/stat",
    at="2026-01-01T00:00:00+00:00",
)


def rule(rule_id: str, **changes: Any) -> Rule:
    fields: dict[str, Any] = {
        "id": rule_id,
        "title": rule_id.replace("-", " "),
        "category": "service-ports",
        "severity": Severity.ERROR,
        "confidence": Confidence.PROVEN,
        "hop": "service",
        "symptoms": tuple(SymptomKind),
        "when": (),
        "unless": (),
        "subject": {},
        "details": {},
        "explains": (),
        "summary": f"{rule_id}.",
        "refuted_by": "Nothing.",
        "remedy": "None.",
        "playbook": "",
        "docs": "https://example.com/",
        "path": Path(f"{rule_id}.yaml"),
    }
    return Rule(**fields | changes)


def finding(
    of: Rule, subject: Subject = CART, *, facts: tuple[Fact, ...] = (), explains: tuple[Finding, ...] = ()
) -> Finding:
    return Finding(
        rule=of, subject=subject, details={}, summary=of.summary, facts=facts, findings=explains, explains=explains
    )


def found(*findings: Finding) -> Verdict:
    return Verdict(rule=findings[0].rule, outcome=Outcome.FOUND, findings=findings)


def test_an_error_on_the_path_is_a_cause_and_one_beside_it_is_only_seen() -> None:
    verdict = found(finding(rule("a")), finding(rule("a"), PAUSED))

    judgement = judge([verdict], SCOPE)

    assert [cause.subject for cause in judgement.causes] == [CART]
    assert [cause.subject for cause in judgement.also_seen] == [PAUSED]


def test_what_another_finding_explains_is_neither_cause_nor_seen_apart() -> None:
    steal = finding(rule("cpu-steal-high"), Subject("Node", "", "node1"), facts=(STEAL,))
    drops = finding(rule("interface-drops-rising"), Subject("Node", "", "node1"))
    neighbour = finding(rule("noisy-neighbour"), Subject("Node", "", "node1"), explains=(steal, drops))

    judgement = judge([found(steal), found(drops), found(neighbour)], SCOPE)

    [cause] = judgement.causes
    assert cause.rule == "noisy-neighbour"
    assert cause.explains == ("cpu-steal-high.", "interface-drops-rising.")
    assert judgement.also_seen == ()


def test_a_cause_carries_its_whole_proof_with_values_places_and_times() -> None:
    steal = finding(rule("cpu-steal-high"), Subject("Node", "", "node1"), facts=(STEAL,))
    neighbour = finding(rule("noisy-neighbour"), Subject("Node", "", "node1"), explains=(steal,))

    [cause] = judge([found(steal), found(neighbour)], SCOPE).causes

    [evidence] = cause.evidence
    assert (evidence.fact, evidence.source, evidence.at) == (
        "node_cpu",
        "node1:/proc/stat",
        "2026-01-01T00:00:00+00:00",
    )
    assert evidence.value["steal_permille"] == 400
    assert [below.rule for below in cause.proof.because] == ["cpu-steal-high"]


def test_a_link_gives_its_consequence_to_the_cause_it_rests_on_and_is_not_shown_itself() -> None:
    full = finding(rule("conntrack-full"), Subject("Node", "", "node9"))
    dns = finding(rule("dns-servers-not-ready"), CART)
    link = dataclasses.replace(
        finding(
            rule("conntrack-full-fails-dns", severity=Severity.INFO), Subject("Node", "", "node9"), explains=(dns,)
        ),
        findings=(full, dns),
    )

    judgement = judge([found(full), found(dns), found(link)], SCOPE)

    [cause] = judgement.causes
    assert (cause.rule, cause.explains) == ("conntrack-full", ("dns-servers-not-ready.",))
    assert judgement.also_seen == ()


def test_a_warning_is_a_cause_only_where_no_error_is_found_and_its_rule_names_the_symptom() -> None:
    slow = rule("many-services", severity=Severity.WARNING, symptoms=(SymptomKind.TIMEOUT,))
    other = rule("not-this-symptom", severity=Severity.WARNING, symptoms=(SymptomKind.DNS,))

    alone = judge([found(finding(slow)), found(finding(other))], SCOPE)
    beside = judge([found(finding(slow)), found(finding(rule("worse")))], SCOPE)

    assert [cause.rule for cause in alone.causes] == ["many-services"]
    assert [cause.rule for cause in alone.also_seen] == ["not-this-symptom"]
    assert [cause.rule for cause in beside.causes] == ["worse"]


@pytest.mark.parametrize("target", [{"services": (PAUSED,)}, {"missing": ("cart2",)}, {"outside_host": "192.0.2.7"}])
def test_the_clients_own_service_is_not_on_the_way_to_a_target(target: dict[str, Any]) -> None:
    client = dataclasses.replace(SCOPE, clients=(Subject("Pod", "shop", "cart-1"),), services=())
    verdicts = [found(finding(rule("a")))]

    assert [cause.subject for cause in judge(verdicts, client).causes] == [CART]
    assert judge(verdicts, dataclasses.replace(client, **target)).causes == ()


def test_a_node_is_on_the_path_only_when_the_packets_meet_it() -> None:
    verdict = found(
        finding(rule("conntrack-full"), Subject("Node", "", "node1")),
        finding(rule("conntrack-full"), Subject("Node", "", "node9")),
    )

    judgement = judge([verdict], SCOPE)

    assert [cause.subject.name for cause in judgement.causes] == ["node1"]
    assert [cause.subject.name for cause in judgement.also_seen] == ["node9"]


@pytest.mark.parametrize(
    ("clients", "example", "blamed"),
    [
        ((), "node8 to node9", ["node9"]),
        ((), "node9 to node7", []),
        (("node8",), "node8 to node9", []),
    ],
)
def test_a_way_to_the_targets_node_is_on_the_path_where_nobody_says_who_calls(
    clients: tuple[str, ...], example: str, blamed: list[str]
) -> None:
    fields: dict[str, Any] = dict.fromkeys(fields_of(NodeTrouble), 0) | {
        "node": "node9",
        "trouble": "narrow",
        "example": example,
    }
    trouble = finding(rule("narrow"), Subject("Node", "", "node9"), facts=(NodeTrouble(**fields),))
    scope = dataclasses.replace(SCOPE, client_nodes=clients, target_nodes=("node8",))

    judgement = judge([found(trouble)], scope)

    assert [cause.subject.name for cause in judgement.causes] == blamed


@pytest.mark.parametrize("dns", [True, False])
def test_the_clusters_dns_is_on_the_path_where_a_name_is_looked_up(*, dns: bool) -> None:
    verdict = found(finding(rule("dns-servers-scaled-to-zero", hop="name-lookup"), DNS_SERVERS))

    judgement = judge([verdict], dataclasses.replace(SCOPE, dns=dns))

    assert [cause.subject for cause in judgement.causes] == ([DNS_SERVERS] if dns else [])


def test_the_dns_service_is_on_the_path_of_a_lookup_though_both_ends_are_named() -> None:
    service = Subject("Service", "kube-system", "kube-dns")
    client = Subject("Pod", "shop", "till-1")
    scope = dataclasses.replace(
        SCOPE, kind=SymptomKind.DNS, clients=(client,), subjects=frozenset({*SCOPE.subjects, client, service})
    )
    verdict = found(finding(rule("dns-service-without-endpoints", hop="name-lookup"), service))

    assert [cause.subject for cause in judge([verdict], scope).causes] == [service]


@pytest.mark.parametrize(("host", "blamed"), [("db.example.com", True), ("mail.example.com", False)])
def test_a_host_outside_is_on_the_path_to_it(*, host: str, blamed: bool) -> None:
    verdict = found(finding(rule("dns-outside-name-unknown", hop="name-lookup"), Subject("OutsideHost", "", host)))

    judgement = judge([verdict], dataclasses.replace(SCOPE, outside_host="db.example.com"))

    assert bool(judgement.causes) is blamed


def test_without_a_named_object_everything_is_on_the_path() -> None:
    judgement = judge([found(finding(rule("a"), PAUSED))], Scope(cluster_wide=True))

    assert [cause.subject for cause in judgement.causes] == [PAUSED]


def test_beside_a_proven_cause_what_is_likely_is_only_seen() -> None:
    likely = finding(rule("a-likely", confidence=Confidence.LIKELY))
    proven = finding(rule("z-proven"))

    judgement = judge([found(likely), found(proven)], SCOPE)

    assert [cause.rule for cause in judgement.causes] == ["z-proven"]
    assert [cause.rule for cause in judgement.also_seen] == ["a-likely"]


def test_across_the_whole_cluster_what_is_proven_stands_before_what_is_likely() -> None:
    likely = finding(rule("a-likely", confidence=Confidence.LIKELY))
    proven = finding(rule("z-proven"))

    judgement = judge([found(likely), found(proven)], Scope(cluster_wide=True))

    assert [cause.rule for cause in judgement.causes] == ["z-proven", "a-likely"]


def test_what_was_not_checked_says_why_and_how_to_enable_it() -> None:
    missing = Unknown(of="node_cpu", reason=Reason.NO_HELPER, subject="node1", detail="none runs there")
    verdict = Verdict(rule=rule("cpu-steal-high"), outcome=Outcome.NOT_CHECKED, missing=(missing,))

    [entry] = judge([verdict], SCOPE).not_checked

    assert entry.reason == "node_cpu of node1: no_helper (none runs there)"
    assert (
        entry.how_to_enable == "Install the node helper: `netmedic helper manifest --image IMAGE | kubectl apply -f -`."
    )


def test_what_was_ruled_out_shows_the_facts_that_do_it() -> None:
    verdict = Verdict(rule=rule("cpu-steal-high"), outcome=Outcome.RULED_OUT, looked_at=(STEAL,))

    [entry] = judge([verdict], SCOPE).ruled_out

    assert entry.evidence[0].value["steal_permille"] == 400


def test_the_service_that_a_target_ought_to_have_is_on_the_path_to_it() -> None:
    booking, own = Subject("Service", "shop", "booking"), Subject("Service", "shop", "basket")
    client, target = Subject("Pod", "shop", "basket-1"), Subject("Pod", "shop", "booking-7f-abcde")
    scope = Scope(
        namespaces=("shop",), clients=(client,), backends=(target,), subjects=frozenset({client, target, booking, own})
    )
    verdicts = [found(finding(rule("service-missing"), booking), finding(rule("service-missing"), own))]

    assert [cause.subject for cause in judge(verdicts, scope).causes] == [booking]


def test_beside_a_warning_that_is_likely_one_that_is_only_possible_is_not_needed() -> None:
    kinds = (SymptomKind.TIMEOUT,)
    likely = rule("likely", severity=Severity.WARNING, confidence=Confidence.LIKELY, symptoms=kinds)
    possible = rule("possible", severity=Severity.WARNING, confidence=Confidence.POSSIBLE, symptoms=kinds)

    judgement = judge([found(finding(likely)), found(finding(possible))], SCOPE)

    assert [cause.rule for cause in judgement.causes] == ["likely"]
    assert [cause.rule for cause in judgement.also_seen] == ["possible"]


def test_what_a_cause_says_by_the_same_facts_and_more_is_not_seen_beside_it() -> None:
    more = NodeCpu(**STEAL_FIELDS | {"node": "node2"})
    cause = finding(rule("whole"), facts=(STEAL, more))
    part = finding(rule("part", severity=Severity.WARNING), facts=(STEAL,))
    other = finding(rule("other", severity=Severity.WARNING), PAUSED, facts=(STEAL,))

    judgement = judge([found(cause), found(part), found(other)], SCOPE)

    assert [cause.rule for cause in judgement.also_seen] == ["other"]


def test_an_error_that_cannot_produce_this_kind_of_symptom_is_only_seen() -> None:
    late = rule("late", symptoms=(SymptomKind.SLOW,))

    slow = judge([found(finding(late))], dataclasses.replace(SCOPE, kind=SymptomKind.SLOW))
    refused = judge([found(finding(late))], dataclasses.replace(SCOPE, kind=SymptomKind.UNREACHABLE))

    assert [cause.rule for cause in slow.causes] == ["late"]
    assert refused.causes == ()
    assert [cause.rule for cause in refused.also_seen] == ["late"]


def test_who_asks_a_port_of_a_node_looks_up_no_name() -> None:
    verdict = found(finding(rule("dns-servers-scaled-to-zero", hop="name-lookup"), DNS_SERVERS))

    assert judge([verdict], dataclasses.replace(SCOPE, entry_port=30080)).causes == ()


@pytest.mark.parametrize(("path", "blamed"), [("/pay", True), ("/", False), ("", False)])
def test_an_ingress_that_has_the_path_that_is_named_is_on_the_way(path: str, *, blamed: bool) -> None:
    values: dict[str, Any] = dict.fromkeys(fields_of(IngressRoute), "")
    route = IngressRoute(**{**values, "asked": True, "path": "/pay"})
    verdict = found(finding(rule("conflict"), Subject("Ingress", "shop", "back"), facts=(route,)))

    assert bool(judge([verdict], dataclasses.replace(SCOPE, url_path=path)).causes) is blamed
