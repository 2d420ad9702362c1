"""Asking helpers what takes tiers 2 and 3: rules, tracked connections, echoes, and the view from inside Pods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bot.cluster.errors import ClusterError, HigherTier, NotRecorded
from bot.cluster.port import Cluster
from bot.node.answers import A, Answer, decode
from bot.node.client import (
    CONNECT_SECONDS,
    RESOLVE_SECONDS,
    SIZES_SECONDS,
    SLACK_SECONDS,
    each,
)
from bot.node.files import FilesOfPods, OpenFiles
from bot.node.requests import (
    DROPS_REQUEST,
    FIREWALL_REQUEST,
    SOCKETS_REQUEST,
    VERSION_REQUEST,
    WINDOW_SECONDS,
    Request,
    entries_requests,
    files_requests,
    flows_requests,
    inside,
    masquerade_requests,
    ping_requests,
    reach_requests,
    resolve_requests,
    resolver_requests,
    sizes_requests,
    translate_requests,
)
from bot.node.resolver import Resolver, Resolvers
from bot.node.ruled import (
    Answered,
    Dropped,
    Drops,
    Entries,
    Firewall,
    Firewalls,
    Flows,
    Masqueraded,
    Masquerades,
    Ping,
    Pings,
    Sockets,
    SocketsOfPod,
    Tracked,
    Translated,
    Translations,
)
from bot.node.sampled import Sample
from bot.node.tried import Reached, Reaches, Resolved, Resolves, Size, Sizes

V = TypeVar("V")

RULES_SECONDS = 12.0
"""The collector's own limits for reading rules and following packets through them; a tenth of a second as a rule."""
DROPS_SECONDS = WINDOW_SECONDS + 2 * RULES_SECONDS
"""Rules are read twice."""
FILES_SECONDS = 2.0
"""Reading small files of a few Pods takes milliseconds (ours)."""
PING_SECONDS = 1.5
"""The collector's own limit for echoes."""


@dataclass(frozen=True, kw_only=True)
class Inside:
    """A Pod whose network namespace is looked from. Every method raises ClusterError, below tier 3 HigherTier."""

    cluster: Cluster
    node: str
    uid: str
    ip: str

    async def sample(self) -> Sample:
        """Return the Pod's own interfaces and counters over a window."""
        request = inside(self.uid, self.ip, ("sample", "--seconds", str(WINDOW_SECONDS)))
        await must_have(self.cluster, self.node, 3)
        return await answered(self.cluster, self.node, request, Sample, seconds=WINDOW_SECONDS)

    async def firewall(self) -> Firewall:
        """Return the Pod's own tables of rules."""
        request = inside(self.uid, self.ip, FIREWALL_REQUEST)
        await must_have(self.cluster, self.node, 3)
        return (await answered(self.cluster, self.node, request, Firewalls, seconds=RULES_SECONDS)).firewall

    async def drops(self) -> Dropped:
        """Return the Pod's own rules that dropped packets in a window."""
        request = inside(self.uid, self.ip, DROPS_REQUEST)
        await must_have(self.cluster, self.node, 3)
        return (await answered(self.cluster, self.node, request, Drops, seconds=DROPS_SECONDS)).drops

    async def sockets(self) -> Sockets:
        """Return the Pod's ports that wait for others, and who is connected to them."""
        # Asked of many Pods at once: the helper itself says where its tier is too low.
        request = inside(self.uid, self.ip, SOCKETS_REQUEST)
        return (await answered(self.cluster, self.node, request, SocketsOfPod, seconds=RULES_SECONDS)).sockets

    async def translations(self, packets: Iterable[str]) -> dict[str, Translated]:
        """Return what the Pod's own rules do with packets that it sends, or gets at its own address."""
        return await self._each(packets, translate_requests, RULES_SECONDS, Translations, lambda one: one.translated)

    async def reaches(self, targets: Iterable[str]) -> dict[str, Reached]:
        """Return how several TCP connects to each target end."""
        return await self._each(targets, reach_requests, CONNECT_SECONDS, Reaches, lambda answer: answer.reached)

    async def resolves(self, questions: Iterable[str]) -> dict[str, dict[str, Resolved]]:
        """Return how DNS servers answer."""
        return await self._each(questions, resolve_requests, RESOLVE_SECONDS, Resolves, lambda answer: answer.resolved)

    async def sizes(self, hosts: Iterable[str]) -> dict[str, Size]:
        """Return which packets arrive."""
        return await self._each(hosts, sizes_requests, SIZES_SECONDS, Sizes, lambda answer: answer.sizes)

    async def _each(
        self,
        things: Iterable[str],
        requests_for: Callable[[Iterable[str]], list[Request]],
        seconds: float,
        of: type[A],
        items: Callable[[A], dict[str, V]],
    ) -> dict[str, V]:
        found = await allowed(
            self.cluster,
            {self.node: things},
            tier=3,
            requests_for=lambda some: [inside(self.uid, self.ip, request) for request in requests_for(some)],
            seconds=seconds,
            of=of,
            items=items,
        )
        if isinstance(answer := found[self.node], ClusterError):
            raise answer
        return answer


