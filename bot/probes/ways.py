"""Nodes: what becomes of a few packets of the helpers' own between them, on the wire and through the tunnel."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import EndpointSlice, Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.kernel import NodePeer
from bot.facts.scope import Scope
from bot.facts.ways import NodePair, PathMtu
from bot.node import client
from bot.node.requests import target
from bot.node.sampled import Sample
from bot.node.tried import Row, Size
from bot.node.ways import CLOSED_PORT, NEIGHBOURS, addresses, api_servers, pairs
from bot.probes.counters import PERMILLE, share
from bot.probes.node import INSTALL, MAX_NODES, counted, must, nodes_in
from bot.probes.peer import peers_of
from bot.probes.probe import CannotTell, Unreadable, probe, unknown

V = TypeVar("V")
Answers: TypeAlias = dict[str, dict[str, V] | ClusterError]
"""By Node and target; a Node that failed has its error."""
Rows: TypeAlias = Answers[Row]
Sizes: TypeAlias = Answers[Size]

API_SERVER = "API server"
LOOK_SECONDS = 1
"""The shortest window there is."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to measure."""

    node: str
    peer: str
    layer: str
    address: str
    port: int = CLOSED_PORT

    @property
    def target(self) -> str:
        """What the helper is asked to connect to."""
        return target(self.address, self.port)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What there is to know of the ways between some Nodes."""

    ways: Sequence[Way]
    rows: Rows
    sizes: Sizes
    peers: Sequence[NodePeer]
    samples: Mapping[str, Sample | ClusterError]
    without: Sequence[str]
    """Nodes without a helper."""
    left_out: Sequence[str] = ()
    """Nodes beyond the limit of one diagnosis."""

    def row(self, way: Way) -> Row | None:
        """Return how connects on a way went; None if they could not be made."""
        rows = self.rows.get(way.node, {})
        return None if isinstance(rows, ClusterError) else rows.get(way.target)

    def size(self, way: Way) -> Size | None:
        """Return which packets pass on a way; None if that could not be measured."""
        sizes = self.sizes.get(way.node, {})
        found = None if isinstance(sizes, ClusterError) else sizes.get(way.address)
        return found if found and found.passed and not found.error else None

    def failures(self, answers: Rows | Sizes) -> dict[str, ClusterError]:
        """Return why Nodes could not be asked."""
        missing = {node: NoHelper(f"no node helper runs there; {INSTALL}") for node in self.without}
        return missing | {node: found for node, found in answers.items() if isinstance(found, ClusterError)}

    def unmeasured(self, cluster: Cluster, of: type[Fact]) -> list[Fact | Unreadable]:
        """Return the Nodes beyond the limit, as what could not be looked at."""
        why = f"the ways of {MAX_NODES} Nodes are measured in one diagnosis; name this one to measure its own"
        return [unknown(cluster, of, Reason.OUT_OF_SCOPE, why, subject=node) for node in counted(list(self.left_out))]


@probe(NodePair, reads=(Node, EndpointSlice), helper=True)
async def node_pair(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Connect from each Node on the path to others and to the API server, twenty times."""
    measured = await measure(cluster, scope)
    found: list[Fact | Unreadable] = [
        pair(way, row) for way in measured.ways if (row := measured.row(way)) is not None and row.tried
    ]
    failed = measured.failures(measured.rows)
    found += measured.unmeasured(cluster, NodePair)
    return found + [Unreadable(of=NodePair, subject=node, error=problem) for node, problem in failed.items()]


