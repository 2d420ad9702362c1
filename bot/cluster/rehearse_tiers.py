"""What a diagnosis of any symptom may ask helpers of tiers 2 and 3, so that a recording holds it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.objects import EndpointSlice, Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.rehearse import addresses_to_try
from bot.node import ask
from bot.node.requests import packet, question, target
from bot.node.targets import DNS_PORT, PORTS_TRIED, domain_names, has_address, is_address, is_dns
from bot.node.ways import is_reachable, port_in

MAX_PACKETS = 256
"""Packets that each Node follows through its rules for a recording (ours)."""
MAX_PODS = 100
"""Pods whose own address is among them (ours)."""
MAX_ENTERED = 20
"""Pods that are looked at from inside for a recording (ours): each costs three programs on its Node."""
AT_ONCE = 5
"""Pods looked at from inside at the same time (ours)."""
MAX_REACHED = 32
"""Addresses that each of them connects to (ours)."""
MAX_SIZED = 8
"""Pods that each of them sends packets of several sizes to (ours)."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is recorded of the cluster already."""

    services: Sequence[Service]
    pods: Sequence[Pod]
    slices: Sequence[EndpointSlice]
    domain: str


async def ask_higher_tiers(cluster: Cluster, nodes: Sequence[str], known: Known) -> None:
    """Ask Nodes for their rules and tracked connections, and look from inside Pods, as far as the tier allows."""
    tiers = await ask.tiers(cluster, nodes)
    able = [node for node, tier in tiers.items() if isinstance(tier, int) and tier > 1]
    fronts, udp = packets_to(known.services)
    running = [pod for pod in known.pods if is_reachable(pod)]
    own = [packet("tcp", pod.status.pod_ip, port_in(pod)) for pod in running[:MAX_PODS]]
    await asyncio.gather(
        ask.firewalls(cluster, able),
        ask.drops(cluster, able),
        ask.translations(cluster, dict.fromkeys(able, [*fronts, *own][:MAX_PACKETS])),
        ask.tracked(cluster, dict.fromkeys(able, udp)),
    )
    inside = {node for node in able if tiers[node] == 3}  # noqa: PLR2004 - tier
    entered = [pod for pod in running if pod.spec.node_name in inside][:MAX_ENTERED]
    for start in range(0, len(entered), AT_ONCE):
        await asyncio.gather(*(look_from(cluster, pod, known, own) for pod in entered[start : start + AT_ONCE]))


def packets_to(services: Iterable[Service]) -> tuple[list[str], list[str]]:
    """Return a packet to each port of Services, and those of them that are UDP."""
    ports = [
        (port.protocol, packet(port.protocol, service.spec.cluster_ip, port.port))
        for service in services
        if has_address(service) and is_address(service.spec.cluster_ip)
        for port in service.spec.ports[:PORTS_TRIED]
    ]
    return [text for _, text in ports], [text for protocol, text in ports if protocol == "UDP"]


async def look_from(cluster: Cluster, pod: Pod, known: Known, own: Sequence[str]) -> None:
    """Ask from inside a Pod what a diagnosis would, of the Services and Pods of its namespace."""
    view = ask.Inside(cluster=cluster, node=pod.spec.node_name, uid=pod.metadata.uid, ip=pod.status.pod_ip)
    near = pod.metadata.namespace
    services = [item for item in known.services if item.metadata.namespace == near]
    fronts = addresses_to_try(services, [item for item in known.slices if item.metadata.namespace == near])
    hosts = [one.status.pod_ip for one in known.pods if one.metadata.namespace == near and is_reachable(one)]
    servers = [item.spec.cluster_ip for item in known.services if is_dns(item) and is_address(item.spec.cluster_ip)]
    questions = [question(target(server, DNS_PORT), domain_names(known.domain)[0]) for server in servers]
    # What cannot be seen is recorded as that.
    with contextlib.suppress(ClusterError):
        await asyncio.gather(
            view.sample(),
            view.firewall(),
            view.drops(),
            view.sockets(),
            view.translations(own),
            view.reaches(sorted(fronts)[:MAX_REACHED]),
            view.sizes(hosts[:MAX_SIZED]),
            view.resolves(questions),
            ask.resolvers(cluster, {pod.spec.node_name: [pod.metadata.uid]}),
            ask.files(cluster, {pod.spec.node_name: [pod.metadata.uid]}),
        )
