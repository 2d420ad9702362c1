"""The ways between zones of Nodes, taken together."""

from __future__ import annotations

from bot.facts.ways import NodePair
from bot.probes.zones import zone_fact


def way(node: str, peer: str, *, lost: int = 0) -> NodePair:
    return NodePair(
        node=node,
        peer=peer,
        layer="underlay",
        address="192.0.2.1",
        tried=20,
        answered=20 - lost // 50,
        lost=lost // 50,
        lost_permille=lost,
        median_us=200,
        worst_us=300,
    )


def test_ways_between_two_zones_are_summed_up_and_compared_with_those_inside() -> None:
    between = [way("a1", "b1", lost=300), way("b1", "a1", lost=200)]
    found = zone_fact("rack", ("a", "b"), between, [way("a1", "a2"), way("b1", "b2", lost=500)])

    assert (found.zone, found.other, found.ways, found.lossy_ways, found.all_lossy) == ("a", "b", 2, 2, True)
    assert found.lost_permille == 250
    assert (found.inside_ways, found.inside_lossy_ways) == (2, 1)


def test_one_way_that_is_well_shows() -> None:
    found = zone_fact("rack", ("a", "b"), [way("a1", "b1", lost=300), way("a2", "b2")], [])

    assert (found.lossy_ways, found.all_lossy) == (1, False)
