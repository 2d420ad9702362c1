"""Pods at both ends that try to connect to addresses which nobody has any more: what they remember is old."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import Node, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.podview import PodDialling
from bot.facts.scope import Scope
from bot.node.ruled import Dialling
from bot.probes.kubeproxy import pod_ranges
from bot.probes.node import INSTALL
from bot.probes.peer import network
from bot.probes.pod_way import pods_of
from bot.probes.podview import PODS_ENTERED, inside
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import owner_of
from bot.probes.translation import API_SERVICE

NEAR_BITS = 16
"""How much of its address a Service shares with the API server's (ours): smaller ranges of Services are rare."""


@probe(PodDialling, reads=(Pod, Service, Node), helper=True)
async def pod_dialling(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Look which addresses the Pods at both ends call in vain, and keep those that nobody has."""
    ends = [
        (pod, role)
        for role, subjects in (("backend", scope.backends), ("client", scope.clients))
        for pod in (await pods_of(cluster, subjects))[:PODS_ENTERED]
    ]
    if not ends:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that runs in the Pod network")
    if not await cluster.helper_nodes():
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")

    async def one(pod: Pod, role: str) -> list[Fact | Unreadable]:
        try:
            calls = (await inside(cluster, pod).sockets()).dialling
        except ClusterError as problem:
            return [Unreadable(of=PodDialling, subject=pod.spec.node_name, error=problem)]
        return [fact_of(pod, role, call, was) for call in calls if (was := await formerly(cluster, call.peer))]

    return [fact for facts in await asyncio.gather(*(one(pod, role) for pod, role in ends)) for fact in facts]


async def formerly(cluster: Cluster, address: str) -> str:
    """Return what an address was of that nobody has now: ``Pod`` or ``Service``; empty for any other."""
    ip = ipaddress.ip_address(address)
    ranges = [found for node in await cluster.list(Node) for text in pod_ranges(node) if (found := network(text))]
    if any(ip in each for each in ranges):
        return "" if await cluster.list(Pod, fields=f"status.podIP={address}") else "Pod"
    services = {item.spec.cluster_ip: item for item in await cluster.list(Service)}
    own = next(
        (text for text, item in services.items() if (item.metadata.namespace, item.metadata.name) == API_SERVICE), ""
    )
    near = network(f"{own}/{NEAR_BITS}") if own and ":" not in own else None
    return "Service" if near and ip in near and address not in services else ""


def fact_of(pod: Pod, role: str, call: Dialling, was: str) -> PodDialling:
    """Return one call in vain."""
    owner = owner_of(pod)
    return PodDialling(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        role=role,
        node=pod.spec.node_name,
        address=call.peer,
        port=call.port,
        was=was,
        looks=call.looks,
        source=f"{pod.spec.node_name}: sockets of Pod {pod.metadata.namespace}/{pod.metadata.name}; Pods and Services",
    )
