"""Where an unknown fault is, from what was tried."""

from __future__ import annotations

from typing import Any, TypeVar

from bot.diagnosis.localise import localise
from bot.facts.base import Fact, fields_of
from bot.facts.dns import DnsReach
from bot.facts.podview import ClientConnect
from bot.facts.translation import ServiceConnect
from bot.facts.ways import NodePair, OutsideWay, PodWay

F = TypeVar("F", bound=Fact)


def fact(of: type[F], **fields: Any) -> F:
    return of(**{name: declared() for name, declared in fields_of(of).items()} | fields)


DNS = fact(DnsReach, node="node1", cluster_ip="10.96.0.10", service_result="answers")
PAIR = fact(NodePair, node="node1", peer="node2", layer="underlay", tried=20, answered=20)
POD = fact(PodWay, namespace="shop", pod="web-1", node="node2", from_own="answered")
SERVICE = fact(ServiceConnect, node="node1", address="10.96.0.7", port=80, result="open")


def test_the_last_hop_that_works_and_the_first_that_does_not_are_told() -> None:
    silent = fact(ServiceConnect, node="node1", address="10.96.0.7", port=80, result="silent")

    assert localise([silent, POD, PAIR, DNS]) == (
        "The last hop that works: Pod (Node node2 to Pod shop/web-1: answered). "
        "The first that does not: Service address (Node node1 to 10.96.0.7:80: silent). "
        "That leaves what translates Service addresses on that Node (kube-proxy or its replacement); "
        "no rule knows this fault."
    )


def test_a_client_alone_is_the_last_thing_that_can_be_in_the_way() -> None:
    inside = fact(ClientConnect, namespace="shop", client="till-1", address="10.96.0.7", port=80, result="silent")

    assert "The first that does not: from inside the client" in localise([inside, SERVICE, POD, PAIR])
    assert "The last hop that works: Service address" in localise([inside, SERVICE, POD, PAIR])


def test_the_first_hop_of_all_may_be_the_one_that_does_not_work() -> None:
    silent = fact(DnsReach, node="node1", cluster_ip="10.96.0.10", service_result="silent")

    assert localise([silent, POD]).startswith(
        "The first that does not: name lookup (Node node1 to 10.96.0.10: silent)."
    )


def test_where_all_works_what_was_not_tried_is_left() -> None:
    assert localise([DNS, PAIR, POD, SERVICE]).startswith(
        "Every hop that was tried works (name lookup, between the Nodes, Pod, Service address); that leaves"
    )


def test_loss_counts_from_three_of_twenty() -> None:
    outside: dict[str, Any] = {"node": "node1", "host": "192.0.2.77", "port": 443, "result": "open"}

    assert "The first that does not: host outside" in localise([fact(OutsideWay, **outside, lost_permille=150)])
    assert "Every hop" in localise([fact(OutsideWay, **outside, lost_permille=149)])


def test_without_an_attempt_nothing_is_said() -> None:
    assert localise([fact(ServiceConnect, result="untried")]) == ""
    assert localise([]) == ""


def test_the_order_of_the_facts_makes_no_difference() -> None:
    silent = fact(PodWay, namespace="shop", pod="web-2", node="node1", from_own="silent")
    facts = [DNS, PAIR, POD, SERVICE, silent]

    assert localise(facts) == localise(facts[::-1])
