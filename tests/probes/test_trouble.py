"""Which Node the ways in trouble have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.facts.scope import Scope
from bot.facts.ways import NodeTrouble
from bot.node.sampled import Sample
from bot.node.tried import Row, Size
from bot.node.ways import pairs
from bot.probes.trouble import blamed as blame
from bot.probes.trouble import looks_at, troubled
from bot.probes.ways import API_SERVER, Measured, Way
from tests.node.samples import link, sample, vxlan

ADDRESS = {"node1": "10.231.0.11", "node2": "10.231.0.12", "node3": "10.231.0.13", API_SERVER: "10.231.0.1"}
TUNNEL = {"node1": "10.244.1.0", "node2": "10.244.2.0", "node3": "10.244.3.0"}
WELL = Row(tried=20, refused=20, median_us=200, worst_us=400)
SILENT = Row(tried=20, silent=20)
LATE = Row(tried=20, refused=20, median_us=200_000, worst_us=210_000)


def lossy(resent: int) -> Row:
    return Row(tried=20, refused=20, resent=resent, median_us=200, worst_us=400)


def measured(
    rows: Mapping[tuple[str, str, str], Row],
    *,
    nodes: tuple[str, ...] = ("node1", "node2"),
    sizes: Mapping[tuple[str, str, str], Size] | None = None,
    samples: Mapping[str, Sample] | None = None,
) -> Measured:
    """All ways between some Nodes and to the API server; those that are not given are well."""
    ways = [Way(node=a, peer=b, layer="underlay", address=ADDRESS[b]) for a, b in pairs(nodes)]
    ways += [Way(node=a, peer=b, layer="overlay", address=TUNNEL[b]) for a, b in pairs(nodes)]
    ways += [Way(node=a, peer=API_SERVER, layer="underlay", address=ADDRESS[API_SERVER], port=6443) for a in nodes]
    found: dict[str, Any] = {node: {} for node in nodes}
    large: dict[str, Any] = {node: {} for node in nodes}
    for way in ways:
        key = way.node, way.peer, way.layer
        found[way.node][way.target] = rows.get(key, WELL)
        large[way.node][way.address] = (sizes or {}).get(key, Size(device="eth0", limit=1500, passed=1500))
    return Measured(ways=ways, rows=found, sizes=large, peers=(), samples=samples or {}, without=())


def blamed(found: Measured, scope: Scope | None = None) -> list[NodeTrouble]:
    looks = troubled(looks_at(found))
    return [
        fact
        for layer in ("underlay", "overlay")
        for trouble in ("silent", "lossy", "late", "narrow")
        for fact in blame(
            [look for look in looks if (look.way.layer, look.trouble) == (layer, trouble)],
            [look for look in looks if look.way.layer == layer],
            found,
            scope or Scope(),
        )
    ]


def said(facts: list[NodeTrouble]) -> list[tuple[str, str, str, str]]:
    return [(fact.node, fact.other, fact.layer, fact.trouble) for fact in facts]


def test_ways_that_are_well_blame_nobody() -> None:
    assert blamed(measured({})) == []


def test_the_way_to_the_api_server_tells_which_of_two_nodes_it_is() -> None:
    mutual = {("node1", "node2", "underlay"): LATE, ("node2", "node1", "underlay"): LATE}

    found = blamed(measured({**mutual, ("node1", API_SERVER, "underlay"): LATE}))

    assert said(found) == [("node1", "", "underlay", "late")]
    assert (found[0].rtt_ms, found[0].usual_rtt_us, found[0].ways) == (200, 200, 3)


def test_without_it_both_are_named_and_the_targets_node_first() -> None:
    mutual = {("node1", "node2", "overlay"): SILENT, ("node2", "node1", "overlay"): SILENT}

    found = blamed(measured(mutual), Scope(target_nodes=("node1",)))

    assert said(found) == [("node1", "node2", "overlay", "silent")]


def test_of_three_nodes_the_common_one_is_blamed() -> None:
    rows = {(a, b, "underlay"): lossy(8) for a, b in pairs(("node1", "node2", "node3")) if "node3" in (a, b)}

    found = blamed(measured(rows, nodes=("node1", "node2", "node3")))

    assert said(found) == [("node3", "", "underlay", "lossy")]
    assert found[0].lost_percent == 40


def test_an_overlay_is_not_blamed_for_its_underlay() -> None:
    rows = {
        ("node1", "node2", "underlay"): lossy(8),
        ("node1", "node2", "overlay"): lossy(8),
        ("node2", "node1", "overlay"): SILENT,
    }

    assert {fact.layer for fact in blamed(measured(rows))} == {"underlay"}


def test_what_all_nodes_lose_to_the_api_server_is_no_nodes_fault() -> None:
    rows = {("node1", API_SERVER, "underlay"): SILENT, ("node2", API_SERVER, "underlay"): SILENT}

    assert blamed(measured(rows)) == []


@pytest.mark.parametrize(("resent", "expected"), [(2, []), (3, ["lossy"])])
def test_three_of_twenty_are_a_loss(resent: int, expected: list[str]) -> None:
    found = blamed(measured({("node1", "node2", "underlay"): lossy(resent)}))

    assert [fact.trouble for fact in found] == expected


@pytest.mark.parametrize(("median_us", "expected"), [(19_999, []), (20_000, ["late"])])
def test_twenty_milliseconds_are_late(median_us: int, expected: list[str]) -> None:
    row = Row(tried=20, refused=20, median_us=median_us, worst_us=median_us)

    found = blamed(measured({("node1", "node2", "underlay"): row}))

    assert [fact.trouble for fact in found] == expected


@pytest.mark.parametrize(("told", "expected"), [(False, ["narrow"]), (True, [])])
def test_sizes_that_vanish_without_a_word_are_narrow(told: bool, expected: list[str]) -> None:
    size = Size(device="eth0", limit=1500, passed=1400, failed=1404, told=told)

    found = blamed(measured({}, sizes={("node1", "node2", "underlay"): size}))

    assert [fact.trouble for fact in found] == expected
    assert [(fact.expected_mtu, fact.passed_mtu) for fact in found] == [(1500, 1400)] * len(expected)


def test_the_node_whose_tunnel_delivers_nothing_is_the_one() -> None:
    rows = {("node1", "node2", "overlay"): SILENT, ("node2", "node1", "overlay"): SILENT}
    nothing = (0, 0, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0)
    some = (0, 60, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0)
    links = [[link(2, "eth0"), vxlan(3, "flannel.1")]]
    samples = {
        node: sample(node, links=links, net_dev=[{"flannel.1": (0,) * 16}, {"flannel.1": last}])
        for node, last in (("node1", nothing), ("node2", some))
    }

    found = blamed(measured(rows, samples=samples))

    assert said(found) == [("node1", "", "overlay", "silent")]
    assert (found[0].receives, found[0].tunnel_port) == (False, 8472)
