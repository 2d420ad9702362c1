"""Nodes: what their flight recorders hold of the last minutes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping

from bot.cluster.errors import Absent
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.history import ConntrackHistory, DropCorrelation, DropHistory, LossHistory, StealHistory
from bot.facts.scope import Scope
from bot.node.client import histories
from bot.node.recording import COUNTER_BITS, FEWEST_STEPS, History
from bot.probes.counters import PERMILLE, share
from bot.probes.node import each_node
from bot.probes.probe import Unreadable, probe

STEAL_PERMILLE = 100
"""awesome-prometheus-alerts, host CPU steal: above 10 %."""

PRESSURES = ("cpu", "memory", "io")
LOSSES = {
    "backlog": ("softnet.dropped", COUNTER_BITS),
    "conntrack": ("conntrack.lost", COUNTER_BITS),
    "insert": ("conntrack.insert_failed", COUNTER_BITS),
    "listen": ("tcpext.listenoverflows", 64),
    "datagrams": ("udp.rcvbuferrors", 64),
    "no_route": ("ip.outnoroutes", 64),
    "reverse_path": ("tcpext.ipreversepathfilter", 64),
    "segments": ("tcp.retranssegs", 64),
}
"""What :class:`LossHistory` tells of, where it is recorded, and how wide the counter is."""


@probe(DropHistory, reads=(Node,), helper=True)
async def drop_history(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report when each interface dropped packets."""
    return await each_node(cluster, scope, DropHistory, drops_of, ask=histories)


