"""Nodes: whether their clocks agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.platform import NodeClock
from bot.facts.scope import Scope
from bot.node.clock import Bounds, clocks
from bot.probes.node import each_node
from bot.probes.probe import Unreadable, probe


@probe(NodeClock, reads=(Node,), helper=True)
async def node_clock(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report how far the clocks of Nodes are from this machine's, and from each other."""
    return await each_node(cluster, scope, NodeClock, lambda fact: [fact], ask=node_clocks)


async def node_clocks(cluster: Cluster, nodes: Iterable[str]) -> dict[str, NodeClock | ClusterError]:
    """Return a fact of each Node; a Node that failed has its error."""
    found = await clocks(cluster, nodes)
    known = {node: answer for node, answer in found.items() if isinstance(answer, Bounds)}
    return {
        node: fact_of(node, answer, known) if isinstance(answer, Bounds) else answer for node, answer in found.items()
    }


def fact_of(node: str, own: Bounds, known: Mapping[str, Bounds]) -> NodeClock:
    """Return what is sure of one Node's clock."""
    here = Bounds(0, 0, "")
    apart = {other: difference(own, theirs) for other, theirs in known.items()}
    furthest = max(apart, key=lambda other: apart[other])
    return NodeClock(
        node=node,
        ahead_at_least_ms=own.least,
        ahead_at_most_ms=own.most,
        off_at_least_ms=difference(own, here),
        apart_at_least_ms=apart[furthest],
        apart_from=furthest if apart[furthest] else "",
        source=f"{node}: clock of the node helper",
        at=own.at,
    )


def difference(one: Bounds, other: Bounds) -> int:
    """Return the least difference of two clocks that their bounds allow."""
    return max(0, one.least - other.most, other.least - one.most)
