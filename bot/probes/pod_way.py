"""Pods: whether packets get to them from their own Node, and from another."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import NetworkPolicy, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.scope import Scope, Subject
from bot.facts.ways import PodWay
from bot.node import client
from bot.node.requests import target
from bot.node.roles import POD_KINDS, is_up
from bot.node.sampled import Sample
from bot.node.tried import Row
from bot.node.ways import CLOSED_PORT, is_reachable, ports_of
from bot.probes.counters import PERMILLE, share
from bot.probes.node import INSTALL
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import key_of, owner_of
from bot.probes.trouble import LOST_PERMILLE
from bot.probes.ways import Rows

PODS_TRIED = 3
"""Of each end (ours)."""
HEADERS = 40
"""Of IPv4 and TCP, which a segment does not count."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What two Nodes got from Pods."""

    pods: Sequence[tuple[Pod, str]]
    """With the role of each."""
    ports: Mapping[tuple[str, str], list[int]]
    rows: Rows
    other: Mapping[str, str]
    """By Node, the one that its Pods were tried from besides."""
    samples: Mapping[str, Sample | ClusterError]
    closed_off: frozenset[str]
    """Namespaces with NetworkPolicies."""

    def row(self, node: str, pod: Pod, port: int) -> Row | None:
        """Return what a Node got from a port; None where it could not try."""
        rows = self.rows.get(node, {})
        return None if isinstance(rows, ClusterError) else rows.get(target(pod.status.pod_ip, port))


