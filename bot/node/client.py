"""Asking node helpers, and understanding them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from bot.cluster.errors import ClusterError, Malformed
from bot.cluster.port import Cluster
from bot.node.answers import A, decode
from bot.node.recording import History, Recall
from bot.node.requests import (
    WINDOW_SECONDS,
    Request,
    connect_requests,
    items_of,
    reach_requests,
    recall_request,
    resolve_requests,
    sample_request,
    series_requests,
    sizes_requests,
)
from bot.node.sampled import Sample
from bot.node.tried import ConnectResult, Connects, Reached, Reaches, Resolved, Resolves, Row, Rows, Size, Sizes

V = TypeVar("V")

SLACK_SECONDS = 10.0
"""What starting a program in a Pod may take beyond its own time, on a busy Node (ours)."""
CONNECT_SECONDS = 2.5
"""The collector's own limit for all connects of a request."""
SERIES_SECONDS = 2.5
"""The collector's own limit for a row."""
SIZES_SECONDS = 8.5
"""The collector's own limit for finding a size; half a second where all sizes arrive."""
RESOLVE_SECONDS = 3.5
"""The collector's own limit for all questions of a request."""


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


async def connects(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, ConnectResult] | ClusterError]:
    """Return how TCP connects end, by Node and target (:func:`bot.node.requests.target`), made at the same time.

    A Node that failed has its error.
    """
    return await each(
        cluster,
        wanted,
        requests_for=connect_requests,
        seconds=CONNECT_SECONDS,
        of=Connects,
        items=lambda answer: answer.connects,
    )


async def reaches(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, Reached] | ClusterError]:
    """Return how several TCP connects to each target end, by Node and target; a Node that failed has its error."""
    return await each(
        cluster,
        wanted,
        requests_for=reach_requests,
        seconds=CONNECT_SECONDS,
        of=Reaches,
        items=lambda answer: answer.reached,
    )


async def series(cluster: Cluster, wanted: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Row] | ClusterError]:
    """Return how rows of TCP connects go, by Node and target; a Node that failed has its error."""
    return await each(
        cluster,
        wanted,
        requests_for=series_requests,
        seconds=SERIES_SECONDS,
        of=Rows,
        items=lambda answer: answer.series,
    )


async def sizes(cluster: Cluster, wanted: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Size] | ClusterError]:
    """Return which packets arrive, by Node and address; a Node that failed has its error."""
    return await each(
        cluster, wanted, requests_for=sizes_requests, seconds=SIZES_SECONDS, of=Sizes, items=lambda answer: answer.sizes
    )


async def resolves(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, dict[str, Resolved]] | ClusterError]:
    """Return how DNS servers answer, by Node, question (:func:`bot.node.requests.question`) and type, A or AAAA.

    A Node that failed has its error.
    """
    return await each(
        cluster,
        wanted,
        requests_for=resolve_requests,
        seconds=RESOLVE_SECONDS,
        of=Resolves,
        items=lambda answer: answer.resolved,
    )


async def each(
    cluster: Cluster,
    wanted: Mapping[str, Iterable[str]],
    *,
    requests_for: Callable[[Iterable[str]], list[Request]],
    seconds: float,
    of: type[A],
    items: Callable[[A], dict[str, V]],
) -> dict[str, dict[str, V] | ClusterError]:
    """Return what Nodes answer to requests for many things, by Node and thing; a Node that failed has its error."""

    async def ask(node: str, request: Request) -> dict[str, V]:
        content = await cluster.ask_helper(node, request, timeout_seconds=seconds + SLACK_SECONDS)
        found = items(decode(content, of, node=node, request=request))
        if not set(items_of(request)) <= set(found):
            raise Malformed(f"the helper on {node} left out some of what it was asked")
        return found

    async def one(node: str, things: Iterable[str]) -> dict[str, V] | ClusterError:
        try:
            answers = await asyncio.gather(*(ask(node, request) for request in requests_for(things)))
        except ClusterError as problem:
            return problem
        return {thing: value for answer in answers for thing, value in answer.items()}

    answers = await asyncio.gather(*(one(node, things) for node, things in wanted.items()))
    return dict(zip(wanted, answers, strict=True))
