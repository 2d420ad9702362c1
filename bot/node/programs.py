"""Which programs' metrics are read, from which Node: kube-proxy, etcd, DNS servers, Cilium's agents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.objects import DaemonSet, EndpointSlice, Node, Pod
from bot.node.meters import CILIUM_PORT, COREDNS_PORT, ETCD, ETCD_PORT, KUBE_PROXY
from bot.node.requests import target
from bot.node.targets import is_address
from bot.node.ways import addresses

MEMBERS_ASKED = 5
"""etcd members that are asked: the largest cluster that etcd advises (etcd.io/docs, FAQ)."""
SERVERS_ASKED = 8
"""DNS Pods that are asked (ours)."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program whose metrics are read."""

    node: str
    """Whose helper reads them."""
    address: str
    """As the helper is asked for it."""
    ip: str
    """Where it runs."""


def etcd_members(nodes: Iterable[Node], helpers: Collection[str], slices: Iterable[EndpointSlice]) -> list[Program]:
    """Return etcd as kubeadm runs it, beside each API server: asked on its own Node, or else from another one.

    ``slices`` are those of namespace ``default``.
    """
    if not helpers:
        return []
    home = {ip: node for node, ip in addresses(nodes).items() if node in helpers}
    ips = [
        address
        for item in slices
        if item.metadata.labels.get("kubernetes.io/service-name") == "kubernetes" or item.metadata.name == "kubernetes"
        for endpoint in item.endpoints
        for address in endpoint.addresses
        if is_address(address)
    ]
    return [
        Program(node=home[ip], address=ETCD, ip=ip)
        if ip in home
        else Program(node=next(iter(helpers)), address=target(ip, ETCD_PORT), ip=ip)
        for ip in sorted(set(ips))[:MEMBERS_ASKED]
    ]


def kube_proxies(nodes: Iterable[str]) -> list[Program]:
    """Return the kube-proxy of each Node."""
    return [Program(node=node, address=KUBE_PROXY, ip=node) for node in nodes]


def dns_servers(pods: Sequence[Pod], helpers: Collection[str]) -> list[Program]:
    """Return the DNS Pods that show CoreDNS' metrics, each asked by its own Node where that has a helper."""
    shown = [pod for pod in pods if pod.alive and is_address(pod.status.pod_ip) and shows_metrics(pod)]
    running = shown if helpers else []
    return [
        Program(
            node=pod.spec.node_name if pod.spec.node_name in helpers else next(iter(helpers)),
            address=target(pod.status.pod_ip, COREDNS_PORT),
            ip=pod.status.pod_ip,
        )
        for pod in running[:SERVERS_ASKED]
    ]


def shows_metrics(pod: Pod) -> bool:
    """Tell whether a Pod declares the port of CoreDNS' metrics, as all installers have it."""
    return any(port.container_port == COREDNS_PORT for container in pod.spec.containers for port in container.ports)


def cilium_agents(daemonsets: Iterable[DaemonSet], nodes: Iterable[Node], helpers: Sequence[str]) -> list[Program]:
    """Return the agents of Cilium on Nodes with a helper; none where Cilium does not run."""
    if not any(item.metadata.name in ("cilium", "anetd") for item in daemonsets):
        return []
    own = addresses(nodes)
    return [Program(node=node, address=target(own[node], CILIUM_PORT), ip=own[node]) for node in helpers if node in own]


def by_node(programs: Iterable[Program]) -> dict[str, list[str]]:
    """Return which Node is asked for which addresses."""
    wanted: dict[str, list[str]] = {}
    for program in programs:
        wanted.setdefault(program.node, []).append(program.address)
    return wanted
