"""How far a Node's clock is from this machine's, from two answers of its helper.

Each answer holds when it was asked for, by our clock, and when it was begun and how long it took, by the Node's. That
it was begun after it was asked for bounds the difference on one side; that the second was asked for only after the
first had come, on the other. The answers hold all of it, so that recorded ones tell the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from bot.cluster.errors import ClusterError, Malformed
from bot.cluster.port import Cluster
from bot.node.answers import Answer, decode
from bot.node.requests import clock_request

SECONDS = 10.0
"""What starting a program in a Pod may take on a busy Node (ours)."""


class Bounds(NamedTuple):
    """How many milliseconds a Node's clock is ahead of this machine's: not less, and not more."""

    least: int
    most: int
    at: str
    """When, by the Node's clock."""


async def clocks(cluster: Cluster, nodes: Iterable[str]) -> dict[str, Bounds | ClusterError]:
    """Return how far the clocks of Nodes are ahead; a Node that failed has its error."""

    async def one(node: str) -> Bounds | ClusterError:
        try:
            return bounds(await asked(cluster, node, "first"), await asked(cluster, node, "second"))
        except ClusterError as problem:
            return problem

    wanted = list(dict.fromkeys(nodes))
    return dict(zip(wanted, await asyncio.gather(*(one(node) for node in wanted)), strict=True))


async def asked(cluster: Cluster, node: str, turn: str) -> Answer:
    """Return the answer to one question."""
    request = clock_request(turn, cluster.now())
    content = await cluster.ask_helper(node, request, timeout_seconds=SECONDS)
    return decode(content, Answer, node=node, request=request)


def bounds(first: Answer, second: Answer) -> Bounds:
    """Return what two answers tell.

    Raises:
        Malformed: They contradict each other: a clock was set meanwhile.
    """
    least = began(first) + first.took_ms - said(second)
    most = min(began(each) - said(each) for each in (first, second))
    if least > most:
        raise Malformed(f"the clock of {first.node}, or of this machine, was set while it was read")
    return Bounds(least, most, second.started_at.isoformat(timespec="milliseconds"))


def began(answer: Answer) -> int:
    """Return when an answer was begun, by the Node's clock."""
    return round(answer.started_at.timestamp() * 1000)


def said(answer: Answer) -> int:
    """Return when an answer was asked for, by our clock.

    Raises:
        Malformed: It does not say.
    """
    try:
        return int(answer.request[2])
    except (IndexError, ValueError):
        raise Malformed(f"the helper on {answer.node} does not say when it was asked") from None