@probe(PodWay, reads=(Pod, Service, NetworkPolicy), helper=True)
async def pod_way(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Connect to the Pods at both ends from their own Nodes and from one other, twenty times."""
    pods = [
        (pod, role)
        for role, subjects in (("backend", scope.backends), ("client", scope.clients))
        for pod in (await pods_of(cluster, subjects))[:PODS_TRIED]
    ]
    if not pods:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that runs in the Pod network")
    helpers = list(await cluster.helper_nodes())
    if not helpers:
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    nodes = list(dict.fromkeys(pod.spec.node_name for pod, _ in pods))
    usual = [*scope.client_nodes, *scope.target_nodes, *helpers]
    other = {node: next((one for one in usual if one != node and one in helpers), "") for node in nodes}
    namespaces = sorted({pod.metadata.namespace for pod, _ in pods})
    services = [item for namespace in namespaces for item in await cluster.list(Service, namespace=namespace)]
    ports = {key_of(pod): ports_of(pod, services) for pod, _ in pods}
    rows, samples = await asyncio.gather(
        client.series(cluster, wanted(pods, ports, other, helpers)),
        client.samples(cluster, [node for node in nodes if node in helpers]),
    )
    closed_off = {policy.metadata.namespace for policy in await cluster.list(NetworkPolicy)}
    tried = Tried(pods=pods, ports=ports, rows=rows, other=other, samples=samples, closed_off=frozenset(closed_off))
    return (
        [way_of(tried, pod, role) for pod, role in pods]
        + [
            Unreadable(of=PodWay, subject=node, error=problem)
            for node, problem in rows.items()
            if isinstance(problem, ClusterError)
        ]
        + [
            Unreadable(of=PodWay, subject=node, error=NoHelper(f"no node helper runs there; {INSTALL}"))
            for node in nodes
            if node not in helpers
        ]
    )


async def pods_of(cluster: Cluster, subjects: Iterable[Subject]) -> list[Pod]:
    """Return the running Pods that are named and have an address of their own."""
    return [
        pod
        for subject in subjects
        for pod in await cluster.list(Pod, namespace=subject.namespace)
        if pod.metadata.name == subject.name and is_reachable(pod)
    ]


def wanted(
    pods: Iterable[tuple[Pod, str]],
    ports: Mapping[tuple[str, str], list[int]],
    other: Mapping[str, str],
    helpers: Sequence[str],
) -> dict[str, set[str]]:
    """Return what each Node connects to: all ports of its own Pods, and the closed one of others'."""
    found: dict[str, set[str]] = defaultdict(set)
    for pod, _role in pods:
        own = pod.spec.node_name
        if own in helpers:
            found[own] |= {target(pod.status.pod_ip, port) for port in ports[key_of(pod)]}
        if other.get(own):
            found[other[own]].add(target(pod.status.pod_ip, CLOSED_PORT))
    return found


def way_of(tried: Tried, pod: Pod, role: str) -> PodWay:
    """Return what is known of the way to one Pod."""
    own, other, owner = pod.spec.node_name, tried.other.get(pod.spec.node_name, ""), owner_of(pod)
    closed = tried.row(own, pod, CLOSED_PORT)
    rows = {
        port: row
        for port in tried.ports[key_of(pod)][:-1]
        if (row := tried.row(own, pod, port)) is not None and row.open
    }
    port, row = next(iter(rows.items()), (0, None))
    neighbour, node_mtu = at_node(tried.samples.get(own), pod.status.pod_ip)
    dead = dead_link(tried.samples.get(own))
    segment = max((row.segment for row in rows.values()), default=0)
    mtu = segment + HEADERS if segment and ":" not in pod.status.pod_ip else 0
    return PodWay(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        node=own,
        role=role,
        ip=pod.status.pod_ip,
        ready=pod.ready,
        from_own=word_of(closed),
        own_lost_permille=lost_of(closed),
        own_median_us=closed.median_us if closed else 0,
        neighbour=neighbour,
        link=link_of(neighbour, word_of(closed), dead),
        dead_link=dead,
        other_node=other,
        from_other=word_of(tried.row(other, pod, CLOSED_PORT)),
        policies=pod.metadata.namespace in tried.closed_off,
        open_port=port,
        open_port_lost_permille=lost_of(row),
        mtu=mtu,
        node_mtu=node_mtu,
        mtu_missing=node_mtu - mtu if mtu and node_mtu else 0,
        source=f"{own}, {other or 'no other Node'}: TCP connects to {pod.status.pod_ip}",
    )


def dead_link(sample: Sample | ClusterError | None) -> str:
    """Return an interface to a Pod whose other end is down; empty if there is none."""
    links = sample.last(sample.series.links) if isinstance(sample, Sample) else ()
    return next((link.name for link in links if link.kind in POD_KINDS and link.up and not is_up(link)), "")


def link_of(neighbour: str, word: str, dead: str) -> str:
    """Return the state of a Pod's link, as far as its Node can tell."""
    if neighbour == "failed" or (dead and word in ("silent", "unreachable")):
        return "down"
    return "up" if neighbour == "known" else "unknown"


def word_of(row: Row | None) -> str:
    """Return in one word how a row went."""
    if row is None or not row.tried:
        return "untried"
    if not row.answered:
        return "unreachable" if row.unreachable else "silent"
    return "lossy" if lost_of(row) >= LOST_PERMILLE else "answered"


def lost_of(row: Row | None) -> int:
    """Return how much of a row was lost; 0 for none."""
    return share(row.tried - row.answered + row.resent, row.tried, PERMILLE) if row else 0


def at_node(sample: Sample | ClusterError | None, ip: str) -> tuple[str, int]:
    """Return whether a Node knows the MAC address of a Pod, and the MTU of the device that leads there."""
    if not isinstance(sample, Sample):
        return "unknown", 0
    series = sample.series
    entry = next((one for one in sample.last(series.neighbours) if one.ip == ip), None)
    device = next((link for link in sample.last(series.links) if entry and link.index == entry.index), None)
    if entry is None or device is None:
        return "unknown", 0
    tunnels = [link.mtu for link in sample.last(series.links) if link.vxlan and link.up]
    known = entry.mac and entry.state not in ("failed", "incomplete")
    return "known" if known else "failed", min([device.mtu, *tunnels])
