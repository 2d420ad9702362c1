"""Nodes: which one the ways in trouble have in common."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.objects import EndpointSlice, Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.kernel import NodePeer
from bot.facts.node import NodeInterface
from bot.facts.scope import Scope
from bot.facts.ways import NodePair, NodeTrouble, PathMtu
from bot.node.sampled import Sample
from bot.probes.counters import interfaces_of
from bot.probes.probe import Unreadable, probe
from bot.probes.ways import API_SERVER, Measured, Way, measure, pair, sizes_of

LOST_PERMILLE = 150
"""Three connects of twenty (ours): one alone may be chance."""
LATE_US = 20_000
"""Ours: within one site a round trip takes less than 2 ms, to the next region about 20."""
LATE_TIMES = 5
FEWEST_DROPS = 5
"""Ours: a stray frame of an unknown protocol counts as a drop too."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One way, and what is the matter with it."""

    way: Way
    pair: NodePair
    size: PathMtu | None
    trouble: str = ""


@probe(NodeTrouble, reads=(Node, EndpointSlice), helper=True)
async def node_trouble(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Name the Nodes that silent, lossy, late and narrow ways have in common."""
    measured = await measure(cluster, scope)
    looks = troubled(looks_at(measured))
    found: list[Fact | Unreadable] = []
    for layer in ("underlay", "overlay"):
        for trouble in ("silent", "lossy", "late", "narrow"):
            ill = [look for look in looks if (look.way.layer, look.trouble) == (layer, trouble)]
            found += blamed(ill, [look for look in looks if look.way.layer == layer], measured, scope)
    failed = measured.failures(measured.rows) | measured.failures(measured.sizes)
    found += measured.unmeasured(cluster, NodeTrouble)
    return found + [Unreadable(of=NodeTrouble, subject=node, error=problem) for node, problem in failed.items()]


def looks_at(measured: Measured) -> list[Look]:
    """Return what was measured of each way."""
    found = []
    for way in measured.ways:
        row, size = measured.row(way), measured.size(way)
        if row is not None and row.tried:
            found.append(Look(way=way, pair=pair(way, row), size=sizes_of(way, size) if size else None))
    return found


def troubled(looks: Sequence[Look]) -> list[Look]:
    """Return the same with what is the matter; an overlay whose underlay is in trouble is left out."""
    quick = [look.pair.median_us for look in looks if 0 < look.pair.median_us < LATE_US]
    named = [
        Look(way=look.way, pair=look.pair, size=look.size, trouble=trouble_of(look, usual=quick)) for look in looks
    ]
    ill = {frozenset((look.way.node, look.way.peer)) for look in named if look.way.layer == "underlay" and look.trouble}
    return [
        look for look in named if look.way.layer == "underlay" or frozenset((look.way.node, look.way.peer)) not in ill
    ]


def trouble_of(look: Look, *, usual: Sequence[int]) -> str:
    """Return what is the matter with a way; empty if nothing."""
    if not look.pair.answered:
        return "silent"
    if look.pair.lost_permille >= LOST_PERMILLE:
        return "lossy"
    if look.pair.median_us >= max(LATE_US, LATE_TIMES * round(statistics.median(usual)) if usual else 0):
        return "late"
    return "narrow" if look.size and look.size.failed and not look.size.told else ""


def blamed(ill: Sequence[Look], all_of_layer: Sequence[Look], measured: Measured, scope: Scope) -> list[NodeTrouble]:
    """Return the fewest Nodes that together lie on all ways in trouble, the one with most of them first."""
    left, found = list(ill), []
    while left:
        ranks = {
            end: rank(end, left, all_of_layer, measured, scope)
            for end in sorted({end for look in left for end in (look.way.node, look.way.peer)})
        }
        best, *others = sorted(ranks, key=lambda end: ranks[end], reverse=True)
        own = [look for look in left if best in (look.way.node, look.way.peer)]
        # Ways to the Nodes of the path are the ones to tell of.
        own.sort(key=lambda look: not {look.way.node, look.way.peer} & set(scope.nodes))
        left = [look for look in left if look not in own]
        # Ways that all end at the API server say something of it, and of no Node.
        if best != API_SERVER:
            equal = next((end for end in others if ranks[end][:3] == ranks[best][:3] and end != API_SERVER), "")
            found.append(trouble_fact(best, equal, own, all_of_layer, measured))
    return found


def rank(
    end: str, ill: Sequence[Look], all_of_layer: Sequence[Look], measured: Measured, scope: Scope
) -> tuple[int, int, bool, bool]:
    """Return how much speaks for an end: ways in trouble, how few are well, that nothing arrives, that it is meant."""
    own = sum(end in (look.way.node, look.way.peer) for look in ill)
    well = sum(end in (look.way.node, look.way.peer) and not look.trouble for look in all_of_layer)
    return own, -well, own > 0 and is_marked(measured, end, ill[0].trouble), end in scope.target_nodes


def is_marked(measured: Measured, node: str, trouble: str) -> bool:
    """Tell whether a Node's own counters speak of the trouble."""
    outer = [fact for fact in interfaces(measured, node) if fact.role in ("uplink", "overlay")]
    match trouble:
        case "silent":
            return not receives(measured, node)
        case "lossy":
            return any(fact.rx_dropped + fact.tx_dropped >= FEWEST_DROPS for fact in outer)
        case "narrow":
            return any(fact.tx_dropped for fact in outer)
    return False


def trouble_fact(
    node: str, other: str, own: Sequence[Look], all_of_layer: Sequence[Look], measured: Measured
) -> NodeTrouble:
    """Return what is the matter at one Node."""
    well = [look.pair.median_us for look in all_of_layer if not look.trouble and look.pair.median_us]
    tried, lost = sum(look.pair.tried for look in own), sum(look.pair.lost for look in own)
    answered = [look.pair.median_us for look in own if look.pair.median_us]
    narrow = [look.size for look in own if look.trouble == "narrow" and look.size]
    worst = min(narrow, key=lambda size: size.passed, default=None)
    ends = {(look.way.node, look.way.peer) for look in own}
    return NodeTrouble(
        node=node,
        other=other,
        layer=own[0].way.layer,
        trouble=own[0].trouble,
        ways=len(own),
        example=f"{own[0].way.node} to {own[0].way.peer}",
        lost_percent=lost * 100 // tried,
        rtt_ms=round(statistics.median(answered) / 1000) if answered else 0,
        usual_rtt_us=round(statistics.median(well)) if well else 0,
        expected_mtu=worst.expected if worst else 0,
        passed_mtu=worst.passed if worst else 0,
        routes_right=all(is_right(peer) for peer in measured.peers if {(peer.node, peer.peer)} & both_ways(ends)),
        receives=receives(measured, node),
        tunnel_port=tunnel_port(measured, node),
        source="; ".join(dict.fromkeys(look.pair.source for look in own[:2])),
    )


def both_ways(ends: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return pairs of ends and their reverse."""
    return {way for one, other in ends for way in ((one, other), (other, one))}


def is_right(peer: NodePeer) -> bool:
    """Tell whether a Node would send to the Pods of another as it should."""
    return peer.routed and peer.device_up and peer.tunnel_end_is_peer and not peer.peer_mac_known_wrong


def receives(measured: Measured, node: str) -> bool:
    """Tell whether anything came out of a Node's tunnel in the window; True where it has none, or nobody looked."""
    tunnels = [
        fact
        for fact in interfaces(measured, node)
        if fact.role == "overlay" and fact.device_type == "vxlan" and fact.up
    ]
    return any(fact.rx_packets for fact in tunnels) or not tunnels


def interfaces(measured: Measured, node: str) -> list[NodeInterface]:
    """Return the interfaces of a Node."""
    sample = measured.samples.get(node)
    if not isinstance(sample, Sample):
        return []
    return [fact for fact in interfaces_of(sample) if isinstance(fact, NodeInterface)]


def tunnel_port(measured: Measured, node: str) -> int:
    """Return the UDP port of a Node's VXLAN device."""
    sample = measured.samples.get(node)
    links = sample.last(sample.series.links) if isinstance(sample, Sample) else ()
    return next((link.vxlan.port for link in links if link.vxlan), 0)
