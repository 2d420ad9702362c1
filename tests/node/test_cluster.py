"""The node helper on a real cluster: faults of a Node show in the facts, and are gone when the fault is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.live import LiveCluster
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.history import ConntrackHistory, DropCorrelation, DropHistory, StealHistory
from bot.facts.kernel import NodeIp, NodePeer, NodeSettings
from bot.facts.mtu import NodeMtu, OverlayMtu
from bot.facts.node import NodeConntrack, NodeCpu, NodeInterface, NodeSoftnet
from bot.facts.scope import Scope
from bot.node import client
from bot.node.requests import recall_request, target
from bot.probes.history import conntrack_history, drop_correlation, drop_history, steal_history
from bot.probes.kernel import node_ip
from bot.probes.mtu import node_mtu, overlay_mtu
from bot.probes.node import must, node_conntrack, node_cpu, node_interface, node_softnet
from bot.probes.peer import node_peer
from bot.probes.probe import Probe
from bot.probes.sysctl import node_settings
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

NODE = "node2"
NODE_IP, OVERLAY_IP = "10.231.0.12", "10.244.2.0"
BUSY_PACKETS = 80
"""In a window of 3 s with 50 a second, a third of them lost at worst."""
STRAY_FRAMES = 2
"""Of protocols a Node does not know; they count as drops."""
F = TypeVar("F", bound=Fact)


async def observed(live: Cluster, probe: Probe, of: type[F], *, tries: int = 1) -> list[F]:
    """Return the facts of one kind; an ``Unknown`` in all tries is a failure here."""
    facts: list[Fact] = []
    for _ in range(tries):
        facts = await probe.observe(live, Scope(named_nodes=(NODE,)))
        if all(isinstance(fact, of) for fact in facts):
            break

    assert {fact.kind for fact in facts} == {of.kind}, facts
    return [fact for fact in facts if isinstance(fact, of)]


@asynccontextmanager
async def pinging(bed: TestBed, node: str, *words: str) -> AsyncIterator[asyncio.Task[str]]:
    """Ping, answered or not, all through the block and for longer."""
    ping = asyncio.create_task(asyncio.to_thread(bed.exec, node, "sh", "-c", f"ping -q {' '.join(words)} || true"))
    try:
        yield ping
    finally:
        await ping


async def uplink_under_traffic(bed: TestBed, live: LiveCluster) -> NodeInterface:
    """Look while there are 50 packets a second through the overlay to the node; on a busy machine they begin late."""
    async with pinging(bed, "node1", "-i 0.02 -c 500", OVERLAY_IP) as ping:
        while True:
            found = await observed(live, node_interface, NodeInterface)
            [uplink] = [fact for fact in found if fact.role == "uplink"]
            if uplink.rx_packets >= BUSY_PACKETS or ping.done():
                return uplink


async def test_drops_show_on_the_uplink_and_are_gone_afterwards(helpers: TestBed, live: LiveCluster) -> None:
    with helpers.fault("rx-drops", NODE, "percent=30"):
        ill = await uplink_under_traffic(helpers, live)
    well = await uplink_under_traffic(helpers, live)

    assert ill.rx_dropped >= 10
    assert ill.rx_dropped_ppm >= 10_000
    assert well.rx_packets >= BUSY_PACKETS
    assert well.rx_dropped <= STRAY_FRAMES


async def test_drops_show_on_a_way_that_nobody_uses(helpers: TestBed, live: LiveCluster) -> None:
    """The helpers' own packets to each other are enough."""
    with helpers.fault("rx-drops", NODE, "percent=50"):
        found = await node_interface.observe(live, Scope(named_nodes=("node1", NODE)))

    [uplink] = [
        fact for fact in found if isinstance(fact, NodeInterface) and (fact.node, fact.role) == (NODE, "uplink")
    ]
    assert uplink.rx_dropped >= 5


async def conntrack_under_connects(live: LiveCluster) -> NodeConntrack:
    # A request to the Node's helper may itself be lost in a full table: the diagnosis says so, the test asks again.
    for _ in range(3):
        connects = client.connects(live, {"node1": [target(NODE_IP, 20_000 + n) for n in range(64)]})
        facts, _found = await asyncio.gather(node_conntrack.observe(live, Scope(named_nodes=(NODE,))), connects)
        if isinstance(facts[0], NodeConntrack):
            return facts[0]
    raise AssertionError(facts)


async def quiet_table(live: LiveCluster, node: str) -> int:
    """Return how many connections a Node knows, once those of earlier tests have mostly been forgotten."""
    # Closed connections stay for nf_conntrack_tcp_timeout_time_wait, 120 s.
    async with asyncio.timeout(180):
        while True:
            [fact] = await node_conntrack.observe(live, Scope(named_nodes=(node,)))
            assert isinstance(fact, NodeConntrack)
            if fact.entries <= 1800:
                return fact.entries
            await asyncio.sleep(10)


async def test_a_full_connection_table_shows_and_is_gone_afterwards(helpers: TestBed, live: LiveCluster) -> None:
    # All nodes share the maximum; the others must have room below it, and a large table takes too long to fill.
    entries = await quiet_table(live, "node1")
    with helpers.fault("conntrack-full", NODE, f"max={max(1500, 3 * entries)}"):
        ill = await conntrack_under_connects(live)
    well = await conntrack_under_connects(live)

    assert ill.used_permille >= 990
    assert ill.table_full_drops > 0
    assert well.used_permille < 500
    assert well.table_full_drops == 0


async def test_steal_shows_and_is_gone_afterwards(helpers: TestBed, live: LiveCluster) -> None:
    with helpers.fault("cpu-steal", NODE, "percent=30"):
        [ill] = await observed(live, node_cpu, NodeCpu)
    # The copy of /proc/stat stands still for a moment before it goes.
    [well] = await observed(live, node_cpu, NodeCpu, tries=3)

    assert 250 <= ill.steal_permille <= 350
    assert well.steal_permille < 100


