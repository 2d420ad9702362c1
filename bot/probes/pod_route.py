"""Nodes: the route each would take to the Pods of the path, one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from bot.cluster.errors import NotFound
from bot.cluster.objects import Node, Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.routes import PodRoute
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.node.sampled import Route, Sample
from bot.probes.counters import provenance
from bot.probes.kubeproxy import pod_ranges
from bot.probes.node import each_node
from bot.probes.peer import best_route, network
from bot.probes.pod_way import PODS_TRIED, pods_of
from bot.probes.probe import CannotTell, Unreadable, probe


@probe(PodRoute, reads=(Node, Pod), helper=True)
async def pod_route(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Look up, on each Node of the path, the routes to the Pods at both ends."""
    ends = [(await pods_of(cluster, subjects))[:PODS_TRIED] for subjects in (scope.backends, scope.clients)]
    pods = [pod for end in ends for pod in end]
    if not pods:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that runs in the Pod network")
    homes = dict.fromkeys(pod.spec.node_name for pod in pods)
    ranges = dict(zip(homes, await asyncio.gather(*(ranges_of(cluster, node) for node in homes)), strict=True))
    return await each_node(
        cluster,
        scope,
        PodRoute,
        lambda sample: [route_to(sample, pod, ranges.get(pod.spec.node_name, ())) for pod in pods],
        ask=samples,
    )


async def ranges_of(cluster: Cluster, node: str) -> Sequence[str]:
    """Return the ranges of addresses of a Node's Pods; none of one that is gone, or whose CNI deals them out itself."""
    try:
        return pod_ranges(await cluster.get(Node, name=node))
    except NotFound:
        return ()


def route_to(sample: Sample, pod: Pod, ranges: Sequence[str]) -> PodRoute:
    """Return the route of a Node to a Pod, whose own Node has ranges of addresses for its Pods."""
    ip, here = pod.status.pod_ip, pod.spec.node_name == sample.node
    routes = sample.last(sample.series.routes)
    alone = network(ip)
    route = best_route(routes, alone) if alone else None
    usual = best_route(tuple(usual_routes(routes, route, ranges)), alone) if alone and route else None
    around = device_of(sample, usual) if usual and not usual.to.endswith("/0") else ""
    device = device_of(sample, route)
    return PodRoute(
        node=sample.node,
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        pod_node=pod.spec.node_name,
        ip=ip,
        route=route.to if route else "",
        type=route.type if route else "",
        device=device,
        refuses=route is not None and route.type != "unicast",
        usual_device=around,
        # A Node's own Pods may each have a route to an interface of its own (Calico).
        astray=bool(route and usual != route and route.type == "unicast" and around and around != device) and not here,
        **provenance(sample, sample.series.routes),
    )


def usual_routes(routes: Sequence[Route], chosen: Route, ranges: Sequence[str]) -> Sequence[Route]:
    """Return the routes that lead to the Pods around one: to its Node's range of addresses, or any that is wider."""
    if is_for_one(chosen):
        return [route for route in routes if not is_for_one(route)]
    whole = [cidr for text in ranges if (cidr := network(text))]
    return [route for route in routes if network(route.to) in whole] or [chosen]


def is_for_one(route: Route) -> bool:
    """Tell whether a route is for one address."""
    return route.to.endswith("/128" if ":" in route.to else "/32")


def device_of(sample: Sample, route: Route | None) -> str:
    """Return the interface that a route leaves by; empty if it names none."""
    links = sample.last(sample.series.links)
    return next((link.name for link in links if route and link.index == route.index), "")
