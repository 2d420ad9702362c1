"""Pods that are meant to answer: whether the Node sends their address to them, or to somebody else who claims it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from bot.cluster.errors import Absent, ClusterError, NoHelper
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.podmac import PodMac
from bot.facts.scope import Scope
from bot.node import client
from bot.node.requests import MAX_TARGETS, target
from bot.node.sampled import Neighbour, Sample
from bot.node.ways import CLOSED_PORT, is_reachable
from bot.probes.counters import provenance
from bot.probes.node import INSTALL
from bot.probes.pod_way import pods_of
from bot.probes.podview import PODS_ENTERED, inside
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import key_of, owner_of

AGAIN_SECONDS = 1
"""The second look at a Node's neighbours, once all its Pods were sent something (ours)."""
NO_ANSWER = ("failed", "incomplete")


@probe(PodMac, reads=(Pod,), helper=True)
async def pod_mac(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Compare the MAC addresses of Pods with those that their Nodes have for them."""
    pods = (await pods_of(cluster, scope.backends))[:PODS_ENTERED]
    if not pods:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that is meant to answer")
    if not await cluster.helper_nodes():
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")

    async def one(pod: Pod) -> Fact | Unreadable:
        try:
            own, node = await asyncio.gather(inside(cluster, pod).sample(), client.sample(cluster, pod.spec.node_name))
            return await looked_up(cluster, pod, mac_of(own, pod.status.pod_ip), node)
        except ClusterError as problem:
            return Unreadable(of=PodMac, subject=pod.spec.node_name, error=problem)

    return await asyncio.gather(*map(one, pods))


def mac_of(sample: Sample, ip: str) -> str:
    """Return the MAC address of the interface that holds an address; empty where it has none."""
    index = next((one.index for one in sample.last(sample.series.addresses) if one.ip == ip), 0)
    return next((link.mac for link in sample.last(sample.series.links) if link.index == index), "")


async def looked_up(cluster: Cluster, pod: Pod, mac: str, sample: Sample) -> PodMac:
    """Return what a Pod's Node has for its address, compared with the Pod's own.

    Raises:
        Absent: One of them has no MAC address for it.
    """
    known = [
        one
        for one in sample.last(sample.series.neighbours)
        if one.ip == pod.status.pod_ip and one.mac and one.state not in NO_ANSWER
    ]
    if not known or not mac:
        where = "the Node" if mac else "the Pod's interface"
        raise Absent(f"{where} has no MAC address for {pod.status.pod_ip}")
    entry = next((one for one in known if one.mac == mac), known[0])
    holders = await holders_of(cluster, pod, entry.mac) if entry.mac != mac else []
    return fact_of(pod, mac, entry, holders, sample)


async def holders_of(cluster: Cluster, pod: Pod, mac: str) -> list[str]:
    """Return the Pods of the same Node that have a MAC address, as far as the Node learns it by a connect to each."""
    node = pod.spec.node_name
    try:
        others = {one.status.pod_ip: "/".join(key_of(one)) for one in await cluster.list(Pod) if is_beside(one, pod)}
        await client.connects(cluster, {node: [target(ip, CLOSED_PORT) for ip in sorted(others)[:MAX_TARGETS]]})
        sample = await client.sample(cluster, node, seconds=AGAIN_SECONDS)
        seen = sample.last(sample.series.neighbours)
    except ClusterError:
        return []
    return sorted({others[one.ip] for one in seen if one.mac == mac and one.ip in others})


def is_beside(other: Pod, pod: Pod) -> bool:
    """Tell whether another Pod of the same Node has an address of its own."""
    return (
        other.spec.node_name == pod.spec.node_name
        and other.metadata.uid != pod.metadata.uid
        and other.status.pod_ip != pod.status.pod_ip
        and is_reachable(other)
    )


def fact_of(pod: Pod, mac: str, entry: Neighbour, holders: Sequence[str], sample: Sample) -> PodMac:
    """Return the fact about one Pod."""
    owner = owner_of(pod)
    return PodMac(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        node=pod.spec.node_name,
        ip=pod.status.pod_ip,
        mac=mac,
        node_mac=entry.mac,
        differs=entry.mac != mac,
        # Several Pods with one MAC address have a proxy that answers for all of them.
        confirmed=len(holders) == 1 or (entry.state == "reachable" and not holders),
        holder=holders[0] if len(holders) == 1 else "unknown",
        **provenance(sample, sample.series.neighbours),
    )
