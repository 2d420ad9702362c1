"""Nodes: what becomes of packets to a Service's address where nothing translates it before they are routed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.objects import Node, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.routes import ServiceWay
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.node.sampled import Sample
from bot.node.targets import has_address
from bot.probes.counters import provenance
from bot.probes.node import each_node
from bot.probes.peer import best_route, network
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import SYSTEM_NAMESPACE, find_services, is_dns

SERVICES_LOOKED_UP = 20
"""Services whose addresses are looked up in one diagnosis (ours): one route leads to all of them, as a rule."""
IPVS_DEVICE = "kube-ipvs0"
"""kube-proxy's, which holds every Service's address in the mode ipvs (pkg/proxy/ipvs, DefaultDummyDevice)."""


@probe(ServiceWay, reads=(Node, Service), helper=True)
async def service_way(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Look up, on each Node of the path, the routes to the Services' addresses, and who holds them."""
    try:
        services = [service for service in await find_services(cluster, scope) if has_address(service)]
    except CannotTell:
        if not scope.dns:
            raise
        services = []
    if scope.dns:
        services += [item for item in await cluster.list(Service, namespace=SYSTEM_NAMESPACE) if is_dns(item)]
    wanted = list({service.spec.cluster_ip: service for service in services}.values())[:SERVICES_LOOKED_UP]
    return await each_node(cluster, scope, ServiceWay, lambda sample: ways_of(sample, wanted), ask=samples)


def ways_of(sample: Sample, services: Sequence[Service]) -> list[Fact]:
    """Return the way of one Node to each address."""
    series = sample.series
    names = {link.index: link.name for link in sample.last(series.links)}
    held = {one.ip: names.get(one.index, "") for one in sample.last(series.addresses)}
    routes = sample.last(series.routes)
    found: list[Fact] = []
    for service in services:
        address = service.spec.cluster_ip
        alone = network(address)
        route = best_route(routes, alone) if alone else None
        holder = held.get(address, "")
        found.append(
            ServiceWay(
                node=sample.node,
                namespace=service.metadata.namespace,
                service=service.metadata.name,
                address=address,
                route=route.to if route else "",
                type=route.type if route else "",
                refuses=route is not None and route.type != "unicast",
                held_by="" if holder == IPVS_DEVICE else holder,
                **provenance(sample, series.routes),
            )
        )
    return found
