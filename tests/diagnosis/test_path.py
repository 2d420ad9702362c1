"""The hops in packet order, and what is known of each."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bot.diagnosis.judge import judge
from bot.diagnosis.path import draw, unread, words
from bot.diagnosis.report import Hop, HopStatus
from bot.engine.rules import Severity
from bot.engine.verdict import Outcome, Verdict
from bot.facts.base import Reason, Unknown, fields_of
from bot.facts.pod import PodState
from bot.facts.scope import Scope, Subject, SymptomKind
from tests.diagnosis.test_judge import CART, finding, found, rule

WEB = Subject("Pod", "shop", "web-1")
BACKEND = Subject("Pod", "shop", "cart-1")
POD: dict[str, Any] = {name: of() for name, of in fields_of(PodState).items()} | {"namespace": "shop"}
NODE2 = Subject("Node", "", "node2")
SCOPE = Scope(
    namespaces=("shop",),
    clients=(WEB,),
    services=(CART,),
    backends=(BACKEND,),
    client_nodes=("node1",),
    target_nodes=("node2",),
    subjects=frozenset({WEB, CART, BACKEND}),
)


def drawn(scope: Scope, *verdicts: Verdict) -> dict[str, Hop]:
    return {hop.hop: hop for hop in draw(scope, verdicts, judge(verdicts, scope))}


def test_pod_to_service_meets_the_hops_in_packet_order() -> None:
    assert list(drawn(SCOPE)) == [
        "name-lookup",
        "client-pod",
        "client-node",
        "service",
        "encapsulation",
        "target-node",
        "target-pod",
    ]


def test_on_one_node_there_is_no_encapsulation() -> None:
    scope = Scope(clients=(WEB,), services=(CART,), backends=(BACKEND,), client_nodes=("n",), target_nodes=("n",))

    assert "encapsulation" not in drawn(scope)


def test_to_the_outside_the_path_ends_at_the_host() -> None:
    scope = Scope(clients=(WEB,), client_nodes=("node1",), outside_host="192.0.2.77", outside_port=8443)

    hops = drawn(scope)

    assert list(hops) == ["name-lookup", "client-pod", "client-node", "snat", "outside-host"]
    assert hops["outside-host"].subject == "192.0.2.77:8443"


def test_from_outside_the_path_begins_at_the_ingress() -> None:
    ingress = Subject("Ingress", "shop", "front")
    scope = Scope(services=(CART,), backends=(BACKEND,), target_nodes=("node2",), subjects=frozenset({ingress, CART}))

    hops = drawn(scope, found(finding(rule("ingress-class-missing", hop="entry"), ingress)))

    assert list(hops) == ["entry", "service", "encapsulation", "target-node", "target-pod"]
    assert (hops["entry"].subject, hops["entry"].first_broken) == ("Ingress shop/front", True)


def test_from_outside_to_a_node_port_the_path_begins_at_the_node() -> None:
    scope = Scope(services=(CART,), backends=(BACKEND,), named_nodes=("node1",), target_nodes=("node1",))
    asked = dataclasses.replace(scope, port=30080, entry_port=30080)

    assert list(drawn(asked)) == ["entry", "service", "target-node", "target-pod"]
    assert drawn(asked)["entry"].subject == "Node node1, port 30080"
    assert "entry" not in drawn(scope)


def test_a_pod_that_asks_a_nodes_port_comes_before_the_entry() -> None:
    scope = dataclasses.replace(SCOPE, named_nodes=("node2",), port=30080, entry_port=30080)

    assert list(drawn(scope))[:5] == ["name-lookup", "client-pod", "client-node", "entry", "service"]


def test_an_address_needs_no_name_lookup() -> None:
    assert "name-lookup" not in drawn(Scope(dns=False, clients=(WEB,), backends=(BACKEND,)))


def test_the_first_broken_hop_is_marked_and_a_later_one_is_not() -> None:
    hops = drawn(SCOPE, found(finding(rule("a"))), found(finding(rule("b", hop="target-pod"), BACKEND)))

    assert (hops["service"].status, hops["service"].first_broken) == (HopStatus.BROKEN, True)
    assert (hops["target-pod"].status, hops["target-pod"].first_broken) == (HopStatus.BROKEN, False)


def test_a_finding_about_a_node_stands_at_that_node() -> None:
    hops = drawn(SCOPE, found(finding(rule("conntrack-full", hop="node"), NODE2)))

    assert hops["target-node"].status is HopStatus.BROKEN
    assert hops["client-node"].status is not HopStatus.BROKEN


def test_a_finding_about_a_pod_stands_at_that_end() -> None:
    crashing = PodState(**{**POD, "name": BACKEND.name})

    hops = drawn(SCOPE, found(finding(rule("pod-crash-loop", hop="pod"), BACKEND, facts=(crashing,))))

    assert hops["target-pod"].status is HopStatus.BROKEN
    assert hops["client-pod"].status is not HopStatus.BROKEN


def test_a_hop_is_ok_only_when_everything_about_it_could_be_checked() -> None:
    clean = Verdict(rule=rule("a"), outcome=Outcome.RULED_OUT)
    blind = Verdict(
        rule=rule("b"), outcome=Outcome.NOT_CHECKED, missing=(Unknown(of="service_port", reason=Reason.FORBIDDEN),)
    )

    assert drawn(SCOPE, clean)["service"].status is HopStatus.OK
    assert drawn(SCOPE, clean, blind)["service"].status is HopStatus.NOT_CHECKED


@pytest.mark.parametrize("reason", [Reason.OUT_OF_SCOPE, Reason.NOT_APPLICABLE])
def test_a_check_that_does_not_apply_leaves_a_hop_ok(reason: Reason) -> None:
    clean = Verdict(rule=rule("a"), outcome=Outcome.RULED_OUT)
    elsewhere = Verdict(rule=rule("b"), outcome=Outcome.NOT_CHECKED, missing=(Unknown(of="x", reason=reason),))

    assert drawn(SCOPE, clean, elsewhere)["service"].status is HopStatus.OK


def blind(reason: Reason, *, hop: str = "service", severity: Severity = Severity.ERROR) -> Verdict:
    missing = Unknown(of="service_port", reason=reason, detail="not allowed to list services")
    return Verdict(rule=rule("b", hop=hop, severity=severity), outcome=Outcome.NOT_CHECKED, missing=(missing,))


@pytest.mark.parametrize("reason", [Reason.FORBIDDEN, Reason.TIMEOUT, Reason.UNREACHABLE, Reason.NOT_RECORDED])
def test_a_failed_read_of_what_was_asked_about_is_told_once(reason: Reason) -> None:
    assert unread(SCOPE, [blind(reason), blind(reason)]) == ("not allowed to list services",)


@pytest.mark.parametrize("reason", [Reason.NO_HELPER, Reason.ABSENT, Reason.OUT_OF_SCOPE])
def test_what_was_not_there_to_be_looked_at_is_no_failed_read(reason: Reason) -> None:
    assert unread(SCOPE, [blind(reason)]) == ()


def test_a_failed_read_counts_where_an_error_could_hide_behind_it() -> None:
    assert unread(SCOPE, [blind(Reason.FORBIDDEN, severity=Severity.WARNING)]) == ()


@pytest.mark.parametrize(
    ("hop", "changes"),
    [
        ("node", {"named_nodes": ("node1",)}),
        ("name-lookup", {"kind": SymptomKind.DNS}),
        ("encapsulation", {"cluster_wide": True}),
    ],
)
def test_a_failed_read_counts_where_the_symptom_asks_about_its_hop(hop: str, changes: dict[str, Any]) -> None:
    verdicts = [blind(Reason.FORBIDDEN, hop=hop)]

    assert unread(SCOPE, verdicts) == ()
    assert unread(dataclasses.replace(SCOPE, **changes), verdicts) == ("not allowed to list services",)


def test_a_hop_that_nothing_looked_at_is_not_ok() -> None:
    assert drawn(SCOPE)["service"].status is HopStatus.NOT_CHECKED


def test_many_objects_are_counted() -> None:
    pods = [Subject("Pod", "shop", f"web-{number}") for number in range(5)]

    assert words(pods) == "Pod shop/web-0, Pod shop/web-1, Pod shop/web-2 and 2 more"
