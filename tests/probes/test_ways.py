"""The ways between Nodes, to Pods and to the outside: what is asked of helpers, and what their answers mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Meta, Node, NodeAddress, NodeSpec, NodeStatus
from bot.facts.base import Unknown
from bot.facts.scope import Scope
from bot.facts.ways import NodePair, PathMtu
from bot.node.requests import sample_request
from bot.node.tried import Row
from bot.node.ways import pairs
from bot.probes.outside import from_another, result_of
from bot.probes.pod_way import link_of, lost_of, word_of
from bot.probes.ways import node_pair, path_mtu
from tests.node.samples import CAPTURED, answer, reached

OWN = {"node1": "10.231.0.11", "node2": "10.231.0.12"}


def node(name: str) -> Node:
    status = NodeStatus(addresses=(NodeAddress(type="InternalIP", address=OWN[name]),))
    return Node(metadata=Meta(name=name), spec=NodeSpec(), status=status)


def said(name: str, request: tuple[str, ...], **fields: Any) -> bytes:
    envelope = {key: value for key, value in CAPTURED.items() if key != "series"}
    return json.dumps({**envelope, "node": name, "request": list(request), **fields}).encode()


def helper(name: str, rows: Mapping[str, Any], sizes: Mapping[str, Any]) -> Helper:
    series, large = ("series", *sorted(rows)), ("sizes", *sorted(sizes))
    return Helper(
        pod=f"helper-{name}",
        answers={
            # Without tunnels: their ways are measured on a real cluster.
            sample_request(): answer(name, series={"routes": [[]]}),
            series: said(name, series, series=rows),
            large: said(name, large, sizes=sizes),
        },
    )


def cluster(row: Mapping[str, Any], size: Mapping[str, Any]) -> CachedCluster:
    helpers = {
        name: helper(name, {f"{OWN[peer]}:9": row}, {OWN[peer]: size})
        for name, peer in (("node1", "node2"), ("node2", "node1"))
    }
    return CachedCluster(MemoryCluster([node("node1"), node("node2")], helpers=helpers))


SCOPE = Scope(named_nodes=("node1", "node2"))


async def test_a_way_is_twenty_connects_and_a_refusal_is_an_answer() -> None:
    row = {"tried": 20, "refused": 19, "silent": 1, "resent": 2, "median_us": 150, "worst_us": 900}

    found = await node_pair.observe(cluster(row, {"limit": 1500, "passed": 1500}), SCOPE)

    assert found[0] == NodePair(
        node="node1",
        peer="node2",
        layer="underlay",
        address="10.231.0.12",
        tried=20,
        answered=19,
        lost=3,
        lost_permille=150,
        median_us=150,
        worst_us=900,
    )
    assert found[0].source == "node1: 20 TCP connects to 10.231.0.12:9"


async def test_a_size_that_is_lost_is_told_with_its_limit() -> None:
    size = {"device": "eth0", "limit": 1500, "passed": 1400, "failed": 1404}

    found = await path_mtu.observe(cluster({"tried": 20, "refused": 20}, size), SCOPE)

    assert found[1] == PathMtu(
        node="node2",
        peer="node1",
        layer="underlay",
        address="10.231.0.11",
        device="eth0",
        expected=1500,
        passed=1400,
        failed=1404,
        told=False,
    )


async def test_silence_is_no_size() -> None:
    found = await path_mtu.observe(cluster({"tried": 20, "silent": 20}, {"limit": 1500}), SCOPE)

    assert found == []


async def test_one_node_alone_has_no_way() -> None:
    alone = MemoryCluster([node("node1")], helpers={"node1": Helper(pod="helper-node1")})

    [found] = await node_pair.observe(CachedCluster(alone), Scope(named_nodes=("node1",)))

    assert isinstance(found, Unknown)
    assert found.detail == "fewer than two Nodes have a node helper, so there is no way between"


@pytest.mark.parametrize("count", [2, 4, 5, 50])
def test_ways_never_grow_with_the_square_of_the_nodes(count: int) -> None:
    nodes = [f"node{number}" for number in range(count)]

    found = pairs(nodes)

    assert len(set(found)) == len(found) <= max(12, 4 * count)
    assert all((other, one) in found for one, other in found)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (None, "untried"),
        (Row(tried=20, refused=20), "answered"),
        (Row(tried=20, refused=20, resent=2), "answered"),
        (Row(tried=20, refused=20, resent=3), "lossy"),
        (Row(tried=20, silent=20), "silent"),
        (Row(tried=20, unreachable=20), "unreachable"),
    ],
)
def test_the_way_to_a_pod_in_one_word(row: Row | None, word: str) -> None:
    assert word_of(row) == word


def test_what_was_not_tried_is_no_loss() -> None:
    assert lost_of(None) == 0


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (Row(tried=20, open=20), "open"),
        (Row(tried=20, open=19, silent=1), "open"),
        (Row(tried=20, refused=20), "refused"),
        (Row(tried=20, open=10, refused=10), "mixed"),
        (Row(tried=20, silent=20), "silent"),
    ],
)
def test_a_host_outside_in_one_word(row: Row, word: str) -> None:
    assert result_of(row) == word


@pytest.mark.parametrize(
    ("neighbour", "word", "dead", "link"),
    [
        ("failed", "silent", "", "down"),
        ("known", "silent", "veth1", "down"),
        ("known", "silent", "", "up"),
        # Another Pod's interface is the one without carrier.
        ("known", "answered", "veth1", "up"),
        ("unknown", "silent", "", "unknown"),
    ],
)
def test_the_link_of_a_pod(neighbour: str, word: str, dead: str, link: str) -> None:
    assert link_of(neighbour, word, dead) == link


@pytest.mark.parametrize(
    ("helpers", "elsewhere"),
    [({"node2": {"open": 4}}, "open"), ({"node2": {"silent": 4}}, "silent"), ({}, "untried")],
)
async def test_a_host_that_is_silent_to_some_nodes_is_tried_from_another(
    helpers: dict[str, dict[str, int]], elsewhere: str
) -> None:
    there = "192.0.2.88:8080"
    reading = from_manifests(
        helpers={
            node: Helper(pod=f"helper-{node}", answers=dict([reached(node, {there: results})]))
            for node, results in helpers.items()
        }
    )

    assert await from_another(reading, there, ["node1"]) == elsewhere
