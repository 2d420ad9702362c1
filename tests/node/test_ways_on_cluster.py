"""Ways on a real cluster: each fault of one is named, on the layer it is on, and is gone when the fault is."""

from __future__ import annotations

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.live import LiveCluster
from bot.facts.base import Fact, values_of
from bot.facts.scope import Scope
from bot.facts.ways import NodeTrouble
from bot.probes.trouble import node_trouble
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

NODE = "node2"
BOTH = Scope(named_nodes=("node1", NODE), target_nodes=(NODE,))


async def troubles(live: LiveCluster, *expected: tuple[str, str]) -> list[Fact]:
    """Look until there are these, and no others; three times at most.

    A fault hits the questions to the helpers as well, and a busy machine delays all packets for a moment.
    """
    found: list[Fact] = []
    for _ in range(3):
        found = await node_trouble.observe(CachedCluster(live), BOTH)
        if named(found) == set(expected):
            break
    return found


def named(found: list[Fact]) -> set[tuple[str, str]]:
    return {
        (fact.layer, fact.trouble) if isinstance(fact, NodeTrouble) else ("not seen", str(values_of(fact)))
        for fact in found
    }


@pytest.mark.parametrize(
    ("fault", "options", "expected"),
    [
        ("mtu-blackhole", ("mtu=1400",), ("underlay", "narrow")),
        ("packet-loss", ("percent=30", "scope=all"), ("underlay", "lossy")),
        ("packet-loss", ("percent=30", "scope=vxlan"), ("overlay", "lossy")),
        ("latency", ("ms=50",), ("underlay", "late")),
        ("vxlan-port-blocked", ("at=node",), ("overlay", "silent")),
        ("vxlan-port-blocked", ("at=switch",), ("overlay", "silent")),
    ],
)
async def test_a_fault_of_a_way_is_named_and_gone_afterwards(
    helpers: TestBed, live: LiveCluster, fault: str, options: tuple[str, ...], expected: tuple[str, str]
) -> None:
    with helpers.fault(fault, NODE, *options):
        ill = await troubles(live, expected)
    well = await troubles(live)

    assert named(ill) == {expected}
    assert {NODE} <= {end for fact in ill if isinstance(fact, NodeTrouble) for end in (fact.node, fact.other)}
    assert named(well) == set()
