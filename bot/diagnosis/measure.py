"""From facts to what was measured: every way between Nodes, and the recordings that facts were made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.diagnosis.measurements import Recording, Series, Way
from bot.facts.base import Fact
from bot.facts.history import DropHistory, StealHistory
from bot.facts.ways import NodePair
from bot.node.client import histories
from bot.node.recording import History
from bot.probes.counters import PERMILLE, share
from bot.probes.history import dropped_in, shares

BIN_SECONDS = 5
"""Fifteen minutes make 180 points, as many as a picture has room for (ours)."""
MOST_INTERFACES = 3
"""Of a Node, those that dropped most."""
ZONE = "topology.kubernetes.io/zone"


async def ways_of(cluster: Cluster, facts: Iterable[Fact]) -> tuple[Way, ...]:
    """Return the ways that were measured, with the zones of their ends where these may be read."""
    pairs = [fact for fact in facts if isinstance(fact, NodePair)]
    try:
        nodes = await cluster.list(Node) if pairs else []
    except ClusterError:
        nodes = []
    zones = {node.metadata.name: node.metadata.labels.get(ZONE, "") for node in nodes}
    return tuple(
        Way(
            node=pair.node,
            zone=zones.get(pair.node, ""),
            peer=pair.peer,
            peer_zone=zones.get(pair.peer, ""),
            layer=pair.layer,
            tried=pair.tried,
            lost=pair.lost,
            median_us=pair.median_us,
            worst_us=pair.worst_us,
        )
        for pair in pairs
    )


async def recordings_of(cluster: Cluster, facts: Iterable[Fact]) -> tuple[Recording, ...]:
    """Return the recordings that facts were made from; they were read for these, and are not read again."""
    nodes = dict.fromkeys(fact.node for fact in facts if isinstance(fact, DropHistory | StealHistory))
    answers = await histories(cluster, nodes)
    return tuple(recording_of(found) for found in answers.values() if isinstance(found, History))


def recording_of(history: History) -> Recording:
    """Return the series of one Node: what was recorded of it."""
    found: list[Series] = []
    for name, signal in {"steal": "steal", "softirq": "softirq", "CPU pressure": "cpu_pressure"}.items():
        try:
            found.append(series(name, "permille", shares(history, signal)))
        except ClusterError:
            continue
    found += [series(f"drops on {name}", "packets", drops) for name, drops in worst_drops(history)]
    try:
        sent, again = history.steps("tcp.OutSegs"), history.steps("tcp.RetransSegs")
        resent = {age: share(again[age], count, PERMILLE) for age, count in sent.items() if age in again}
        found.append(series("resent TCP segments", "permille", resent))
    except ClusterError:
        pass
    return Recording(node=history.node, at=history.at, series=tuple(found))


def worst_drops(history: History) -> Sequence[tuple[str, Mapping[int, int]]]:
    """Return the drops of the interfaces that dropped most, the worst first; of the first one if none did."""
    found: dict[str, Mapping[int, int]] = {}
    for interface in history.interfaces:
        try:
            found[interface] = dropped_in(history, interface)
        except ClusterError:
            continue
    ordered = sorted(found.items(), key=lambda each: -sum(each[1].values()))
    dropping = [each for each in ordered if any(each[1].values())]
    return dropping[:MOST_INTERFACES] or ordered[:1]


def series(name: str, unit: str, steps: Mapping[int, int]) -> Series:
    """Return steps of a second or so, by age in milliseconds, as steps of five seconds."""
    bins: dict[int, list[int]] = {}
    for age, value in steps.items():
        bins.setdefault(age // 1000 // BIN_SECONDS * BIN_SECONDS, []).append(value)
    ages = sorted(bins, reverse=True)
    values = (sum(bins[age]) if unit == "packets" else sum(bins[age]) // len(bins[age]) for age in ages)
    return Series(name=name, unit=unit, seconds_ago=tuple(ages), values=tuple(values))
