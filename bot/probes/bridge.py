"""Bridges of Nodes: what they do for the Pods behind them, and whether such a Pod can reach itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Node, Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.platform import BridgeHairpin, PodBridge
from bot.facts.scope import Scope
from bot.node.answers import named
from bot.node.client import samples
from bot.node.roles import POD_KINDS
from bot.node.sampled import Link, Route, Sample, Settings
from bot.probes.counters import provenance
from bot.probes.node import MAX_NODES, each_node, must, nodes_in
from bot.probes.peer import MAIN_TABLE, Network, best_route, contains, network
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import Pods, key_of, owner_of
from bot.probes.sysctl import whole


@probe(BridgeHairpin, reads=(Node, Pod), helper=True)
async def bridge_hairpin(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count, for each bridge of the Nodes on the path, the Pods that it does not let reach themselves."""
    callers = await self_callers(cluster, scope)
    return await each_node(
        cluster, scope, BridgeHairpin, lambda sample: bridges_of(sample, callers.get(sample.node, "")), ask=samples
    )


async def self_callers(cluster: Cluster, scope: Scope) -> dict[str, str]:
    """Return a workload that is both ends of the symptom, by each Node with a Pod of it."""
    ends = {pod.namespace for pod in scope.clients} & {pod.namespace for pod in scope.backends}
    found: dict[str, str] = {}
    for namespace in sorted(ends):
        try:
            pods = Pods(await cluster.list(Pod, namespace=namespace))
        except ClusterError:  # what the bridge does is known all the same
            continue
        called = {owner_of(pod) for pod in pods.named(scope.backends)}
        for pod in pods.named(scope.clients):
            if owner_of(pod) in called:
                found.setdefault(pod.spec.node_name, str(owner_of(pod)))
    return found


def bridges_of(sample: Sample, calls_itself: str) -> list[Fact]:
    """Return the bridges of one Node that Pods hang on."""
    links = sample.last(sample.series.links)
    names = {link.index: link.name for link in links}
    return [
        BridgeHairpin(
            node=sample.node,
            bridge=names.get(master, ""),
            ports=len(found),
            ports_off=sum(not link.hairpin for link in found),
            example=next((link.name for link in found if not link.hairpin), ""),
            calls_itself=calls_itself,
            **provenance(sample, sample.series.links),
        )
        for master, found in sorted(ports_of(links).items())
    ]


@dataclass(frozen=True, kw_only=True)
class Home:
    """What one Node's bridge is there for."""

    network: Network | None
    """The Node's Pod CIDR."""
    pods: int
    """Pods of the Node with an address in it."""
    pair: str


