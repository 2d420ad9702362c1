"""A helper's sample to facts. Pure; what a sample does not hold is raised as the error that says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bot.cluster.errors import Malformed
from bot.facts.base import Fact
from bot.facts.node import NodeConntrack, NodeCpu, NodeInterface, NodeSoftnet
from bot.node.collector.proc import CPU_COLUMNS, NET_DEV_COLUMNS
from bot.node.growth import grown, time_shares
from bot.node.roles import is_up, roles
from bot.node.sampled import ConntrackCpu, Sample, Series

T = TypeVar("T")

PERMILLE, PPM = 1000, 1_000_000
COUNTER_BITS = 32
"""Width of the counters in softnet_stat and nf_conntrack."""


def growth_in(
    readings: Sequence[tuple[int, Mapping[str, Sequence[int]]]], name: str, column: int, *, bits: int = 64
) -> int:
    """Return the growth of one counter of one interface or CPU, from the first reading that has it."""
    return grown([rows[name][column] for _, rows in readings if name in rows], bits=bits)


def interfaces_of(sample: Sample) -> list[Fact]:
    """Return the interfaces that were there during the window."""
    series = sample.series
    links, addresses = sample.last(series.links), sample.last(series.addresses)
    role = roles(links, addresses, sample.host_ip)
    readings = sample.all(series.net_dev)
    last = readings[-1][1]
    found: list[Fact] = []
    for link in links:
        seen = [(at, rows) for at, rows in readings if link.name in rows]
        if link.name not in last or len(seen) < 2:  # noqa: PLR2004 - growth needs two looks
            continue
        growth = {name: growth_in(seen, link.name, column) for column, name in enumerate(NET_DEV_COLUMNS)}
        found.append(
            NodeInterface(
                node=sample.node,
                name=link.name,
                role=role[link.name],
                device_type=link.kind,
                mtu=link.mtu,
                up=is_up(link),
                window_ms=seen[-1][0] - seen[0][0],
                rx_packets=growth["rx_packets"],
                tx_packets=growth["tx_packets"],
                rx_dropped=growth["rx_drop"],
                tx_dropped=growth["tx_drop"],
                rx_errors=growth["rx_errs"],
                tx_errors=growth["tx_errs"],
                rx_dropped_ppm=share(growth["rx_drop"], growth["rx_packets"] + growth["rx_drop"], PPM),
                tx_dropped_ppm=share(growth["tx_drop"], growth["tx_packets"] + growth["tx_drop"], PPM),
                errors_ppm=max(
                    share(growth[f"{way}_errs"], growth[f"{way}_packets"] + growth[f"{way}_errs"], PPM)
                    for way in ("rx", "tx")
                ),
                **provenance(sample, series.net_dev),
            )
        )
    return found


def conntrack_of(sample: Sample) -> list[Fact]:
    """Return fill and losses of the table."""
    series = sample.series
    entries, maximum = sample.last(series.conntrack_count), sample.last(series.conntrack_max)
    readings = sample.all(series.conntrack_stat)
    cpus = min(len(rows) for _, rows in readings)

    def lost(count: Callable[[ConntrackCpu], int]) -> int:
        return sum(grown([count(rows[cpu]) for _, rows in readings], bits=COUNTER_BITS) for cpu in range(cpus))

    dropped, early_dropped = lost(lambda cpu: cpu.drop), lost(lambda cpu: cpu.early_drop)
    buckets = [reading.value for reading in series.conntrack_buckets.readings if isinstance(reading.value, int)]
    return [
        NodeConntrack(
            node=sample.node,
            entries=entries,
            max_entries=maximum,
            used_permille=share(entries, maximum, PERMILLE),
            window_ms=readings[-1][0] - readings[0][0],
            insert_failed=lost(lambda cpu: cpu.insert_failed),
            dropped=dropped,
            early_dropped=early_dropped,
            table_full_drops=dropped + early_dropped,
            invalid=lost(lambda cpu: cpu.invalid),
            buckets=buckets[-1] if buckets else 0,
            **provenance(sample, series.conntrack_count),
        )
    ]


def cpu_of(sample: Sample) -> list[Fact]:
    """Return the shares of the CPUs' time."""
    readings = sample.all(sample.series.stat)
    everything = [(at, rows["cpu"]) for at, rows in readings if "cpu" in rows]
    ticks, window_ms = time_shares(everything, CPU_COLUMNS)
    total = sum(ticks.values())
    if not total:
        raise Malformed(f"{sample.where(sample.series.stat)}: the CPUs' time does not go on")
    softirq = {cpu: softirq_permille(readings, cpu) for cpu in readings[-1][1] if cpu != "cpu"}
    cpus = len(readings[-1][1]) - 1
    running = min((one.value for one in sample.series.running.readings if isinstance(one.value, int)), default=0)
    busiest = max(softirq, key=lambda cpu: softirq[cpu], default="cpu0")
    return [
        NodeCpu(
            node=sample.node,
            cpus=cpus,
            window_ms=window_ms,
            steal_permille=share(ticks["steal"], total, PERMILLE),
            softirq_permille=share(ticks["softirq"], total, PERMILLE),
            idle_permille=share(ticks["idle"] + ticks["iowait"], total, PERMILLE),
            busiest_softirq_permille=softirq.get(busiest, 0),
            busiest_softirq_cpu=busiest,
            running=running,
            running_per_cpu_permille=share(running, cpus, PERMILLE),
            **provenance(sample, sample.series.stat),
        )
    ]


def softirq_permille(readings: Sequence[tuple[int, Mapping[str, Sequence[int]]]], cpu: str) -> int:
    """Return the share of one CPU's time that went into soft interrupts, which receive packets."""
    ticks, _window_ms = time_shares([(at, rows[cpu]) for at, rows in readings if cpu in rows], CPU_COLUMNS)
    return share(ticks["softirq"], sum(ticks.values()), PERMILLE)


def softnet_of(sample: Sample) -> list[Fact]:
    """Return what all CPUs together processed, dropped, and left for the next round."""
    series = sample.series
    readings = sample.all(series.softnet)
    grew = {
        cpu: [growth_in(readings, cpu, column, bits=COUNTER_BITS) for column in range(3)] for cpu in readings[-1][1]
    }
    worst = max(grew, key=lambda cpu: grew[cpu][1])
    backlog = [reading.value for reading in series.max_backlog.readings if isinstance(reading.value, int)]
    return [
        NodeSoftnet(
            node=sample.node,
            window_ms=readings[-1][0] - readings[0][0],
            processed=sum(counts[0] for counts in grew.values()),
            dropped=sum(counts[1] for counts in grew.values()),
            time_squeezed=sum(counts[2] for counts in grew.values()),
            worst_cpu=int(worst) if grew[worst][1] else 0,
            max_backlog=backlog[-1] if backlog else 0,
            **provenance(sample, series.softnet),
        )
    ]


def share(part: int, whole: int, scale: int) -> int:
    """Return part of whole, scaled; 0 where there is no whole."""
    return part * scale // whole if whole else 0


def provenance(sample: Sample, series: Series[T]) -> dict[str, str]:
    """Return where and when the values of a fact were read."""
    return {"source": sample.where(series), "at": sample.when(series)}
