"""Packet sizes of overlays and Nodes."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Meta, Node
from bot.facts.base import Reason, Unknown
from bot.facts.mtu import NodeMtu, OverlayMtu
from bot.facts.scope import Scope
from bot.node.requests import sample_request
from bot.probes.mtu import node_mtu, overlay_mtu, usual_mtu
from tests.node.samples import HOST_IP, answer, link, vxlan

EVERYTHING = Scope(cluster_wide=True)
ADDRESSES = [[{"index": 2, "ip": HOST_IP, "prefix_length": 24}]]


def cluster(nodes: dict[str, list[dict[str, Any]]], without_helper: tuple[str, ...] = ()) -> MemoryCluster:
    helpers = {
        name: Helper(
            pod=name, answers={sample_request(): answer(name, series={"links": [links], "addresses": ADDRESSES})}
        )
        for name, links in nodes.items()
    }
    return MemoryCluster([Node(metadata=Meta(name=name)) for name in (*nodes, *without_helper)], helpers=helpers)


@pytest.mark.parametrize(
    ("device", "encapsulation", "overhead"),
    [
        (vxlan(3, "flannel.1", mtu=1450), "vxlan", 50),
        (vxlan(3, "flannel-v6.1", mtu=1430, local="2001:db8::1"), "vxlan", 70),
        (link(3, "tunl0", kind="ipip", mtu=1480), "ipip", 20),
        (link(3, "wireguard.cali", kind="wireguard", mtu=1440), "wireguard", 60),
    ],
)
async def test_an_overlay_that_fits_has_no_excess(device: dict[str, Any], encapsulation: str, overhead: int) -> None:
    [fact] = await overlay_mtu.observe(cluster({"node1": [link(2, "eth0"), device]}), EVERYTHING)

    assert fact == OverlayMtu(
        node="node1",
        overlay=device["name"],
        encapsulation=encapsulation,
        overlay_mtu=1500 - overhead,
        uplink="eth0",
        uplink_mtu=1500,
        overhead=overhead,
        allowed_mtu=1500 - overhead,
        excess=0,
        pods_mtu=0,
        short=0,
    )


async def test_an_overlay_that_carries_less_than_pods_send_is_short() -> None:
    pods = [link(7, "veth1", kind="veth", mtu=1450), link(8, "veth2", kind="veth", mtu=1400)]

    [fits] = await overlay_mtu.observe(cluster({"node1": [link(2, "eth0"), vxlan(3, "flannel.1"), *pods]}), EVERYTHING)
    small = vxlan(3, "flannel.1", mtu=1300)
    [short] = await overlay_mtu.observe(cluster({"node1": [link(2, "eth0"), small, *pods]}), EVERYTHING)

    assert isinstance(fits, OverlayMtu)
    assert isinstance(short, OverlayMtu)
    assert (fits.pods_mtu, fits.short) == (1450, 0)
    assert (short.pods_mtu, short.short) == (1450, 150)


async def test_an_overlay_is_measured_against_the_interface_that_carries_it() -> None:
    links = [link(2, "eth0", mtu=9000), link(5, "eth1", mtu=1460), vxlan(3, "flannel.1", mtu=1450, carrier=5)]

    [fact] = await overlay_mtu.observe(cluster({"node1": links}), EVERYTHING)

    assert isinstance(fact, OverlayMtu)
    assert (fact.uplink, fact.uplink_mtu, fact.excess) == ("eth1", 1460, 40)


@pytest.mark.parametrize(
    "device",
    [
        vxlan(3, "cilium_vxlan", mtu=1500, external=True),
        link(3, "tunl0", kind="ipip", mtu=1480, up=False),
        link(3, "gre1", kind="gre", mtu=1476),
    ],
    ids=["external", "down", "overhead not known"],
)
async def test_a_device_whose_mtu_does_not_decide_is_left_out(device: dict[str, Any]) -> None:
    assert await overlay_mtu.observe(cluster({"node1": [link(2, "eth0"), device]}), EVERYTHING) == []


async def test_a_node_with_another_mtu_deviates_from_the_usual_one() -> None:
    made = cluster({name: [link(2, "eth0", mtu=mtu)] for name, mtu in (("a", 1500), ("b", 1400), ("c", 1500))})

    found = await node_mtu.observe(made, EVERYTHING)

    assert found[1] == NodeMtu(node="b", uplink="eth0", mtu=1400, usual_mtu=1500, deviation=-100, nodes_compared=3)
    assert [fact.deviation for fact in found if isinstance(fact, NodeMtu)] == [0, -100, 0]


async def test_a_node_on_the_path_is_compared_with_nodes_beside_it() -> None:
    made = cluster({name: [link(2, "eth0", mtu=mtu)] for name, mtu in (("a", 1500), ("b", 1400), ("c", 1500))})

    found = await node_mtu.observe(made, Scope(named_nodes=("b",)))

    assert [fact.node for fact in found if isinstance(fact, NodeMtu)] == ["b", "a", "c"]


async def test_one_node_of_several_cannot_be_compared() -> None:
    made = cluster({"a": [link(2, "eth0")]}, without_helper=("b",))

    [fact] = await node_mtu.observe(made, EVERYTHING)

    assert isinstance(fact, Unknown)
    assert (fact.of, fact.reason) == ("node_mtu", Reason.OUT_OF_SCOPE)


async def test_the_only_node_does_not_deviate() -> None:
    [fact] = await node_mtu.observe(cluster({"a": [link(2, "eth0")]}), EVERYTHING)

    assert fact == NodeMtu(node="a", uplink="eth0", mtu=1500, usual_mtu=1500, deviation=0, nodes_compared=1)


async def test_a_node_whose_uplink_is_not_found_is_unknown() -> None:
    made = cluster({"a": [link(2, "eth0")], "b": [link(2, "eth0")], "c": [link(7, "eth0")]})

    found = await node_mtu.observe(made, EVERYTHING)

    assert [(fact.subject, fact.reason) for fact in found if isinstance(fact, Unknown)] == [("c", Reason.MALFORMED)]


@pytest.mark.parametrize(("mtus", "usual"), [([], 0), ([1500], 1500), ([1500, 9000], 9000), ([1400, 1400, 9000], 1400)])
def test_of_two_equally_common_mtus_the_larger_is_usual(mtus: list[int], usual: int) -> None:
    assert usual_mtu(mtus) == usual
