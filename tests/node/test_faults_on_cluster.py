"""Faults of a Node that show in other facts than its counters; and that each fault of a Node is shown by some test."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.live import LiveCluster
from bot.cluster.objects import Pod
from bot.facts.base import Fact
from bot.facts.kubeproxy import KubeProxyPod
from bot.facts.node import NodeCondition, NodeCpu
from bot.facts.scope import Scope, Subject
from bot.facts.ways import PodWay
from bot.probes.kubeproxy import kube_proxy_pod
from bot.probes.node import node_condition, node_cpu
from bot.probes.pod_way import pod_way
from bot.probes.probe import Probe
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

NODE = "node2"
SHOWN_BY = {
    **dict.fromkeys(("rx-drops", "conntrack-full", "cpu-steal", "noisy-neighbour"), "test_cluster.py"),
    **dict.fromkeys(("route-missing", "vxlan-down", "arp-stale", "rp-filter"), "test_cluster.py"),
    **dict.fromkeys(("mtu-blackhole", "packet-loss", "latency", "vxlan-port-blocked"), "test_ways_on_cluster.py"),
    **dict.fromkeys(("cpu-busy", "forward-drop", "kubelet-down", "kube-proxy-down"), "here"),
}
"""Which test shows each fault of a Node. Those of the cluster and of places outside are not a Node's."""
LOOPS = 16
"""Endless ones."""
F = TypeVar("F", bound=Fact)


def test_every_fault_of_a_node_is_shown_by_some_test(test_bed: TestBed) -> None:
    described = test_bed.script.with_name("faults.md").read_text()
    table = described.partition("**A node**")[2].partition("**The cluster**")[0]

    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(SHOWN_BY)


async def until(look: Callable[[], Awaitable[F]], wanted: Callable[[F], bool], *, tries: int) -> F:
    """Look until it is so, and return the last look."""
    for _ in range(tries - 1):
        found = await look()
        if wanted(found):
            return found
        await asyncio.sleep(1)
    return await look()


async def one(live: LiveCluster, probe: Probe, of: type[F], scope: Scope, *, node: str = NODE) -> F:
    """Return the fact of a Node; what could not be seen is looked at again."""
    for _ in range(3):
        facts = await probe.observe(CachedCluster(live), scope)
        for fact in facts:
            if isinstance(fact, of) and getattr(fact, "node", "") == node:
                return fact
    raise AssertionError(facts)


async def test_busy_cpus_show_and_are_gone_afterwards(helpers: TestBed, live: LiveCluster) -> None:
    """The CPUs are the machine's, which may be busy with something else: what counts is who waits for them."""

    async def look() -> NodeCpu:
        return await one(live, node_cpu, NodeCpu, Scope(named_nodes=(NODE,)))

    with helpers.fault("cpu-busy", NODE, f"processes={LOOPS}"):
        ill = await until(look, lambda fact: fact.running >= LOOPS, tries=5)
    well = await until(look, lambda fact: fact.running < LOOPS, tries=20)

    assert well.running < LOOPS <= ill.running


async def test_a_firewall_that_forwards_nothing_shows_and_is_gone_afterwards(
    helpers: TestBed, live: LiveCluster
) -> None:
    """Seen at the DNS server, which is a Pod of some Node."""
    dns = next(pod for pod in await live.list(Pod, namespace="kube-system", labels="k8s-app=kube-dns") if pod.alive)
    scope = Scope(backends=(Subject("Pod", "kube-system", dns.metadata.name),))
    node = dns.spec.node_name

    async def look() -> PodWay:
        return await one(live, pod_way, PodWay, scope, node=node)

    with helpers.fault("forward-drop", node):
        ill = await until(look, lambda fact: fact.from_other != "answered", tries=3)
    well = await until(look, lambda fact: fact.from_other == "answered", tries=5)

    assert (ill.from_own, well.from_own) == ("answered", "answered")
    assert (ill.from_other, well.from_other) == ("silent", "answered")


async def test_a_kubelet_that_is_down_shows_and_is_back_afterwards(helpers: TestBed, live: LiveCluster) -> None:
    """After 40 s: so long the controller manager waits for a Node (node-monitor-grace-period)."""

    async def look(ready: bool) -> NodeCondition:
        status = "true" if ready else "unknown"
        helpers.kubectl("wait", f"node/{NODE}", f"--for=condition=Ready={status}", "--timeout=120s")
        return await one(live, node_condition, NodeCondition, Scope(named_nodes=(NODE,)))

    with helpers.fault("kubelet-down", NODE, "how=stop"):
        ill = await look(ready=False)
    well = await look(ready=True)

    assert (ill.ready, ill.ready_reason) == (False, "NodeStatusUnknown")
    assert well.ready


async def test_a_missing_kube_proxy_shows_and_is_back_afterwards(helpers: TestBed, live: LiveCluster) -> None:
    async def look() -> KubeProxyPod:
        return await one(live, kube_proxy_pod, KubeProxyPod, Scope(named_nodes=(NODE,)))

    with helpers.fault("kube-proxy-down", NODE):
        ill = await until(look, lambda fact: not fact.present, tries=20)
    helpers.kubectl("-n", "kube-system", "rollout", "status", "daemonset/kube-proxy", "--timeout=120s")
    well = await look()

    assert (ill.present, well.present, well.ready) == (False, True, True)
