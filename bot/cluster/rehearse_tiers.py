"""What a diagnosis of any symptom may ask helpers of tiers 2 and 3, so that a recording holds it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Pod, Service
from bot.cluster.port import Cluster
from bot.node import ask
from bot.node.requests import packet, target
from bot.node.targets import PORTS_TRIED, has_address, is_address
from bot.node.ways import is_reachable, port_in

MAX_PACKETS = 256
"""Packets that each Node follows through its rules for a recording (ours)."""
MAX_PODS = 100
"""Pods whose own address is among them (ours)."""
MAX_ENTERED = 20
"""Pods that are looked at from inside for a recording (ours): each costs three programs on its Node."""
MAX_REACHED = 24
"""Addresses that each of them connects to (ours)."""


async def ask_higher_tiers(
    cluster: Cluster, nodes: Sequence[str], services: Sequence[Service], pods: Sequence[Pod]
) -> None:
    """Ask Nodes for their rules and tracked connections, and look from inside Pods, as far as the tier allows."""
    tiers = await ask.tiers(cluster, nodes)
    able = [node for node, tier in tiers.items() if isinstance(tier, int) and tier > 1]
    fronts, udp = packets_to(services)
    own = [packet("tcp", pod.status.pod_ip, port_in(pod)) for pod in pods if is_reachable(pod)][:MAX_PODS]
    followed = [*fronts, *own][:MAX_PACKETS]
    await asyncio.gather(
        ask.firewalls(cluster, able),
        ask.translations(cluster, dict.fromkeys(able, followed)),
        ask.tracked(cluster, dict.fromkeys(able, udp)),
    )
    inside = {node for node in able if tiers[node] == 3}  # noqa: PLR2004 - tier
    entered = [pod for pod in pods if is_reachable(pod) and pod.spec.node_name in inside][:MAX_ENTERED]
    for pod in entered:
        await look_from(cluster, pod, services, own)


def packets_to(services: Iterable[Service]) -> tuple[list[str], list[str]]:
    """Return a packet to each port of Services, and those of them that are UDP."""
    ports = [
        (port.protocol, packet(port.protocol, service.spec.cluster_ip, port.port))
        for service in services
        if has_address(service) and is_address(service.spec.cluster_ip)
        for port in service.spec.ports[:PORTS_TRIED]
    ]
    return [text for _, text in ports], [text for protocol, text in ports if protocol == "UDP"]


async def look_from(cluster: Cluster, pod: Pod, services: Iterable[Service], own: Sequence[str]) -> None:
    """Ask from inside a Pod what a diagnosis would, of the Services of its namespace."""
    view = ask.Inside(cluster=cluster, node=pod.spec.node_name, uid=pod.metadata.uid, ip=pod.status.pod_ip)
    fronts = [
        target(service.spec.cluster_ip, port.port)
        for service in services
        if service.metadata.namespace == pod.metadata.namespace and has_address(service)
        for port in service.spec.ports[:PORTS_TRIED]
        if port.protocol == "TCP" and is_address(service.spec.cluster_ip)
    ]
    # What cannot be seen is recorded as that.
    with contextlib.suppress(ClusterError):
        await asyncio.gather(
            view.sample(),
            view.firewall(),
            view.translations(own),
            *([view.reaches(fronts[:MAX_REACHED])] if fronts else []),
        )
