"""What Nodes of a real cluster are made of: each value is there with where and when it was read, or a reason."""

from __future__ import annotations

import asyncio

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.live import LiveCluster
from bot.cluster.objects import Pod
from bot.facts.base import Fact, Reason, Unknown
from bot.facts.history import LossHistory
from bot.facts.kernel import NodePressure
from bot.facts.platform import ConntrackTimeouts, KernelModule, NodeClock, NodeTunnel
from bot.facts.scope import Scope, Subject
from bot.probes.clock import node_clock
from bot.probes.containers import pod_sockets
from bot.probes.history import loss_history
from bot.probes.kernel import node_pressure
from bot.probes.platform import kernel_module, node_tunnel
from bot.probes.probe import Probe
from bot.probes.queues import listen_queue, send_queue
from bot.probes.sysctl import conntrack_timeouts

pytestmark = pytest.mark.cluster

BOTH = Scope(named_nodes=("node1", "node2"))
TRIES = 5
"""A busy machine answers late now and then."""


async def observed(live: LiveCluster, *probes: Probe, scope: Scope = BOTH) -> list[Fact]:
    """Return what probes find that look at the same samples."""
    found: list[Fact] = []
    for _ in range(TRIES):
        cached = CachedCluster(live)
        found = [
            fact for facts in await asyncio.gather(*(each.observe(cached, scope) for each in probes)) for fact in facts
        ]
        if not any(isinstance(fact, Unknown) and fact.reason in (Reason.TIMEOUT, Reason.ABSENT) for fact in found):
            break
    return found


async def test_tunnels_are_set_up_alike_on_both_nodes(live: LiveCluster) -> None:
    tunnels = [fact for fact in await observed(live, node_tunnel) if isinstance(fact, NodeTunnel)]

    assert [(fact.node, fact.name, fact.vni, fact.port, fact.carrier) for fact in tunnels] == [
        ("node1", "flannel.1", 1, 8472, "eth0"),
        ("node2", "flannel.1", 1, 8472, "eth0"),
    ]
    assert all(fact.local_is_held and fact.carrier_up and fact.source and fact.at for fact in tunnels)


async def test_the_clocks_of_nodes_on_one_machine_agree(live: LiveCluster) -> None:
    clocks = [fact for fact in await observed(live, node_clock) if isinstance(fact, NodeClock)]

    assert [fact.node for fact in clocks] == ["node1", "node2"]
    assert all(fact.ahead_at_least_ms <= 0 <= fact.ahead_at_most_ms for fact in clocks)
    assert [(fact.off_at_least_ms, fact.apart_from) for fact in clocks] == [(0, ""), (0, "")]


async def test_parts_of_the_kernel_and_its_timeouts_are_told(live: LiveCluster) -> None:
    found = await observed(live, kernel_module, conntrack_timeouts)

    modules = [fact for fact in found if isinstance(fact, KernelModule)]
    timeouts = [fact for fact in found if isinstance(fact, ConntrackTimeouts)]
    states = {fact.module: fact.state for fact in modules if fact.node == "node1"}
    assert {states["vxlan"], states["nf_conntrack"]} <= {"loaded", "built-in"}
    assert states["ip_vs"] in ("loaded", "built-in", "absent")
    assert all(fact.established_seconds > fact.udp_seconds > 0 for fact in timeouts)
    assert len(timeouts) == 2


async def test_waiting_queues_and_losses_are_told_without_a_gap(live: LiveCluster) -> None:
    found = await observed(live, node_pressure, loss_history, send_queue, listen_queue)

    assert not [fact for fact in found if isinstance(fact, Unknown)]
    assert [fact.node for fact in found if isinstance(fact, NodePressure)] == ["node1", "node2"]
    assert {"backlog", "conntrack", "listen", "segments"} <= {
        fact.what for fact in found if isinstance(fact, LossHistory)
    }


async def test_what_takes_a_higher_tier_says_which(live: LiveCluster) -> None:
    dns = next(name for name in await dns_pods(live))

    [fact] = await observed(live, pod_sockets, scope=Scope(backends=(Subject("Pod", "kube-system", dns),)))

    assert isinstance(fact, Unknown)
    assert fact.reason == Reason.HIGHER_TIER
    assert "tier 3 is needed" in fact.detail


async def dns_pods(live: LiveCluster) -> list[str]:
    found = await live.list(Pod, namespace="kube-system", labels="k8s-app=kube-dns")
    return [pod.metadata.name for pod in found if pod.alive]