async def test_an_overlay_device_that_is_down_shows(helpers: TestBed, live: LiveCluster) -> None:
    with helpers.fault("vxlan-down", NODE):
        ill = await observed(live, node_interface, NodeInterface)
    well = await observed(live, node_interface, NodeInterface)

    assert [fact.up for fact in ill if fact.role == "overlay"] == [False]
    assert [fact.up for fact in well if fact.role == "overlay"] == [True]


async def way_to_peer(live: LiveCluster) -> NodePeer:
    facts = await node_peer.observe(live, Scope(named_nodes=(NODE, "node1")))
    [fact] = [fact for fact in facts if isinstance(fact, NodePeer) and fact.node == NODE]
    return fact


async def test_a_missing_route_shows_and_is_back_afterwards(helpers: TestBed, live: LiveCluster) -> None:
    with helpers.fault("route-missing", NODE):
        ill = await way_to_peer(live)
    well = await way_to_peer(live)

    assert (ill.routed, ill.device) == (False, "eth0")
    assert (well.routed, well.device) == (True, "flannel.1")


@pytest.mark.parametrize("entry", ["fdb", "neigh", "arp"])
async def test_a_stale_entry_shows_and_is_gone_afterwards(helpers: TestBed, live: LiveCluster, entry: str) -> None:
    with helpers.fault("arp-stale", NODE, f"entry={entry}"):
        ill = await way_to_peer(live)
    well = await way_to_peer(live)

    assert (ill.tunnel_end_is_peer, ill.peer_mac_known_wrong) == (entry == "arp", entry == "arp")
    assert (well.tunnel_end_is_peer, well.peer_mac_known_wrong) == (True, False)


async def filtered(bed: TestBed, live: LiveCluster) -> tuple[NodeIp, NodeSettings]:
    async with pinging(bed, NODE, "-i 0.1 -c 80 -W 1 -I 10.244.2.0 10.244.1.1") as ping:
        while True:
            [ip] = await observed(live, node_ip, NodeIp)
            if ip.reverse_path_filtered or ping.done():
                break
    [settings] = await observed(live, node_settings, NodeSettings)
    return ip, settings


async def test_reverse_path_filtering_shows_and_is_gone_afterwards(helpers: TestBed, live: LiveCluster) -> None:
    with helpers.fault("rp-filter", NODE):
        ill = await filtered(helpers, live)
    well = await filtered(helpers, live)

    assert "flannel.1" in ill[1].strict_interfaces
    assert ill[0].reverse_path_filtered > 0
    assert (well[0].reverse_path_filtered, well[1].strict_interfaces) == (0, "")


class LastMinute(CachedCluster):
    """Flight recorders that remember no more: what was dropped in other tests did not come with steal."""

    async def ask_helper(self, node: str, request: tuple[str, ...], *, timeout_seconds: float = 15.0) -> bytes:
        asked = recall_request(oldest=60) if request == recall_request() else request
        return await super().ask_helper(node, asked, timeout_seconds=timeout_seconds)


async def test_drops_that_came_with_steal_are_told_after_they_are_over(helpers: TestBed, live: LiveCluster) -> None:
    ping = asyncio.to_thread(helpers.exec, "node1", "sh", "-c", f"ping -q -i 0.05 -c 700 {OVERLAY_IP} || true")
    with helpers.fault("noisy-neighbour", NODE, "steal=40", "drops=30", "burst=5", "calm=7"):
        await ping
    lately = LastMinute(live)
    drops = await observed(lately, drop_history, DropHistory)
    [steal] = await observed(lately, steal_history, StealHistory)
    correlations = await observed(lately, drop_correlation, DropCorrelation)
    [conntrack] = await observed(lately, conntrack_history, ConntrackHistory)

    [uplink] = [fact for fact in drops if fact.interface == "eth0"]
    [correlation] = [fact for fact in correlations if (fact.interface, fact.signal) == ("eth0", "steal")]
    assert uplink.dropped >= 10
    assert steal.worst_steal_permille >= 300
    assert correlation.correlation_permille >= 500
    assert correlation.signal_with_drops_permille > correlation.signal_without_drops_permille
    assert 0 < conntrack.peak_entries <= conntrack.max_entries


async def test_packet_sizes_are_as_the_nodes_are_set_up(live: LiveCluster) -> None:
    [overlay] = await observed(live, overlay_mtu, OverlayMtu)
    nodes = await observed(live, node_mtu, NodeMtu)

    assert (overlay.overlay, overlay.encapsulation, overlay.overlay_mtu) == ("flannel.1", "vxlan", 1450)
    assert (overlay.uplink, overlay.uplink_mtu, overlay.excess) == ("eth0", 1500, 0)
    assert [(fact.node, fact.mtu, fact.deviation) for fact in nodes] == [(NODE, 1500, 0), ("node1", 1500, 0)]


async def test_every_cpu_processes_packets(live: LiveCluster) -> None:
    [fact] = await observed(live, node_softnet, NodeSoftnet)

    assert fact.processed > 0
    assert fact.window_ms >= 2500


async def test_open_refused_and_silent_are_told_apart(live: LiveCluster) -> None:
    kubelet, closed, nobody = target(NODE_IP, 10250), target(NODE_IP, 9), target("10.231.0.99", 80)

    found = must((await client.connects(live, {"node1": [kubelet, closed, nobody]}))["node1"])

    assert {text: answer.result for text, answer in found.items()} == {
        kubelet: "open",
        closed: "refused",
        nobody: "silent",
    }
