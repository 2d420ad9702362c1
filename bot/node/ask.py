"""Asking helpers what takes tiers 2 and 3: rules, tracked connections, echoes, and the view from inside Pods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bot.cluster.errors import ClusterError
from bot.cluster.port import Cluster
from bot.node.answers import A, Answer, decode
from bot.node.client import SLACK_SECONDS, each
from bot.node.requests import (
    FIREWALL_REQUEST,
    VERSION_REQUEST,
    Request,
    entries_requests,
    inside,
    ping_requests,
    translate_requests,
)
from bot.node.ruled import Entries, Firewall, Firewalls, Ping, Pings, Tracked, Translated, Translations

V = TypeVar("V")

RULES_SECONDS = 12.0
"""The collector's own limits for reading rules and following packets through them; a tenth of a second as a rule."""
PING_SECONDS = 1.5
"""The collector's own limit for echoes."""


@dataclass(frozen=True, kw_only=True)
class Inside:
    """A Pod to look from."""

    node: str
    uid: str
    ip: str

    def ask(self, requests_for: Callable[[Iterable[str]], list[Request]]) -> Callable[[Iterable[str]], list[Request]]:
        """Return what makes the same requests from inside the Pod."""
        return lambda things: [inside(self.uid, self.ip, request) for request in requests_for(things)]


async def tiers(cluster: Cluster, nodes: Iterable[str]) -> dict[str, int | ClusterError]:
    """Return what the helpers of Nodes may do; a Node that failed has its error."""

    async def one(node: str) -> int | ClusterError:
        try:
            content = await cluster.ask_helper(node, VERSION_REQUEST, timeout_seconds=SLACK_SECONDS)
            return decode(content, Answer, node=node, request=VERSION_REQUEST).tier
        except ClusterError as problem:
            return problem

    return await together(nodes, one)


async def firewalls(cluster: Cluster, nodes: Iterable[str]) -> dict[str, Firewall | ClusterError]:
    """Return the tables of rules of Nodes; a Node that failed has its error."""

    async def one(node: str) -> Firewall | ClusterError:
        try:
            return (await answered(cluster, node, FIREWALL_REQUEST, Firewalls, seconds=RULES_SECONDS)).firewall
        except ClusterError as problem:
            return problem

    return await together(nodes, one)


async def translations(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, Translated] | ClusterError]:
    """Return what Nodes' rules do with packets (:func:`bot.node.requests.packet`); a Node that failed has its error."""
    return await each(
        cluster,
        wanted,
        requests_for=translate_requests,
        seconds=RULES_SECONDS,
        of=Translations,
        items=lambda answer: answer.translated,
    )


async def tracked(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, Tracked] | ClusterError]:
    """Return the connections that Nodes track, by Node and address; a Node that failed has its error."""
    return await each(
        cluster,
        wanted,
        requests_for=entries_requests,
        seconds=RULES_SECONDS,
        of=Entries,
        items=lambda answer: answer.entries,
    )


async def pings(cluster: Cluster, wanted: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Ping] | ClusterError]:
    """Return how ICMP echoes from Nodes do, by Node and address; a Node that failed has its error."""
    return await each(
        cluster, wanted, requests_for=ping_requests, seconds=PING_SECONDS, of=Pings, items=lambda answer: answer.pings
    )


async def answered(cluster: Cluster, node: str, request: Request, of: type[A], *, seconds: float) -> A:
    """Return a Node's answer to one request.

    Raises:
        ClusterError: There is none.
    """
    content = await cluster.ask_helper(node, request, timeout_seconds=seconds + SLACK_SECONDS)
    return decode(content, of, node=node, request=request)


async def together(nodes: Iterable[str], one: Callable[[str], Coroutine[None, None, V]]) -> dict[str, V]:
    """Return what is found of each Node, asked at the same time."""
    wanted = list(dict.fromkeys(nodes))
    return dict(zip(wanted, await asyncio.gather(*(one(node) for node in wanted)), strict=True))
