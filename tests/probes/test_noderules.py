"""What Nodes' rules do with packets, compared with what the API says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.cluster import errors
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason, Unknown
from bot.facts.noderules import ForwardRules, NodeRules, ServiceRules, StaleFlow
from bot.facts.scope import Scope, Subject
from bot.node.requests import FIREWALL_REQUEST, VERSION_REQUEST, Request
from bot.probes.noderules import forward_rules, node_rules, service_rules
from bot.probes.staleflow import stale_flow
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service

FRONT, FRONT_UDP = "tcp/10.96.0.7:80", "udp/10.96.0.7:53"
RIGHT, RIGHT_UDP = "10.244.1.7:8080", "10.244.1.7:53"
SCOPE = Scope(
    namespaces=("shop",),
    services=(Subject("Service", "shop", "web"),),
    backends=(Subject("Pod", "shop", "web-1"),),
    client_nodes=("node1",),
    dns=False,
)
NOTHING = {"by": "", "to": [], "more": 0}


def to(*places: str, by: str = "nftables ip nat") -> dict[str, Any]:
    return {"by": by, "to": list(places), "more": 0}


def answer(node: str, request: Request, *, tier: int = 2, **found: Any) -> bytes:
    envelope = {
        "schema": "netmedic/helper/v1",
        "version": 1,
        "tier": tier,
        "request": list(request),
        "node": node,
        "host_ip": "10.231.0.11",
        "started_at": "2026-01-01T12:00:00+00:00",
        "took_ms": 1,
    }
    return json.dumps(envelope | found).encode()


def helper(node: str, *, tier: int = 2, **found: Any) -> Helper:
    """A helper that answers one request of each kind: ``translated``, ``entries``, ``firewall``."""
    requests: dict[str, Request] = {"firewall": FIREWALL_REQUEST}
    for place, name in (("translated", "translate"), ("entries", "entries")):
        if place in found:
            requests[place] = (name, *sorted(found[place]))
    answers = {
        request: answer(node, request, tier=tier, **{place: found[place]})
        for place, request in requests.items()
        if place in found
    }
    return Helper(pod=f"helper-{node}", answers=answers | {VERSION_REQUEST: answer(node, VERSION_REQUEST, tier=tier)})


def endpoint_slice(triggered: str = "2026-01-01T11:59:50Z") -> Manifest:
    made = manifest("EndpointSlice", "web-1", labels={"kubernetes.io/service-name": "web"})
    made["metadata"]["annotations"] = {"endpoints.kubernetes.io/last-change-trigger-time": triggered}
    endpoint = {
        "addresses": ["10.244.1.7"],
        "conditions": {"ready": True},
        "targetRef": {"kind": "Pod", "name": "web-1"},
    }
    ports = [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    return {**made, "addressType": "IPv4", "endpoints": [endpoint], "ports": ports}


def cluster(*more: Manifest, helpers: Mapping[str, Helper]) -> MemoryCluster:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    return from_manifests(service(ports=ports), endpoint_slice(), *more, helpers=helpers)


async def rules(found: Mapping[str, Any], *more: Manifest, node2: Mapping[str, Any] | None = None) -> ServiceRules:
    """What is told of TCP on node1."""
    helpers = {"node1": helper("node1", translated={FRONT_UDP: to(RIGHT_UDP), FRONT: found})}
    if node2:
        helpers["node2"] = helper("node2", translated={FRONT_UDP: to(RIGHT_UDP), FRONT: node2})
    facts = await facts_of(service_rules, cluster(*more, helpers=helpers), SCOPE)
    [fact] = [
        fact for fact in facts if isinstance(fact, ServiceRules) and (fact.node, fact.protocol) == ("node1", "TCP")
    ]
    return fact


async def test_rules_that_name_just_the_endpoints_are_right() -> None:
    fact = await rules(to(RIGHT), node2=NOTHING)

    assert fact == ServiceRules(
        node="node1",
        namespace="shop",
        name="web",
        address="10.96.0.7",
        port=80,
        protocol="TCP",
        by="nftables ip nat",
        result="translated",
        endpoints=1,
        backends=1,
        missing=0,
        missing_addresses="",
        stale=0,
        stale_addresses="",
        wrong=0,
        wrong_addresses="",
        changed_seconds_ago=10,
        elsewhere="wrong",
    )


async def test_a_backend_whose_address_nobody_has_is_stale() -> None:
    fact = await rules(to("10.244.1.99:8080"), node2=to(RIGHT))

    assert (fact.stale, fact.stale_addresses, fact.wrong) == (1, "10.244.1.99:8080", 0)
    assert (fact.missing, fact.missing_addresses, fact.elsewhere) == (1, RIGHT, "right")


async def test_a_backend_at_the_address_of_another_pod_is_wrong() -> None:
    other = pod("other-1", namespace="else", ip="10.244.1.99")

    fact = await rules(to(RIGHT, "10.244.1.99:8080"), other)
    assert (fact.wrong, fact.wrong_addresses, fact.stale, fact.missing) == (1, "10.244.1.99:8080", 0, 0)


async def test_the_right_pod_at_another_port_is_wrong() -> None:
    fact = await rules(to("10.244.1.7:9999"), pod("web-1", ip="10.244.1.7"))

    assert (fact.wrong, fact.stale) == (1, 0)


@pytest.mark.parametrize(
    ("found", "result", "by"),
    [
        (NOTHING, "nothing", ""),
        (
            NOTHING | {"stopped": "reject", "where": "nftables ip filter KUBE-SERVICES"},
            "refused",
            "nftables ip filter KUBE-SERVICES",
        ),
        (
            NOTHING | {"stopped": "drop", "where": "nftables ip filter FORWARD (policy)"},
            "dropped",
            "nftables ip filter FORWARD (policy)",
        ),
        (to(by="ipvs"), "nothing", "ipvs"),
    ],
)
async def test_what_becomes_of_a_service_that_is_not_translated(found: Any, result: str, by: str) -> None:
    fact = await rules(found)

    assert (fact.result, fact.by, fact.backends, fact.elsewhere) == (result, by, 0, "untried")


@pytest.mark.parametrize("probe", [service_rules, forward_rules, stale_flow, node_rules])
async def test_a_helper_of_tier_1_is_named_with_what_it_takes(probe: Any) -> None:
    reading = cluster(pod("web-1", ip="10.244.1.7", node="node1"), helpers={"node1": helper("node1", tier=1)})
    found = [fact for fact in await facts_of(probe, reading, SCOPE) if isinstance(fact, Unknown)]

    assert {(fact.reason, fact.subject) for fact in found} == {(Reason.HIGHER_TIER, "node1")}
    assert {fact.detail for fact in found} == {"the helper on node1 has tier 1, and this takes tier 2"}


async def test_an_answer_that_is_too_late_leaves_other_nodes_alone() -> None:
    asked = ("translate", FRONT, FRONT_UDP)
    late = Helper(
        pod="helper-node1",
        answers={VERSION_REQUEST: answer("node1", VERSION_REQUEST)},
        failures={asked: errors.TimedOut("no whole answer within 22 s")},
    )
    helpers = {"node1": late, "node2": helper("node2", translated={FRONT: to(RIGHT), FRONT_UDP: to(RIGHT_UDP)})}

    facts = await facts_of(service_rules, cluster(helpers=helpers), SCOPE)
    assert [(fact.reason, fact.subject) for fact in facts if isinstance(fact, Unknown)] == [(Reason.TIMEOUT, "node1")]
    assert {fact.node for fact in facts if isinstance(fact, ServiceRules)} == {"node2"}


async def test_what_stops_packets_to_a_pod_is_told() -> None:
    stopped = NOTHING | {"stopped": "drop", "where": "nftables ip filter FORWARD (policy)"}
    helpers = {"node1": helper("node1", translated={"tcp/10.244.1.7:9": stopped})}
    reading = cluster(pod("web-1", ip="10.244.1.7", node="node1", containers=[{"name": "main"}]), helpers=helpers)

    [fact] = await facts_of(forward_rules, reading, SCOPE)
    assert isinstance(fact, ForwardRules)
    assert (fact.pod, fact.on_own_node, fact.stopped, fact.policies) == ("web-1", True, "drop", False)
    assert fact.where == "nftables ip filter FORWARD (policy)"


def entry(answers: str, *, source: str = "10.244.1.5", port: int = 40000) -> dict[str, Any]:
    return {
        "source": source,
        "source_port": port,
        "answers": answers,
        "answers_port": 53,
        "seconds": 29,
        "replied": False,
        "assured": False,
    }


async def flows(*entries: dict[str, Any]) -> list[StaleFlow]:
    helpers = {"node1": helper("node1", entries={FRONT_UDP: {"entries": list(entries), "more": 0}})}
    facts = await facts_of(stale_flow, cluster(pod("till-1", ip="10.244.1.5"), helpers=helpers), SCOPE)
    return [fact for fact in facts if isinstance(fact, StaleFlow)]


async def test_flows_to_a_backend_that_is_gone_are_told_by_client() -> None:
    [fact] = await flows(entry("10.244.1.99"), entry("10.244.1.99", port=39999), entry("10.244.1.7"))

    assert (fact.client_namespace, fact.client, fact.client_port, fact.flows) == ("shop", "till-1", 39999, 2)
    assert (fact.sent_to, fact.endpoints) == ("10.244.1.99:53", 1)


async def test_a_client_that_is_no_pod_is_told_by_its_address() -> None:
    [fact] = await flows(entry("10.244.1.99", source="10.231.0.11"))

    assert (fact.client_namespace, fact.client) == ("", "10.231.0.11")


@pytest.mark.parametrize("answers", ["10.244.1.7", "10.96.0.7"])
async def test_flows_to_endpoints_and_untranslated_ones_are_left_out(answers: str) -> None:
    assert await flows(entry(answers)) == []


async def test_the_kinds_of_rules_are_counted_apart() -> None:
    tables = [
        {"table": "nftables ip nat", "chains": 9, "rules": 20, "services": 6},
        {"table": "nftables inet firewalld", "chains": 3, "rules": 5, "services": 0},
        {"table": "iptables-legacy nat", "chains": 8, "rules": 11, "services": 2},
    ]
    hooks = [
        {"table": "nftables inet firewalld", "chain": "forward", "hook": "forward", "policy": "drop"},
        {"table": "nftables ip nat", "chain": "PREROUTING", "hook": "prerouting", "policy": "accept"},
    ]
    helpers = {"node1": helper("node1", firewall={"tables": tables, "hooks": hooks})}

    [fact] = await facts_of(node_rules, cluster(helpers=helpers), Scope(named_nodes=("node1",)))
    assert isinstance(fact, NodeRules)
    assert (fact.tables, fact.rules, fact.nft_service_chains, fact.legacy_service_chains) == (3, 36, 6, 2)
    assert (fact.forward_policy, fact.drop_policies) == ("drop", "nftables inet firewalld forward")
