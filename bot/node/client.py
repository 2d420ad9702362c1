"""Asking node helpers, and understanding them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from bot.cluster.errors import ClusterError, Malformed
from bot.cluster.port import Cluster
from bot.node.answers import ConnectResult, Connects, Sample, decode
from bot.node.recording import History, Recall
from bot.node.requests import WINDOW_SECONDS, Request, connect_requests, recall_request, sample_request

SLACK_SECONDS = 10.0
"""What starting a program in a Pod may take beyond its own time, on a busy Node (ours)."""
CONNECT_SECONDS = 2.5
"""The collector's own limit for all connects of a request."""


async def sample(cluster: Cluster, node: str, *, seconds: int = WINDOW_SECONDS) -> Sample:
    """Return interfaces and counters of a Node over a window.

    Raises:
        ClusterError: The helper is not there, not allowed, late, or answers nonsense.
    """
    request = sample_request(seconds)
    content = await cluster.ask_helper(node, request, timeout_seconds=seconds + SLACK_SECONDS)
    return decode(content, Sample, node=node, request=request)


async def samples(
    cluster: Cluster, nodes: Iterable[str], *, seconds: int = WINDOW_SECONDS
) -> dict[str, Sample | ClusterError]:
    """Return the samples of several Nodes, taken at the same time; a Node that failed has its error."""

    async def one(node: str) -> Sample | ClusterError:
        try:
            return await sample(cluster, node, seconds=seconds)
        except ClusterError as problem:
            return problem

    wanted = list(dict.fromkeys(nodes))
    return dict(zip(wanted, await asyncio.gather(*(one(node) for node in wanted)), strict=True))


async def histories(cluster: Cluster, nodes: Iterable[str]) -> dict[str, History | ClusterError]:
    """Return what the flight recorders of several Nodes hold; a Node that failed has its error."""
    request = recall_request()

    async def one(node: str) -> History | ClusterError:
        try:
            content = await cluster.ask_helper(node, request, timeout_seconds=SLACK_SECONDS)
            return History(decode(content, Recall, node=node, request=request))
        except ClusterError as problem:
            return problem

    wanted = list(dict.fromkeys(nodes))
    return dict(zip(wanted, await asyncio.gather(*(one(node) for node in wanted)), strict=True))


async def connect(cluster: Cluster, node: str, targets: Iterable[str]) -> dict[str, ConnectResult]:
    """Return how TCP connects from a Node end, by target; see :func:`bot.node.requests.target`.

    Raises:
        ClusterError: The helper is not there, not allowed, late, or answers nonsense.
    """

    async def one(request: Request) -> dict[str, ConnectResult]:
        content = await cluster.ask_helper(node, request, timeout_seconds=CONNECT_SECONDS + SLACK_SECONDS)
        connects = decode(content, Connects, node=node, request=request).connects
        if not set(request[1:]) <= set(connects):
            raise Malformed(f"the helper on {node} left out some of the addresses it was to connect to")
        return connects

    found: dict[str, ConnectResult] = {}
    for part in await asyncio.gather(*(one(request) for request in connect_requests(targets))):
        found |= part
    return found


async def connects(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, ConnectResult] | ClusterError]:
    """Return how TCP connects end, by Node and target, made at the same time; a Node that failed has its error."""

    async def one(node: str, targets: Iterable[str]) -> dict[str, ConnectResult] | ClusterError:
        try:
            return await connect(cluster, node, targets)
        except ClusterError as problem:
            return problem

    answers = await asyncio.gather(*(one(node, targets) for node, targets in wanted.items()))
    return dict(zip(wanted, answers, strict=True))
