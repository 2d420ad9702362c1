"""The ways between zones or racks of Nodes, taken together: what a fabric loses shows between two of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from bot.cluster.objects import EndpointSlice, Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.scope import Scope
from bot.facts.ways import NodePair, ZoneWay
from bot.probes.probe import Unreadable, probe
from bot.probes.trouble import LOST_PERMILLE
from bot.probes.ways import measure, pair

LABELS = ("topology.kubernetes.io/rack", "rack", "topology.kubernetes.io/zone")
"""Labels that say which part of the network a Node is in, the smallest part first."""


@probe(ZoneWay, reads=(Node, EndpointSlice), helper=True)
async def zone_way(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Sum up the underlay ways between each two zones of the Nodes that are measured."""
    measured = await measure(cluster, scope)
    nodes = await cluster.list(Node)
    label = next((name for name in LABELS if len({node.metadata.labels.get(name) for node in nodes}) > 1), "")
    zones = {node.metadata.name: node.metadata.labels.get(label, "") for node in nodes}
    between: dict[tuple[str, str], list[NodePair]] = defaultdict(list)
    for way in measured.ways:
        row = measured.row(way)
        fact = pair(way, row) if row is not None and row.tried else None
        if fact and fact.layer == "underlay" and zones.get(fact.node) and zones.get(fact.peer):
            one, other = sorted((zones[fact.node], zones[fact.peer]))
            between[one, other].append(fact)
    found: list[Fact | Unreadable] = [
        zone_fact(label, ends, ways, [*between.get((ends[0],) * 2, ()), *between.get((ends[1],) * 2, ())])
        for ends, ways in sorted(between.items())
        if ends[0] != ends[1]
    ]
    failed = measured.failures(measured.rows)
    return found + [Unreadable(of=ZoneWay, subject=node, error=problem) for node, problem in failed.items()]


def zone_fact(label: str, ends: tuple[str, str], ways: Sequence[NodePair], inside: Sequence[NodePair]) -> ZoneWay:
    """Return how the ways between two zones went, compared with those inside each."""
    lossy = [way for way in ways if way.lost_permille >= LOST_PERMILLE]
    return ZoneWay(
        label=label,
        zone=ends[0],
        other=ends[1],
        ways=len(ways),
        lossy_ways=len(lossy),
        all_lossy=len(lossy) == len(ways),
        lost_permille=sum(way.lost_permille for way in ways) // len(ways),
        inside_ways=len(inside),
        inside_lossy_ways=sum(way.lost_permille >= LOST_PERMILLE for way in inside),
        source=f"TCP connects between Nodes, {ways[0].node} to {ways[0].peer} among them",
    )