@probe(PodBridge, reads=(Node, Pod), helper=True)
async def pod_bridge(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Look what the bridges of the Nodes on the path do for the Pods behind them."""
    answers = await samples(cluster, (await nodes_in(cluster, scope))[0][:MAX_NODES])
    pairs = await neighbours_of(cluster, scope)
    homes: dict[str, Home | ClusterError] = {}
    for name, answer in answers.items():
        try:
            homes[name] = await home_of(cluster, name, pairs.get(name, ""), must(answer))
        except ClusterError as problem:
            homes[name] = problem
    return await each_node(
        cluster, scope, PodBridge, lambda sample: pod_bridges(sample, must(homes[sample.node])), ask=samples
    )


async def neighbours_of(cluster: Cluster, scope: Scope) -> dict[str, str]:
    """Return two Pods of the symptom that are on one Node, who calls and who is called, by each such Node."""
    found: dict[str, str] = {}
    ends = scope.clients, scope.backends
    places = {pod.namespace for subjects in ends for pod in subjects}
    pods = Pods([pod for place in sorted(places) for pod in await cluster.list(Pod, namespace=place)])
    clients, called = (pods.named(subjects) for subjects in ends)
    for client in clients:
        for pod in called:
            if pod.spec.node_name == client.spec.node_name and pod is not client:
                found.setdefault(pod.spec.node_name, ", ".join("/".join(key_of(one)) for one in (client, pod)))
    return found


async def home_of(cluster: Cluster, name: str, pair: str, sample: Sample) -> Home:
    """Return a Node's Pod network, and how many Pods live in it where it has no gateway.

    Raises:
        ClusterError: The Node or its Pods cannot be read, or the helper does not tell.
    """
    node = await cluster.get(Node, name=name)
    around = network(next(iter(node.spec.pod_cidrs), node.spec.pod_cidr))
    if around is None or has_gateway(sample, around):
        return Home(network=around, pods=0, pair=pair)
    pods = await cluster.list(Pod, fields=f"spec.nodeName={name}")
    own = (network(pod.status.pod_ip) for pod in pods if pod.spec.node_name == name)
    return Home(network=around, pods=sum(bool(one and contains(around, one)) for one in own), pair=pair)


def has_gateway(sample: Sample, around: Network) -> bool:
    """Tell whether an interface that is no tunnel's holds an address in a network, as a bridge of Pods does."""
    tunnels = {link.index for link in sample.last(sample.series.links) if link.kind == "vxlan"}
    held = (network(one.ip) for one in sample.last(sample.series.addresses) if one.index not in tunnels)
    return any(one and contains(around, one) for one in held)


def pod_bridges(sample: Sample, home: Home) -> list[Fact]:
    """Return what each bridge of one Node that Pods hang on does.

    Raises:
        ClusterError: The helper does not tell; the error is named after why.
    """
    series = sample.series
    links, settings = sample.last(series.links), sample.last(series.settings)
    held, routes = sample.last(series.addresses), sample.last(series.routes)
    names = {link.index: link.name for link in links}
    found: list[Fact] = []
    for master, ports in sorted(ports_of(links).items()):
        if any(port.isolated is None or port.forwards is None for port in ports):
            raise named(f"{sample.where(series.links)}: it does not say which ports are isolated or forward")
        own = [f"{one.ip}/{one.prefix_length}" for one in held if one.index == master and ":" not in one.ip]
        inside = [address for text in own if (address := network(text.partition("/")[0]))]
        blocked = [port.name for port in ports if not port.forwards]
        found.append(
            PodBridge(
                node=sample.node,
                bridge=names.get(master, ""),
                ports=len(ports),
                ports_isolated=sum(bool(port.isolated) for port in ports),
                ports_blocked=len(blocked),
                blocked=next(iter(blocked), ""),
                pair=home.pair,
                addresses=", ".join(own),
                pod_network=str(home.network or ""),
                pods=home.pods,
                is_gateway=any(home.network and contains(home.network, one) for one in inside),
                is_routed=home.network is not None and leads(routes, home.network, master),
                arp_ignore=max(arp_ignore(settings, name) for name in ("all", names.get(master, ""))),
                **provenance(sample, series.links),
            )
        )
    return found


def ports_of(links: Iterable[Link]) -> Mapping[int, list[Link]]:
    """Return the ports of Pods by the bridge they belong to."""
    found: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        if link.hairpin is not None and link.kind in POD_KINDS:
            found[link.master].append(link)
    return found


def leads(routes: tuple[Route, ...], around: Network, device: int) -> bool:
    """Tell whether packets to a network, or to a part of it, leave by a device."""
    best = best_route(routes, around)
    parts = (route for route in routes if route.table == MAIN_TABLE and route.index == device)
    return bool(best and best.index == device) or any(
        contains(around, part) for route in parts if (part := network(route.to))
    )


def arp_ignore(settings: Settings, interface: str) -> int:
    """Return a setting that is told where it is not 0.

    Raises:
        ClusterError: It could not be read, or is no number.
    """
    path = f"ipv4/conf/{interface}/arp_ignore"
    if path in settings.missing:
        raise named(f"{path}: {settings.missing[path]}")
    return whole(settings.values.get(path, "0"))
