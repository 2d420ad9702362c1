"""The ways from Node to Node, on a cluster with VXLAN as Flannel sets it up."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Meta, Node, NodeAddress, NodeSpec, NodeStatus
from bot.facts.kernel import NodePeer
from bot.facts.scope import Scope
from bot.node.requests import sample_request
from bot.probes.peer import node_peer
from tests.node.samples import HOST_IP, answer, link, vxlan

PEER_IP, PEER_MAC, PEER_TUNNEL_MAC = "10.231.0.12", "02:00:00:00:00:02", "0a:00:00:00:00:02"
TO_PEER = {"to": "10.244.2.0/24", "type": "unicast", "table": 254, "index": 3, "via": "10.244.2.0", "metric": 0}
DEFAULT = {"to": "0.0.0.0/0", "type": "unicast", "table": 254, "index": 2, "via": "10.231.0.1", "metric": 0}
NEIGHBOUR = {"index": 3, "ip": "10.244.2.0", "mac": PEER_TUNNEL_MAC, "state": "permanent"}
FORWARDING = {"index": 3, "ip": PEER_IP, "mac": PEER_TUNNEL_MAC, "state": "permanent"}
HEALTHY: dict[str, Any] = {
    "links": [[link(2, "eth0", mac="02:00:00:00:00:01"), vxlan(3, "flannel.1")]],
    "addresses": [[{"index": 2, "ip": HOST_IP, "prefix_length": 24}]],
    "routes": [[DEFAULT, TO_PEER]],
    "neighbours": [[NEIGHBOUR, {"index": 2, "ip": PEER_IP, "mac": PEER_MAC, "state": "reachable"}]],
    "forwarding": [[FORWARDING]],
}
EVERYWHERE = Scope(cluster_wide=True)
WELL = NodePeer(
    node="node1",
    peer="node2",
    pod_cidr="10.244.2.0/24",
    routed=True,
    device="flannel.1",
    device_role="overlay",
    device_up=True,
    next_hop="10.244.2.0",
    tunnelled=True,
    tunnel_end=PEER_IP,
    peer_address=PEER_IP,
    tunnel_end_is_peer=True,
    published_end="",
    published_end_is_peer=True,
    before_peer=True,
    peer_mac_known_wrong=False,
    tunnel_mac=PEER_TUNNEL_MAC,
    peer_tunnel_mac=PEER_TUNNEL_MAC,
    tunnel_mac_known_wrong=False,
)


def node(name: str, address: str, cidr: str) -> Node:
    status = NodeStatus(addresses=(NodeAddress(type="InternalIP", address=address),))
    return Node(metadata=Meta(name=name), spec=NodeSpec(pod_cidr=cidr), status=status)


async def way(*, cidr: str = "10.244.2.0/24", scope: Scope = EVERYWHERE, **series: Any) -> list[NodePeer]:
    peer = {
        "links": [[link(2, "eth0", mac=PEER_MAC), vxlan(7, "flannel.1", mac=PEER_TUNNEL_MAC)]],
        "addresses": [[{"index": 2, "ip": PEER_IP, "prefix_length": 24}]],
        "neighbours": [[]],
        "routes": [[]],
        "forwarding": [[]],
    }
    helpers = {
        "node1": Helper(pod="a", answers={sample_request(): answer("node1", series=HEALTHY | series)}),
        "node2": Helper(pod="b", answers={sample_request(): answer("node2", series=peer, host_ip=PEER_IP)}),
    }
    nodes = [node("node1", HOST_IP, "10.244.1.0/24"), node("node2", PEER_IP, cidr)]
    found = await node_peer.observe(MemoryCluster(nodes, helpers=helpers), scope)
    return [fact for fact in found if isinstance(fact, NodePeer) and fact.node == "node1"]


async def test_the_way_through_a_healthy_tunnel_ends_at_the_peer() -> None:
    assert await way() == [WELL]


async def test_a_node_that_is_named_alone_is_compared_with_others() -> None:
    [fact] = await way(scope=Scope(named_nodes=("node1",)))

    assert (fact.node, fact.peer, fact.routed) == ("node1", "node2", True)


async def test_without_its_route_the_way_is_the_default_one() -> None:
    [fact] = await way(routes=[[DEFAULT]])

    assert (fact.routed, fact.device, fact.next_hop, fact.tunnelled) == (False, "eth0", "10.231.0.1", False)


async def test_without_any_route_there_is_no_way() -> None:
    [fact] = await way(routes=[[]])

    assert (fact.routed, fact.device, fact.device_up, fact.next_hop) == (False, "", False, "")


async def test_the_longest_prefix_wins_and_other_tables_do_not_count() -> None:
    wide = TO_PEER | {"to": "10.244.0.0/16", "index": 2, "via": "10.231.0.9"}
    elsewhere = TO_PEER | {"to": "10.244.2.0/25", "table": 100}

    [fact] = await way(routes=[[elsewhere, wide, TO_PEER, DEFAULT]])

    assert (fact.device, fact.next_hop) == ("flannel.1", "10.244.2.0")


@pytest.mark.parametrize(
    ("series", "end"),
    [
        ({"forwarding": [[FORWARDING | {"ip": "10.231.0.99"}]]}, "10.231.0.99"),
        ({"forwarding": [[]]}, ""),
        ({"neighbours": [[NEIGHBOUR | {"mac": "02:00:00:00:00:99"}]]}, ""),
        ({"neighbours": [[]]}, ""),
    ],
    ids=["other node", "no entry", "other MAC", "no neighbour"],
)
async def test_a_tunnel_that_does_not_end_at_the_peer_shows(series: dict[str, Any], end: str) -> None:
    [fact] = await way(**series)

    assert (fact.tunnelled, fact.tunnel_end, fact.tunnel_end_is_peer) == (True, end, False)


@pytest.mark.parametrize(("mac", "wrong"), [(PEER_MAC, False), ("02:00:00:00:00:99", True), ("", False)])
async def test_a_wrong_mac_of_the_peer_shows(mac: str, wrong: bool) -> None:
    seen = {"index": 2, "ip": PEER_IP, "mac": mac, "state": "permanent"}

    [fact] = await way(neighbours=[[NEIGHBOUR, seen]])

    assert fact.peer_mac_known_wrong is wrong


async def test_a_device_that_was_made_anew_has_another_mac_than_the_entry() -> None:
    old = "0a:00:00:00:00:99"

    [fact] = await way(neighbours=[[NEIGHBOUR | {"mac": old}]], forwarding=[[FORWARDING | {"mac": old}]])

    assert (fact.tunnel_mac, fact.peer_tunnel_mac, fact.tunnel_mac_known_wrong) == (old, PEER_TUNNEL_MAC, True)
    assert fact.tunnel_end_is_peer


async def test_a_device_of_another_network_has_no_mac_to_compare() -> None:
    settings = {"id": 9, "port": 8472, "local": HOST_IP, "link": 2, "learning": False}
    other = vxlan(3, "flannel.9", vxlan=settings)

    [fact] = await way(links=[[link(2, "eth0", mac="02:00:00:00:00:01"), other]])

    assert (fact.peer_tunnel_mac, fact.tunnel_mac_known_wrong) == ("", False)


async def test_a_peer_behind_a_router_has_no_mac_to_be_wrong() -> None:
    seen = {"index": 2, "ip": PEER_IP, "mac": "02:00:00:00:00:99", "state": "reachable"}

    [fact] = await way(neighbours=[[NEIGHBOUR, seen]], addresses=[[{"index": 2, "ip": HOST_IP, "prefix_length": 32}]])

    assert fact.peer_mac_known_wrong is False


async def test_a_peer_without_pod_cidr_is_no_fact() -> None:
    assert await way(cidr="") == []
