"""Nodes: what became of their packets and connections, and how long tasks waited."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.cluster.errors import Absent, Malformed
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.kernel import NodeIp, NodePressure, NodeTcp, NodeUdp
from bot.facts.platform import NodeXfrm
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.node.growth import grown
from bot.node.sampled import Sample, Series
from bot.probes.counters import PERMILLE, PPM, provenance, share
from bot.probes.node import each_node
from bot.probes.probe import Unreadable, probe


@probe(NodeIp, reads=(Node,), helper=True)
async def node_ip(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count packets that led nowhere or were discarded over the window."""
    return await each_node(cluster, scope, NodeIp, ip_of, ask=samples)


@probe(NodeXfrm, reads=(Node,), helper=True)
async def node_xfrm(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count what IPsec dropped over the window."""
    return await each_node(cluster, scope, NodeXfrm, xfrm_of, ask=samples)


@probe(NodeTcp, reads=(Node,), helper=True)
async def node_tcp(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count what TCP sent again, reset or turned away over the window."""
    return await each_node(cluster, scope, NodeTcp, tcp_of, ask=samples)


@probe(NodeUdp, reads=(Node,), helper=True)
async def node_udp(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count what UDP could not deliver over the window."""
    return await each_node(cluster, scope, NodeUdp, udp_of, ask=samples)


@probe(NodePressure, reads=(Node,), helper=True)
async def node_pressure(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report the share of the window in which tasks waited."""
    return await each_node(cluster, scope, NodePressure, pressure_of, ask=samples)


class Growth:
    """How much the counters of one file grew."""

    def __init__(self, sample: Sample, series: Series[dict[str, int]]) -> None:
        """Take the readings; raises the error that says why there are none."""
        self._where = sample.where(series)
        self._readings = sample.all(series)
        self.window_ms = self._readings[-1][0] - self._readings[0][0]

    def __call__(self, name: str) -> int:
        """Return the growth of a counter that every kernel has."""
        if name not in self._readings[-1][1]:
            raise Malformed(f"{self._where}: {name} is not in it")
        return self.of(name)

    def of(self, name: str) -> int:
        """Return the growth of a counter; 0 for one that this kernel does not count."""
        return grown([counters[name] for _, counters in self._readings if name in counters])


def optional(sample: Sample, series: Series[dict[str, int]]) -> Callable[[str], int]:
    """Return the growth of counters of IPv6; of a kernel without it, nothing grows."""
    try:
        return Growth(sample, series)
    except Absent:
        return lambda _: 0


def ip_of(sample: Sample) -> list[Fact]:
    """Return what became of packets."""
    ip4, extra = Growth(sample, sample.series.snmp), Growth(sample, sample.series.netstat)
    ip6 = optional(sample, sample.series.snmp6)
    return [
        NodeIp(
            node=sample.node,
            window_ms=ip4.window_ms,
            received=ip4("Ip.InReceives") + ip6("Ip6InReceives"),
            forwarded=ip4("Ip.ForwDatagrams") + ip6("Ip6OutForwDatagrams"),
            in_no_routes=extra("IpExt.InNoRoutes") + ip6("Ip6InNoRoutes"),
            out_no_routes=ip4("Ip.OutNoRoutes") + ip6("Ip6OutNoRoutes"),
            address_errors=ip4("Ip.InAddrErrors") + ip6("Ip6InAddrErrors"),
            expired=ip4.of("Ip.InHdrErrors"),
            reverse_path_filtered=extra("TcpExt.IPReversePathFilter"),
            discarded=sum(ip4(f"Ip.{way}Discards") + ip6(f"Ip6{way}Discards") for way in ("In", "Out")),
            fragmentation_failed=ip4("Ip.FragFails") + ip6("Ip6FragFails"),
            reassembly_failed=ip4("Ip.ReasmFails") + ip6("Ip6ReasmFails"),
            **provenance(sample, sample.series.snmp),
        )
    ]


def xfrm_of(sample: Sample) -> list[Fact]:
    """Return what IPsec dropped, and mostly why."""
    series = sample.series
    readings = sample.all(series.xfrm)
    first = readings[0][1]
    grew = {name: grown([found[name] for _, found in readings if name in found]) for name in readings[-1][1]}
    most = min(grew, key=lambda name: (-grew[name], name), default="")
    return [
        NodeXfrm(
            node=sample.node,
            window_ms=readings[-1][0] - readings[0][0],
            dropped=sum(grew.values()),
            reason=most if grew.get(most) else "",
            way=("sent" if most.startswith("XfrmOut") else "arriving") if grew.get(most) else "",
            dropped_before=sum(first.values()),
            **provenance(sample, series.xfrm),
        )
    ]


def tcp_of(sample: Sample) -> list[Fact]:
    """Return how connections fare."""
    tcp, extra = Growth(sample, sample.series.snmp), Growth(sample, sample.series.netstat)
    sockets = sample.last(sample.series.sockstat)
    if "TCP.tw" not in sockets:
        raise Malformed(f"{sample.where(sample.series.sockstat)}: TCP is not in it")
    sent, resent = tcp("Tcp.OutSegs"), tcp("Tcp.RetransSegs")
    return [
        NodeTcp(
            node=sample.node,
            window_ms=tcp.window_ms,
            sent_segments=sent,
            resent_segments=resent,
            resent_ppm=share(resent, sent, PPM),
            resent_syns=extra("TcpExt.TCPSynRetrans"),
            timeouts=extra("TcpExt.TCPTimeouts"),
            listen_overflows=extra("TcpExt.ListenOverflows"),
            listen_drops=extra("TcpExt.ListenDrops"),
            sent_resets=tcp("Tcp.OutRsts"),
            reset_connections=tcp("Tcp.EstabResets"),
            failed_connects=tcp("Tcp.AttemptFails"),
            timed_out_connections=extra("TcpExt.TCPAbortOnTimeout"),
            memory_pressures=extra("TcpExt.TCPMemoryPressures"),
            backlog_drops=extra("TcpExt.TCPBacklogDrop"),
            packet_size_failures=extra.of("TcpExt.TCPMTUPFail"),
            time_wait=sockets["TCP.tw"],
            **provenance(sample, sample.series.snmp),
        )
    ]


def udp_of(sample: Sample) -> list[Fact]:
    """Return how datagrams fare."""
    udp, udp6 = Growth(sample, sample.series.snmp), optional(sample, sample.series.snmp6)

    def both(name: str) -> int:
        return udp(f"Udp.{name}") + udp6(f"Udp6{name}")

    return [
        NodeUdp(
            node=sample.node,
            window_ms=udp.window_ms,
            received=both("InDatagrams"),
            without_listener=both("NoPorts"),
            receive_buffer_errors=both("RcvbufErrors"),
            send_buffer_errors=both("SndbufErrors"),
            errors=both("InErrors"),
            checksum_errors=udp.of("Udp.InCsumErrors"),
            **provenance(sample, sample.series.snmp),
        )
    ]


def pressure_of(sample: Sample) -> list[Fact]:
    """Return the shares of time; counters are microseconds."""
    series = sample.series
    cpu, memory = Growth(sample, series.cpu_pressure), Growth(sample, series.memory_pressure)
    disk = optional(sample, series.io_pressure)
    return [
        NodePressure(
            node=sample.node,
            window_ms=cpu.window_ms,
            cpu_permille=share(cpu("some"), cpu.window_ms * 1000, PERMILLE),
            memory_permille=share(memory("some"), memory.window_ms * 1000, PERMILLE),
            io_permille=share(disk("some"), cpu.window_ms * 1000, PERMILLE),
            **provenance(sample, sample.series.cpu_pressure),
        )
    ]
