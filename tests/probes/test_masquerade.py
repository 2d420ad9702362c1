"""Whether Nodes hide Pods behind their own address on the way to a host outside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason, Unknown
from bot.facts.masquerade import NodeMasquerade
from bot.facts.scope import Scope, Subject
from bot.node.requests import VERSION_REQUEST, Request, inside, masquerade_requests, packet_from, reach_requests
from bot.probes.masquerade import node_masquerade
from tests.node import samples
from tests.probes.manifests import Manifest, facts_of, manifest, pod, unknown_of

UID = "cf581b81-43e9-401c-99bd-c76888d3bf0f"
OUTSIDE = "192.0.2.88:8080"
SCOPE = Scope(
    namespaces=("shop",),
    clients=(Subject("Pod", "shop", "till-2"),),
    client_nodes=("node2",),
    outside_host="192.0.2.88",
    outside_port=8080,
)
POD_OF = {"node1": "10.244.1.5", "node2": "10.244.2.5"}


def answered(node: str, request: Request, *, tier: int = 3, **found: Any) -> tuple[Request, bytes]:
    envelope = {name: value for name, value in samples.CAPTURED.items() if name != "series"}
    return request, json.dumps(envelope | {"node": node, "tier": tier, "request": list(request)} | found).encode()


def helper(node: str, translated: str, *, tier: int = 3, from_pod: str = "silent", source: str = "") -> Helper:
    packet = packet_from(POD_OF[node], "tcp", "192.0.2.88", 8080)
    by = "nftables ip nat" if translated == "yes" else ""
    rules = {packet: {"translated": translated, "by": by, "source": source}}
    reach = reach_requests([OUTSIDE])[0]
    within = inside(UID, POD_OF[node], reach)
    answers = [
        answered(node, VERSION_REQUEST, tier=tier),
        answered(node, masquerade_requests([packet])[0], masqueraded=rules),
        answered(node, reach, reached={OUTSIDE: {"results": {"open": 4}, "us": 90}}),
        answered(node, within, reached={OUTSIDE: {"results": {from_pod: 4}, "us": 0}}),
    ]
    return Helper(pod=f"helper-{node}", answers=dict(answers))


def client(name: str, node: str) -> Manifest:
    made = pod(name, node=node, ip=POD_OF[node])
    made["metadata"]["uid"] = UID
    return made


def cluster(*more: Manifest, **helpers: Helper) -> MemoryCluster:
    nodes = [manifest("Node", f"node{number}", namespace="") for number in (1, 2)]
    for number, node in enumerate(nodes, start=1):
        node["spec"] = {"podCIDR": f"10.244.{number}.0/24"}
    return from_manifests(*nodes, client("till-1", "node1"), client("till-2", "node2"), *more, helpers=helpers)


async def of_node2(reading: MemoryCluster) -> NodeMasquerade:
    facts = await facts_of(node_masquerade, reading, SCOPE)
    [fact] = [fact for fact in facts if isinstance(fact, NodeMasquerade) and fact.node == "node2"]
    return fact


async def test_a_node_is_compared_with_another_and_its_pod_with_itself() -> None:
    assert await of_node2(cluster(node1=helper("node1", "yes"), node2=helper("node2", "no"))) == NodeMasquerade(
        node="node2",
        host="192.0.2.88",
        address="192.0.2.88",
        port=8080,
        pod_namespace="shop",
        pod="till-2",
        pod_address="10.244.2.5",
        pod_network="10.244.2.0/24",
        translated="no",
        by="",
        source_address="",
        source_is_nodes=True,
        elsewhere="yes",
        translated_on="node1",
        node_result="open",
        pod_result="silent",
        policies=False,
    )


async def test_where_no_node_translates_that_is_told() -> None:
    found = await of_node2(cluster(node1=helper("node1", "no"), node2=helper("node2", "no", from_pod="open")))

    assert (found.elsewhere, found.translated_on, found.pod_result) == ("no", "", "open")


async def test_rules_that_cannot_be_followed_to_the_end_are_no_proof() -> None:
    found = await of_node2(cluster(node1=helper("node1", "maybe"), node2=helper("node2", "no")))

    assert (found.elsewhere, found.translated_on) == ("maybe", "")


async def test_policies_of_the_pods_namespace_are_told() -> None:
    policy = manifest("NetworkPolicy", "closed")

    found = await of_node2(cluster(policy, node1=helper("node1", "no"), node2=helper("node2", "no")))

    assert found.policies


async def test_only_clients_are_entered() -> None:
    facts = await facts_of(node_masquerade, cluster(node1=helper("node1", "yes"), node2=helper("node2", "yes")), SCOPE)

    assert {fact.node: fact.pod_result for fact in facts if isinstance(fact, NodeMasquerade)} == {
        "node1": "untried",
        "node2": "silent",
    }


async def test_at_tier_2_the_rules_tell_without_the_pods_own_connects() -> None:
    found = await of_node2(cluster(node1=helper("node1", "yes", tier=2), node2=helper("node2", "no", tier=2)))

    assert (found.translated, found.pod_result) == ("no", "untried")


async def test_a_helper_that_may_not_read_rules_leaves_its_node_unknown() -> None:
    facts = await node_masquerade.observe(
        cluster(node1=helper("node1", "yes"), node2=helper("node2", "no", tier=1)), SCOPE
    )

    [missing] = [fact for fact in facts if isinstance(fact, Unknown)]
    assert (missing.subject, missing.reason) == ("node2", Reason.HIGHER_TIER)


@pytest.mark.parametrize(("source", "own"), [("192.0.2.2", True), ("10.231.0.77", False), ("", True)])
async def test_the_source_that_rules_give_is_compared_with_the_nodes_own(source: str, own: bool) -> None:
    node2 = {**manifest("Node", "node2", namespace=""), "spec": {"podCIDR": "10.244.2.0/24"}}
    node2["status"] = {"addresses": [{"type": "InternalIP", "address": "192.0.2.2"}]}
    reading = from_manifests(node2, client("till-2", "node2"), helpers={"node2": helper("node2", "yes", source=source)})
    fact = await of_node2(reading)

    assert (fact.source_address, fact.source_is_nodes) == (source, own)


async def test_a_symptom_about_nothing_outside_is_out_of_scope() -> None:
    reading = cluster(node1=helper("node1", "yes"))

    missing = await unknown_of(node_masquerade, reading, Scope(namespaces=("shop",), clients=SCOPE.clients))

    assert missing.reason is Reason.OUT_OF_SCOPE
