"""Ways on a real cluster: each fault of one is named, on the layer it is on, and is gone when the fault is."""

from __future__ import annotations

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.live import LiveCluster
from bot.facts.scope import Scope
from bot.facts.ways import NodeTrouble
from bot.probes.trouble import node_trouble
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

NODE = "node2"
BOTH = Scope(named_nodes=("node1", NODE), target_nodes=(NODE,))


async def troubles(live: LiveCluster) -> list[NodeTrouble]:
    found = await node_trouble.observe(CachedCluster(live), BOTH)

    assert all(isinstance(fact, NodeTrouble) for fact in found), found
    return [fact for fact in found if isinstance(fact, NodeTrouble)]


@pytest.mark.parametrize(
    ("fault", "options", "expected"),
    [
        ("mtu-blackhole", ("mtu=1400",), ("underlay", "narrow")),
        ("packet-loss", ("percent=30", "scope=all"), ("underlay", "lossy")),
        ("packet-loss", ("percent=30", "scope=vxlan"), ("overlay", "lossy")),
        ("latency", ("ms=50",), ("underlay", "late")),
        ("vxlan-port-blocked", ("at=node",), ("overlay", "silent")),
    ],
)
async def test_a_fault_of_a_way_is_named_and_gone_afterwards(
    helpers: TestBed, live: LiveCluster, fault: str, options: tuple[str, ...], expected: tuple[str, str]
) -> None:
    with helpers.fault(fault, NODE, *options):
        ill = await troubles(live)
    well = await troubles(live)

    assert {(fact.layer, fact.trouble) for fact in ill} == {expected}
    assert NODE in {fact.node for fact in ill} | {fact.other for fact in ill}
    assert well == []
