"""The Gateway API on the way into the cluster: routes by host and name, gateways by address, Services behind both."""

from __future__ import annotations

import asyncio

from bot.cluster.objects import Gateway, GRPCRoute, HTTPRoute, Route, TCPRoute, TLSRoute
from bot.diagnosis.inventory import Inventory, subject_of
from bot.facts.scope import Subject

ROUTES: tuple[type[Route], ...] = (HTTPRoute, GRPCRoute, TLSRoute, TCPRoute)
ROUTE_KINDS = tuple(of.__name__ for of in ROUTES)
ENTRY_KINDS = ("Ingress", *ROUTE_KINDS, "Gateway")
"""Where traffic enters the cluster."""


async def every_route(inventory: Inventory, namespace: str = "") -> list[Route]:
    """Return the routes of all kinds."""
    return [
        item
        for found in await asyncio.gather(*(inventory.read(of, namespace=namespace) for of in ROUTES))
        for item in found
    ]


async def routes_for(inventory: Inventory, host: str) -> tuple[Subject, ...]:
    """Return the routes for a host."""
    routes = await every_route(inventory)
    return tuple(subject_of(item) for item in routes if any(serves(name, host) for name in item.spec.hostnames))


async def at_gateway(inventory: Inventory, address: str) -> tuple[Subject, ...]:
    """Return the gateways that are reached at an address."""
    gateways = await inventory.read(Gateway)
    return tuple(subject_of(item) for item in gateways if any(own.value == address for own in item.status.addresses))


async def services_behind(subject: Subject, inventory: Inventory) -> list[Subject]:
    """Return the Services that a route, or all routes of a gateway, lead to, each once."""
    routes = await every_route(inventory, "" if subject.kind == "Gateway" else subject.namespace)
    taken = [item for item in routes if subject_of(item) == subject or hangs_at(item, subject)]
    backends = ((item, backend) for item in taken for rule in item.spec.rules for backend in rule.backend_refs)
    return list(
        dict.fromkeys(
            Subject("Service", backend.namespace or item.metadata.namespace, backend.name)
            for item, backend in backends
            if backend.kind == "Service"
        )
    )


def hangs_at(route: Route, gateway: Subject) -> bool:
    """Tell whether a route is one of a gateway's."""
    return any(
        Subject(parent.kind, parent.namespace or route.metadata.namespace, parent.name) == gateway
        for parent in route.spec.parent_refs
    )


def serves(rule_host: str, host: str) -> bool:
    """Tell whether a rule is for a host; a wildcard stands for one label."""
    if rule_host.startswith("*."):
        return host.partition(".")[2] == rule_host[2:]
    return rule_host == host
