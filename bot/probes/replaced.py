"""Pods that were replaced while somebody went on talking to them: the DNS servers, and backends reached by UDP."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.objects import DaemonSet, Deployment, Event, Node, Pod, Service, StatefulSet
from bot.cluster.port import Cluster
from bot.facts.dns import DnsReplacement
from bot.facts.scope import Scope, SymptomKind
from bot.facts.translation import BackendReplacement
from bot.node.client import samples
from bot.probes.dns import dns_services, server_of
from bot.probes.events import events_of
from bot.probes.probe import probe
from bot.probes.reading import Pods, find_services, owner_of, path_of
from bot.probes.times import seconds_since
from bot.probes.workload import ready, wanted, workloads_of

WINDOW_SECONDS = 180
"""Of replaced DNS servers (ours): what was over before is no longer felt."""
NODES_SEARCHED = 8
"""Nodes whose neighbours are looked at (ours)."""
ADDRESSES_SHOWN = 3
"""Of those without a Pod (ours)."""
SOUGHT = ("incomplete", "delay", "probe")
"""States of a neighbour that packets wait for, or were just sent to (arp(7), RFC 4861 section 7.3.2)."""
HELD = ("reachable",)
"""Of one that answered within the last half minute or so."""


@probe(DnsReplacement, reads=(Service, Deployment, StatefulSet, DaemonSet, Event))
async def dns_replacement(cluster: Cluster, scope: Scope) -> Iterable[DnsReplacement]:
    """Count the DNS Pods that kubelet stopped lately."""
    found = []
    for service in await dns_services(cluster, scope):
        namespace = service.metadata.namespace
        server = server_of(service, await workloads_of(cluster, namespace))
        stopped = await stopped_pods(cluster, namespace) if server else {}
        ages = [
            age
            for pod, at in stopped.items()
            if server and workload_name(pod, type(server).__name__) == server.metadata.name
            if (age := seconds_since(at, cluster.now())) <= WINDOW_SECONDS
        ]
        if server:
            found.append(
                DnsReplacement(
                    namespace=namespace,
                    service=service.metadata.name,
                    workload=server.metadata.name,
                    workload_type=type(server).__name__,
                    wanted_replicas=wanted(server),
                    ready_replicas=ready(server),
                    stopped_pods=len(ages),
                    window_seconds=WINDOW_SECONDS,
                    last_seconds_ago=min(ages, default=0),
                    source=f"{path_of(server)}, Events of its Pods",
                )
            )
    return found


@probe(BackendReplacement, reads=(Service, Pod, Node, Event), helper=True)
async def backend_replacement(cluster: Cluster, scope: Scope) -> Iterable[BackendReplacement]:
    """Find Pods behind UDP ports that were replaced after a client started, and who still looks for their address."""
    services = [item for item in await find_services(cluster, scope) if udp_port(item)]
    if scope.kind is SymptomKind.DNS and scope.dns:
        services += await dns_services(cluster, scope)
    clients = [pod for subject in scope.clients for pod in await living(cluster, subject.namespace, subject.name)]
    found: list[BackendReplacement] = []
    for service in services:
        old = await replaced(cluster, service)
        # One client of each Node stands for all: they share its connection table.
        older = {
            pod.spec.node_name: pod for pod in reversed(clients) if old and pod.metadata.creation_timestamp < old[1]
        }
        if not old or not older:
            continue
        dead = await dead_addresses(cluster)
        found += [
            BackendReplacement(
                service_namespace=service.metadata.namespace,
                service=service.metadata.name,
                port=udp_port(service),
                client_namespace=pod.metadata.namespace,
                client=pod.metadata.name,
                client_node=pod.spec.node_name,
                old_pod=old[0],
                seconds_ago=seconds_since(old[1], cluster.now()),
                dead_addresses=", ".join(dead.addresses),
                seeking_node=dead.node,
                sought=dead.sought,
                source=f"Events in {service.metadata.namespace}; neighbours of the Nodes",
            )
            for pod in older.values()
        ]
    return found


def udp_port(service: Service) -> int:
    """Return the first UDP port of a Service; 0 without one."""
    return next((port.port for port in service.spec.ports if port.protocol == "UDP"), 0)


async def living(cluster: Cluster, namespace: str, name: str) -> list[Pod]:
    """Return a Pod, or nothing when it is gone."""
    return Pods(await cluster.list(Pod, namespace=namespace, fields=f"metadata.name={name}")).of(namespace)


async def stopped_pods(cluster: Cluster, namespace: str) -> dict[str, str]:
    """Return the Pods of a namespace whose containers kubelet stopped, with the time."""
    events = await events_of(cluster, namespace, fields="reason=Killing")
    return {
        event.involved_object.name: event.last_timestamp or event.event_time
        for event in events
        if event.involved_object.kind == "Pod"
    }


def workload_name(pod: str, kind: str) -> str:
    """Return the name of the workload that a Pod's name is made of."""
    parts = 2 if kind in ("Deployment", "ReplicaSet") else 1
    return pod.rsplit("-", parts)[0]


async def replaced(cluster: Cluster, service: Service) -> tuple[str, str] | None:
    """Return the last Pod behind a Service that was stopped and is gone, and when; None if there is none."""
    namespace = service.metadata.namespace
    pods = Pods(await cluster.list(Pod, namespace=namespace))
    owners = {owner_of(pod) for pod in pods.selected_by(service)}
    alive = {pod.metadata.name for pod in pods.of(namespace)}
    gone = [
        (at, name)
        for name, at in (await stopped_pods(cluster, namespace)).items()
        if name not in alive and any(workload_name(name, owner.kind) == owner.name for owner in owners)
    ]
    return (max(gone)[1], max(gone)[0]) if gone else None


@dataclass(frozen=True, kw_only=True)
class Dead:
    """Addresses that no Pod has, as a Node's neighbour table holds them."""

    node: str = ""
    addresses: tuple[str, ...] = ()
    sought: bool = False


async def dead_addresses(cluster: Cluster) -> Dead:
    """Return what a Node holds of its Pod range and no Pod has: what it asks for now, else what it lately knew."""
    helpers = list(await cluster.helper_nodes())[:NODES_SEARCHED]
    ranges = {node.metadata.name: node.spec.pod_cidr for node in await cluster.list(Node)}
    found: list[Dead] = []
    for node, sample in (await samples(cluster, helpers)).items():
        if isinstance(sample, ClusterError):
            continue
        try:
            neighbours = sample.last(sample.series.neighbours)
        except ClusterError:
            continue
        pods = await cluster.list(Pod, fields=f"spec.nodeName={node}")
        owned = {pod.status.pod_ip for pod in pods}
        own = [one for one in neighbours if one.ip not in owned and inside(one.ip, ranges.get(node, ""))]
        for states, sought in ((SOUGHT, True), (HELD, False)):
            held = tuple(one.ip for one in own if one.state in states)
            if held:
                found.append(Dead(node=node, addresses=held[:ADDRESSES_SHOWN], sought=sought))
    return max(found, key=lambda dead: dead.sought, default=Dead())


def inside(address: str, around: str) -> bool:
    """Tell whether an address lies in a network; of what is neither, no."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(around)
    except ValueError:
        return False
