"""What a Node's kernel counts of IP, TCP and UDP, and how it is set."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Meta, Node
from bot.facts.base import Fact, Reason, Unknown
from bot.facts.kernel import NodeIp, NodeNeighbours, NodePressure, NodeSettings, NodeTcp, NodeUdp
from bot.facts.scope import Scope
from bot.node.collector.proc import IP6_COUNTERS, IP_COUNTERS
from bot.node.requests import sample_request
from bot.probes.kernel import node_ip, node_pressure, node_tcp, node_udp
from bot.probes.probe import Probe
from bot.probes.sysctl import node_neighbours, node_settings
from tests.node.samples import answer

SETTINGS = {"ipv4/ip_forward": "1", "core/somaxconn": "4096", "ipv4/ip_local_port_range": "32768 60999"}
ZERO = dict.fromkeys(IP_COUNTERS, 0)
ZERO6 = dict.fromkeys(IP6_COUNTERS, 0)


async def observe(probe: Probe, **series: Any) -> Fact:
    helper = Helper(pod="helper", answers={sample_request(): answer(series=series)})
    made = MemoryCluster([Node(metadata=Meta(name="node1"))], helpers={"node1": helper})
    [fact] = await probe.observe(made, Scope(cluster_wide=True))
    return fact


def growth(**counters: int) -> list[dict[str, int]]:
    named = {name.replace("__", "."): value for name, value in counters.items()}
    return [ZERO | dict.fromkeys(named, 100), ZERO | {name: 100 + value for name, value in named.items()}]


async def test_packets_of_both_families_are_counted_together() -> None:
    fact = await observe(
        node_ip,
        snmp=growth(Ip__InReceives=50, Ip__OutNoRoutes=1, Ip__InDiscards=2, Ip__OutDiscards=3, Ip__FragFails=4),
        netstat=growth(TcpExt__IPReversePathFilter=7, IpExt__InNoRoutes=5),
        snmp6=[ZERO6, ZERO6 | {"Ip6InReceives": 8, "Ip6InNoRoutes": 1}],
    )

    assert fact == NodeIp(
        node="node1",
        window_ms=500,
        received=58,
        forwarded=0,
        in_no_routes=6,
        out_no_routes=1,
        address_errors=0,
        expired=0,
        reverse_path_filtered=7,
        discarded=5,
        fragmentation_failed=4,
        reassembly_failed=0,
    )


async def test_a_node_without_ipv6_counts_ipv4_alone() -> None:
    fact = await observe(node_ip, snmp=growth(Ip__InReceives=50), netstat=growth(), snmp6="ENOENT: No such file")

    assert isinstance(fact, NodeIp)
    assert fact.received == 50


async def test_resent_segments_are_held_against_those_sent() -> None:
    fact = await observe(
        node_tcp,
        snmp=growth(Tcp__OutSegs=200, Tcp__RetransSegs=3, Tcp__OutRsts=1),
        netstat=growth(TcpExt__TCPSynRetrans=2, TcpExt__ListenOverflows=4, TcpExt__ListenDrops=5),
        sockstat=[{"TCP.tw": 9}],
    )

    assert isinstance(fact, NodeTcp)
    assert (fact.sent_segments, fact.resent_segments, fact.resent_ppm, fact.resent_syns) == (200, 3, 15_000, 2)
    assert (fact.listen_overflows, fact.listen_drops, fact.time_wait) == (4, 5, 9)


async def test_datagrams_that_could_not_be_delivered_are_counted() -> None:
    fact = await observe(node_udp, snmp=growth(Udp__InErrors=3, Udp__RcvbufErrors=2), snmp6=[ZERO6, ZERO6])

    assert fact == NodeUdp(
        node="node1",
        window_ms=500,
        received=0,
        without_listener=0,
        receive_buffer_errors=2,
        send_buffer_errors=0,
        errors=3,
        checksum_errors=0,
    )


async def test_a_counter_that_is_missing_is_unknown_and_not_zero() -> None:
    fact = await observe(node_udp, snmp=[{"Ip.InReceives": 1}, {"Ip.InReceives": 2}], snmp6=[ZERO6, ZERO6])

    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (Reason.MALFORMED, "node1:/proc/net/snmp: Udp.InDatagrams is not in it")


@pytest.mark.parametrize(
    ("filters", "strict"),
    [
        ({"all": "0", "eth0": "0"}, ""),
        ({"all": "0", "eth0": "1", "cni0": "1"}, "cni0, eth0"),
        ({"all": "1", "eth0": "0", "lo": "0"}, "eth0"),
        # The larger of the two counts: loose wins over strict.
        ({"all": "2", "eth0": "1"}, ""),
    ],
)
async def test_the_effective_reverse_path_filter_is_the_larger_of_two(filters: dict[str, str], strict: str) -> None:
    values = SETTINGS | {f"ipv4/conf/{name}/rp_filter": value for name, value in filters.items()}

    fact = await observe(node_settings, settings=[{"values": values, "missing": {}}], kernel=["6.1.0"])

    assert fact == NodeSettings(
        node="node1",
        kernel="6.1.0",
        ip_forward=True,
        ipv6_forward=False,
        bridge_calls_iptables="absent",
        bridge_calls_ip6tables="absent",
        strict_interfaces=strict,
        local_ports=28232,
        listen_queue=4096,
        ipvs_reuse_mode="absent",
        ipvs_expires_gone="absent",
    )


async def test_a_setting_that_cannot_be_read_is_named() -> None:
    values = {key: value for key, value in SETTINGS.items() if key != "core/somaxconn"}
    missing = {"core/somaxconn": "EACCES: Permission denied"}

    fact = await observe(node_settings, settings=[{"values": values, "missing": missing}], kernel=["6.1.0"])

    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (
        Reason.FORBIDDEN,
        "node1:/proc/sys/net/core/somaxconn: EACCES: Permission denied",
    )


async def test_neighbours_are_held_against_the_limit() -> None:
    values = {"ipv4/neigh/default/gc_thresh3": "4", "ipv4/neigh/default/gc_thresh2": "3"}
    entries = [
        {"index": 2, "ip": ip, "mac": "", "state": state}
        for ip, state in (
            ("10.0.0.1", "reachable"),
            ("10.0.0.2", "failed"),
            ("10.0.0.3", "stale"),
            ("fd00::1", "stale"),
        )
    ]

    fact = await observe(node_neighbours, settings=[{"values": values, "missing": {}}], neighbours=[entries])

    assert fact == NodeNeighbours(
        node="node1", family="ipv4", entries=3, failed=1, max_entries=4, used_permille=750, collected_above=3
    )


async def test_neighbours_of_ipv6_have_a_table_of_their_own() -> None:
    values = {"ipv4/neigh/default/gc_thresh3": "1024", "ipv6/neigh/default/gc_thresh3": "2"}
    entries = [{"index": 2, "ip": ip, "mac": "", "state": "reachable"} for ip in ("10.0.0.1", "fd00::1", "fd00::2")]
    helper = Helper(
        pod="helper",
        answers={
            sample_request(): answer(series={"settings": [{"values": values, "missing": {}}], "neighbours": [entries]})
        },
    )
    made = MemoryCluster([Node(metadata=Meta(name="node1"))], helpers={"node1": helper})

    found = await node_neighbours.observe(made, Scope(cluster_wide=True))

    assert [(fact.family, fact.entries, fact.used_permille) for fact in found if isinstance(fact, NodeNeighbours)] == [
        ("ipv4", 1, 0),
        ("ipv6", 2, 1000),
    ]


async def test_pressure_is_the_share_of_the_window() -> None:
    fact = await observe(
        node_pressure,
        cpu_pressure=[{"some": 1_000_000}, {"some": 1_125_000}],
        memory_pressure=[{"some": 0, "full": 0}, {"some": 0, "full": 0}],
        io_pressure=[{"some": 0, "full": 0}, {"some": 250_000, "full": 0}],
    )

    assert fact == NodePressure(node="node1", window_ms=500, cpu_permille=250, memory_permille=0, io_permille=500)