@probe(LossHistory, reads=(Node,), helper=True)
async def loss_history(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report when each Node lost what no counter of an interface shows."""
    return await each_node(cluster, scope, LossHistory, losses_of, ask=histories)


@probe(StealHistory, reads=(Node,), helper=True)
async def steal_history(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report when CPU time was withheld."""
    return await each_node(cluster, scope, StealHistory, steal_of, ask=histories)


@probe(ConntrackHistory, reads=(Node,), helper=True)
async def conntrack_history(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report how full the connection table was."""
    return await each_node(cluster, scope, ConntrackHistory, conntrack_of, ask=histories)


@probe(DropCorrelation, reads=(Node,), helper=True)
async def drop_correlation(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report whether drops came with steal, softirq or CPU pressure."""
    return await each_node(cluster, scope, DropCorrelation, correlations_of, ask=histories)


def dropped_in(history: History, interface: str) -> dict[int, int]:
    """Return the packets dropped in each step, either way."""
    sent = history.steps(f"net.{interface}.tx_drop")
    return {age: count + sent.get(age, 0) for age, count in history.steps(f"net.{interface}.rx_drop").items()}


def drops_of(history: History) -> list[Fact]:
    """Return the drops of each interface."""
    found: list[Fact] = []
    for interface in watched(history):
        steps = dropped_in(history, interface)
        ages = [age for age, count in steps.items() if count]
        found.append(
            DropHistory(
                node=history.node,
                interface=interface,
                seconds=history.seconds,
                steps=len(steps),
                dropped=sum(steps.values()),
                steps_with_drops=len(ages),
                first_seconds_ago=max(ages, default=0) // 1000,
                last_seconds_ago=min(ages, default=0) // 1000,
                worst_step_dropped=max(steps.values(), default=0),
                source=history.source,
                at=history.at,
            )
        )
    return found


def losses_of(history: History) -> list[Fact]:
    """Return the losses that were recorded.

    Raises:
        Absent: None was; the helper is of an older netmedic, or the kernel counts none of them.
    """
    recorded = [what for what, (name, _) in LOSSES.items() if len(history.values_of(name)) > FEWEST_STEPS]
    if not recorded:
        raise Absent(f"the flight recorder on {history.node} has no losses{history.why}")
    found: list[Fact] = []
    for what in recorded:
        name, bits = LOSSES[what]
        steps = history.steps(name, bits=bits)
        ages = [age for age, count in steps.items() if count]
        found.append(
            LossHistory(
                node=history.node,
                what=what,
                seconds=history.seconds,
                steps=len(steps),
                lost=sum(steps.values()),
                steps_with_losses=len(ages),
                first_seconds_ago=max(ages, default=0) // 1000,
                last_seconds_ago=min(ages, default=0) // 1000,
                worst_step_lost=max(steps.values(), default=0),
                source=history.source,
                at=history.at,
            )
        )
    return found


def watched(history: History) -> list[str]:
    """Return the interfaces that were there long enough.

    Raises:
        Absent: None was recorded.
    """
    found = [name for name in history.interfaces if len(history.values_of(f"net.{name}.rx_drop")) > FEWEST_STEPS]
    if not found:
        raise Absent(f"the flight recorder on {history.node} has no interface{history.why}")
    return found


def steal_of(history: History) -> list[Fact]:
    """Return the steal of all CPUs."""
    steps = shares(history, "steal")
    worst = max(steps, key=lambda age: steps[age])
    return [
        StealHistory(
            node=history.node,
            seconds=history.seconds,
            steps=len(steps),
            steal_permille=sum(steps.values()) // len(steps),
            worst_steal_permille=steps[worst],
            worst_seconds_ago=worst // 1000 if steps[worst] else 0,
            steps_with_steal=sum(value >= STEAL_PERMILLE for value in steps.values()),
            source=history.source,
            at=history.at,
        )
    ]


def shares(history: History, signal: str) -> dict[int, int]:
    """Return what permille of each step's time a signal took.

    Raises:
        Absent: It was not recorded.
    """
    if signal.endswith("_pressure"):
        # Microseconds in steps of about a second.
        steps = history.steps(f"pressure.{signal.removesuffix('_pressure')}")
        return {age: min(us // 1000, PERMILLE) for age, us in steps.items()}
    ticks, of_all = history.steps(f"cpu.{signal}"), history.steps("cpu.all")
    # Where a file was replaced and time ran backwards, the part is more than the whole.
    found = {age: share(part, whole, PERMILLE) for age, whole in of_all.items() if (part := ticks.get(age, 0)) <= whole}
    if not found:
        raise Absent(f"the flight recorder on {history.node} has no step of cpu.{signal}")
    return found


def conntrack_of(history: History) -> list[Fact]:
    """Return the table at its fullest."""
    counts, limits = history.values("conntrack.count"), dict(history.values("conntrack.max"))
    lost = history.steps("conntrack.lost", bits=COUNTER_BITS)
    filled = {age: (share(count, limits[age], PERMILLE), count) for age, count in counts if age in limits}
    if not filled:
        raise Absent(f"the flight recorder on {history.node} has no look with both conntrack.count and conntrack.max")
    peak = max(filled, key=lambda age: filled[age])
    return [
        ConntrackHistory(
            node=history.node,
            seconds=history.seconds,
            steps=len(filled),
            peak_entries=filled[peak][1],
            max_entries=limits[peak],
            peak_permille=filled[peak][0],
            peak_seconds_ago=peak // 1000,
            lost=sum(lost.values()),
            source=history.source,
            at=history.at,
        )
    ]


def correlations_of(history: History) -> list[Fact]:
    """Return the correlations of each interface that dropped anything with each signal that was recorded."""
    signals = {name: shares(history, name) for name in ("steal", "softirq")}
    for what in PRESSURES:
        if history.values_of(f"pressure.{what}"):
            signals[f"{what}_pressure"] = shares(history, f"{what}_pressure")
    return [
        correlation(history, interface, name, signal)
        for interface in watched(history)
        if any(dropped_in(history, interface).values())
        for name, signal in signals.items()
    ]


def correlation(history: History, interface: str, name: str, signal: Mapping[int, int]) -> DropCorrelation:
    """Return the correlation of one interface's drops with one signal."""
    drops = dropped_in(history, interface)
    arrived, sent = (history.steps(f"net.{interface}.{way}_packets") for way in ("rx", "tx"))
    packets = {age: arrived.get(age, 0) + sent.get(age, 0) + count for age, count in drops.items()}
    ages = [age for age in drops if packets[age] and age in signal]
    ratios = [drops[age] / packets[age] for age in ages]
    levels = [signal[age] for age in ages]
    return DropCorrelation(
        node=history.node,
        interface=interface,
        signal=name,
        steps=len(ages),
        steps_with_drops=sum(ratio > 0 for ratio in ratios),
        correlation_permille=pearson_permille(ratios, levels),
        signal_with_drops_permille=mean([level for level, ratio in zip(levels, ratios, strict=True) if ratio]),
        signal_without_drops_permille=mean([level for level, ratio in zip(levels, ratios, strict=True) if not ratio]),
        source=history.source,
        at=history.at,
    )


def pearson_permille(one: list[float], other: list[int]) -> int:
    """Return Pearson's r, times 1000; 0 for too few samples, or where one of them stands still."""
    if len(one) < FEWEST_STEPS or len(set(one)) == 1 or len(set(other)) == 1:
        return 0
    return round(statistics.correlation(one, other) * PERMILLE)


def mean(values: list[int]) -> int:
    """Return the mean, 0 of none."""
    return sum(values) // len(values) if values else 0