async def tiers(cluster: Cluster, nodes: Iterable[str]) -> dict[str, int | ClusterError]:
    """Return what the helpers of Nodes may do; a Node that failed has its error."""

    async def one(node: str) -> int | ClusterError:
        try:
            content = await cluster.ask_helper(node, VERSION_REQUEST, timeout_seconds=SLACK_SECONDS)
            return decode(content, Answer, node=node, request=VERSION_REQUEST).tier
        except ClusterError as problem:
            return problem

    return await together(nodes, one)


async def must_have(cluster: Cluster, node: str, tier: int) -> None:
    """Refuse to ask a helper for what it may not do; it would only say so itself.

    Raises:
        ClusterError: It has a lower tier, or does not answer.
    """
    has = (await tiers(cluster, [node]))[node]
    if isinstance(has, ClusterError):
        # A recording of a time when helpers did not tell: what it holds was seen.
        if not isinstance(has, NotRecorded):
            raise has
    elif has < tier:
        raise HigherTier(f"the helper on {node} has tier {has}, and this takes tier {tier}")


async def firewalls(cluster: Cluster, nodes: Iterable[str]) -> dict[str, Firewall | ClusterError]:
    """Return the tables of rules of Nodes; a Node that failed has its error."""

    async def one(node: str) -> Firewall | ClusterError:
        try:
            await must_have(cluster, node, 2)
            return (await answered(cluster, node, FIREWALL_REQUEST, Firewalls, seconds=RULES_SECONDS)).firewall
        except ClusterError as problem:
            return problem

    return await together(nodes, one)


async def drops(cluster: Cluster, nodes: Iterable[str]) -> dict[str, Dropped | ClusterError]:
    """Return the rules of Nodes that dropped packets in a window; a Node that failed has its error."""

    async def one(node: str) -> Dropped | ClusterError:
        try:
            await must_have(cluster, node, 2)
            return (await answered(cluster, node, DROPS_REQUEST, Drops, seconds=DROPS_SECONDS)).drops
        except ClusterError as problem:
            return problem

    return await together(nodes, one)


async def translations(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]], *, tier: int = 2
) -> dict[str, dict[str, Translated] | ClusterError]:
    """Return what Nodes' rules do with packets (:func:`bot.node.requests.packet`); a Node that failed has its error.

    What IPVS does can be asked of tier 1.
    """
    return await allowed(
        cluster,
        wanted,
        tier=tier,
        requests_for=translate_requests,
        seconds=RULES_SECONDS,
        of=Translations,
        items=lambda answer: answer.translated,
    )


async def tracked(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, Tracked] | ClusterError]:
    """Return the connections that Nodes track, by Node and address; a Node that failed has its error."""
    return await allowed(
        cluster,
        wanted,
        tier=2,
        requests_for=entries_requests,
        seconds=RULES_SECONDS,
        of=Entries,
        items=lambda answer: answer.entries,
    )


async def flows(cluster: Cluster, wanted: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Answered] | ClusterError]:
    """Return the connections that Nodes track, by Node and by who answers them; a Node that failed has its error."""
    return await allowed(
        cluster,
        wanted,
        tier=2,
        requests_for=flows_requests,
        seconds=RULES_SECONDS,
        of=Flows,
        items=lambda answer: answer.flows,
    )


async def masquerades(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, Masqueraded] | ClusterError]:
    """Return whether Nodes' rules give packets (:func:`bot.node.requests.packet_from`) of Pods another source.

    A Node that failed has its error.
    """
    return await allowed(
        cluster,
        wanted,
        tier=2,
        requests_for=masquerade_requests,
        seconds=RULES_SECONDS,
        of=Masquerades,
        items=lambda answer: answer.masqueraded,
    )


async def pings(cluster: Cluster, wanted: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Ping] | ClusterError]:
    """Return how ICMP echoes from Nodes do, by Node and address; a Node that failed has its error."""
    return await allowed(
        cluster,
        wanted,
        tier=2,
        requests_for=ping_requests,
        seconds=PING_SECONDS,
        of=Pings,
        items=lambda answer: answer.pings,
    )


async def resolvers(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, Resolver] | ClusterError]:
    """Return whom Pods ask for names, by Node and the Pods' uids; a Node that failed has its error."""
    return await allowed(
        cluster,
        wanted,
        tier=3,
        requests_for=resolver_requests,
        seconds=FILES_SECONDS,
        of=Resolvers,
        items=lambda answer: answer.resolvers,
    )


async def files(
    cluster: Cluster, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, OpenFiles] | ClusterError]:
    """Return how many files Pods have open, by Node and the Pods' uids; a Node that failed has its error."""
    return await allowed(
        cluster,
        wanted,
        tier=3,
        requests_for=files_requests,
        seconds=FILES_SECONDS,
        of=FilesOfPods,
        items=lambda answer: answer.files,
    )


async def allowed(
    cluster: Cluster,
    wanted: Mapping[str, Iterable[str]],
    *,
    tier: int,
    requests_for: Callable[[Iterable[str]], list[Request]],
    seconds: float,
    of: type[A],
    items: Callable[[A], dict[str, V]],
) -> dict[str, dict[str, V] | ClusterError]:
    """Return what :func:`bot.node.client.each` does, of Nodes whose helper has the tier for it."""

    async def one(node: str) -> dict[str, V] | ClusterError:
        try:
            await must_have(cluster, node, tier)
        except ClusterError as problem:
            return problem
        asked = {node: wanted[node]}
        return (await each(cluster, asked, requests_for=requests_for, seconds=seconds, of=of, items=items))[node]

    return await together(wanted, one)


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