@probe(PathMtu, reads=(Node, EndpointSlice), helper=True)
async def path_mtu(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Find the largest packet that gets from each Node on the path to others."""
    measured = await measure(cluster, scope)
    found: list[Fact | Unreadable] = [
        sizes_of(way, size) for way in measured.ways if (size := measured.size(way)) is not None
    ]
    failed = measured.failures(measured.sizes)
    found += measured.unmeasured(cluster, PathMtu)
    return found + [Unreadable(of=PathMtu, subject=node, error=problem) for node, problem in failed.items()]


async def measure(cluster: Cluster, scope: Scope) -> Measured:
    """Return the measurements; asked for twice, they are made once.

    Raises:
        CannotTell: There is only one Node.
    """
    with_helper, without = await nodes_in(cluster, scope)
    if not with_helper:
        raise NoHelper(f"no node helper runs on the Nodes of the path; {INSTALL}")
    others = [node for node in await cluster.helper_nodes() if node not in with_helper]
    chosen = with_helper[:MAX_NODES] if len(with_helper) > 1 else [*with_helper, *others[:NEIGHBOURS]]
    if len(chosen) < 2:  # noqa: PLR2004 - a way has two ends
        raise CannotTell(Reason.OUT_OF_SCOPE, "fewer than two Nodes have a node helper, so there is no way between")
    nodes = [node for node in await cluster.list(Node) if node.metadata.name in chosen]
    plain = plain_ways(chosen, addresses(nodes), await api_server(cluster))
    samples, first, (tunnelled, second) = await asyncio.gather(
        client.samples(cluster, chosen), measurements(cluster, plain), through_tunnels(cluster, chosen, nodes)
    )
    return Measured(
        ways=(*plain, *tunnelled),
        rows=joined(first[0], second[0]),
        sizes=joined(first[1], second[1]),
        peers=[peer for node in chosen for peer in peers_from(samples[node], nodes)],
        samples=samples,
        without=without,
        left_out=with_helper[MAX_NODES:],
    )


async def through_tunnels(
    cluster: Cluster, chosen: Sequence[str], nodes: list[Node]
) -> tuple[list[Way], tuple[Rows, Sizes]]:
    """Return the ways through tunnels and how they do; a short look tells where tunnels end, long before the window."""
    looks = await client.samples(cluster, chosen, seconds=LOOK_SECONDS)
    ways = tunnel_ways(chosen, [peer for node in chosen for peer in peers_from(looks[node], nodes)])
    return ways, await measurements(cluster, ways)


async def measurements(cluster: Cluster, ways: Sequence[Way]) -> tuple[Rows, Sizes]:
    """Return how rows of connects go on some ways, and which packets pass on those between Nodes."""
    between: dict[str, set[str]] = defaultdict(set)
    for way in ways:
        if way.peer != API_SERVER:
            between[way.node].add(way.address)
    return await asyncio.gather(client.series(cluster, by_node(ways)), client.sizes(cluster, between))


def joined(one: Answers[V], other: Answers[V]) -> Answers[V]:
    """Return the answers of two rounds; a Node that failed in one has failed."""
    found: Answers[V] = {}
    for node in {**one, **other}:
        parts = [answers[node] for answers in (one, other) if node in answers]
        failed = next((part for part in parts if isinstance(part, ClusterError)), None)
        found[node] = failed or {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}
    return found


def peers_from(answer: Sample | ClusterError, nodes: list[Node]) -> list[NodePeer]:
    """Return how a Node's kernel would send to the others; nothing where it did not tell."""
    with contextlib.suppress(ClusterError):
        return [fact for fact in peers_of(must(answer), nodes, {}, {}) if isinstance(fact, NodePeer)]
    return []


async def api_server(cluster: Cluster) -> list[tuple[str, int]]:
    """Return where the API server listens; nothing where that cannot be read."""
    try:
        return api_servers(await cluster.list(EndpointSlice, namespace="default"))
    except ClusterError:
        return []


def plain_ways(chosen: Sequence[str], address: Mapping[str, str], api: Iterable[tuple[str, int]]) -> list[Way]:
    """Return the ways between Nodes, and from each to the API server."""
    found = [
        Way(node=node, peer=peer, layer="underlay", address=address[peer])
        for node, peer in pairs(chosen)
        if peer in address
    ]
    return found + [
        Way(node=node, peer=API_SERVER, layer="underlay", address=host, port=port)
        for host, port in api
        for node in chosen
        if address.get(node) != host
    ]


def tunnel_ways(chosen: Sequence[str], peers: Iterable[NodePeer]) -> list[Way]:
    """Return the ways through tunnels, to the other ends' own addresses in them."""
    ends = {(peer.node, peer.peer): peer.next_hop for peer in peers if peer.tunnelled and peer.routed and peer.next_hop}
    return [
        Way(node=node, peer=peer, layer="overlay", address=ends[node, peer])
        for node, peer in pairs(chosen)
        if (node, peer) in ends
    ]


def by_node(ways: Iterable[Way]) -> dict[str, set[str]]:
    """Return what each Node is asked to connect to."""
    found: dict[str, set[str]] = defaultdict(set)
    for way in ways:
        found[way.node].add(way.target)
    return found


def pair(way: Way, row: Row) -> NodePair:
    """Return how a way did."""
    lost = row.tried - row.answered + row.resent
    return NodePair(
        node=way.node,
        peer=way.peer,
        layer=way.layer,
        address=way.address,
        tried=row.tried,
        answered=row.answered,
        lost=lost,
        lost_permille=share(lost, row.tried, PERMILLE),
        median_us=row.median_us,
        worst_us=row.worst_us,
        source=f"{way.node}: {row.tried} TCP connects to {way.target}",
    )


def sizes_of(way: Way, size: Size) -> PathMtu:
    """Return which packets pass on a way."""
    return PathMtu(
        node=way.node,
        peer=way.peer,
        layer=way.layer,
        address=way.address,
        device=size.device,
        expected=size.limit,
        passed=size.passed,
        failed=size.failed,
        told=size.told,
        source=f"{way.node}: UDP packets of several sizes to {way.address}",
    )
