"""How far clocks are apart: what two answers of a helper bound."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.cluster.errors import Malformed
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Meta, Node
from bot.facts.platform import NodeClock
from bot.facts.scope import Scope
from bot.node.answers import Answer, decode
from bot.node.clock import bounds
from bot.node.requests import clock_request
from bot.probes.clock import node_clock
from tests.node.samples import CAPTURED

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(ms: int) -> datetime:
    return NOON + timedelta(milliseconds=ms)


def answer(turn: str, *, node: str = "node1", asked_ms: int, began_ms: int) -> tuple[tuple[str, ...], bytes]:
    request = clock_request(turn, at(asked_ms))
    made = {name: value for name, value in CAPTURED.items() if name != "series"}
    made |= {"node": node, "request": list(request), "started_at": at(began_ms).isoformat(), "took_ms": 0}
    return request, json.dumps(made).encode()


def decoded(turn: str, *, asked_ms: int, began_ms: int) -> Answer:
    request, content = answer(turn, asked_ms=asked_ms, began_ms=began_ms)
    return decode(content, Answer, node="node1", request=request)


def test_two_answers_bound_the_difference_from_both_sides() -> None:
    # Each answer takes 100 ms to begin and 20 ms to come back; the Node is 5 s ahead.
    found = bounds(decoded("first", asked_ms=0, began_ms=5100), decoded("second", asked_ms=120, began_ms=5220))

    assert (found.least, found.most) == (4980, 5100)


def test_clocks_that_agree_are_within_the_bounds() -> None:
    found = bounds(decoded("first", asked_ms=0, began_ms=100), decoded("second", asked_ms=120, began_ms=220))

    assert found.least <= 0 <= found.most


def test_a_clock_that_was_set_meanwhile_is_named() -> None:
    with pytest.raises(Malformed, match="the clock of node1, or of this machine, was set while it was read"):
        bounds(decoded("first", asked_ms=0, began_ms=5100), decoded("second", asked_ms=120, began_ms=220))


async def test_the_node_that_is_off_is_told_from_the_one_that_is_not() -> None:
    helpers = {
        node: Helper(
            pod=node,
            answers=dict(
                [
                    answer("first", node=node, asked_ms=0, began_ms=ahead + 100),
                    answer("second", node=node, asked_ms=120, began_ms=ahead + 220),
                ]
            ),
        )
        for node, ahead in (("node1", 0), ("node2", -400_000))
    }
    made = MemoryCluster([Node(metadata=Meta(name=node)) for node in helpers], helpers=helpers, now=NOON)

    one, two = await node_clock.observe(made, Scope(cluster_wide=True))

    assert isinstance(one, NodeClock)
    assert isinstance(two, NodeClock)
    assert (one.off_at_least_ms, one.apart_from, one.apart_at_least_ms) == (0, "node2", 399_880)
    assert (two.off_at_least_ms, two.ahead_at_most_ms) == (399_900, -399_900)
