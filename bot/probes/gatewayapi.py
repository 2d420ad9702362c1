"""The Gateway API: whether Gateways are served, and where routes lead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.objects import (
    Gateway,
    GatewayClass,
    GRPCRoute,
    HTTPRoute,
    Object,
    ReferenceGrant,
    Route,
    Service,
    TCPRoute,
    TLSRoute,
)
from bot.cluster.objects.base import Condition
from bot.cluster.objects.gateway import GROUP, BackendRef, ParentRef, RouteRule
from bot.cluster.port import Cluster
from bot.facts.gateway import GatewayBackend, GatewayState
from bot.facts.scope import Scope
from bot.probes.ingress import ports_in_words
from bot.probes.probe import probe
from bot.probes.reading import key_of, namespaces_in, path_of, served

ROUTES: tuple[type[Route], ...] = (HTTPRoute, GRPCRoute, TLSRoute, TCPRoute)
WITH_PATH = (HTTPRoute,)
WORDS_LENGTH = 200
READS: tuple[type[Object], ...] = (Gateway, *ROUTES)


@dataclass(frozen=True, kw_only=True)
class World:
    """What routes refer to."""

    gateways: dict[tuple[str, str], Gateway]
    services: dict[tuple[str, str], Service]
    grants: Sequence[ReferenceGrant]


@probe(GatewayState, reads=(*READS, GatewayClass))
async def gateway_state(cluster: Cluster, scope: Scope) -> Iterable[GatewayState]:
    """Tell of each Gateway that the symptom's routes hang on whether its controller serves it."""
    places = namespaces_in(scope)
    routes = await routes_in(cluster, places)
    wanted = {of_parent(parent, route) for route in routes for parent in parents_of(route)}
    found = [item for place in places for item in await served(cluster, Gateway, namespace=place)]
    known = {key_of(item): item for item in found}
    for namespace, name in sorted(wanted - set(known)):
        named = await cluster.list(Gateway, namespace=namespace, fields=f"metadata.name={name}")
        known |= {key_of(item): item for item in named}
    if not known:
        return []
    classes = {item.metadata.name: item for item in await served(cluster, GatewayClass)}
    return [state_of(item, classes.get(item.spec.gateway_class_name)) for item in known.values()]


@probe(GatewayBackend, reads=(*READS, ReferenceGrant, Service))
async def gateway_backend(cluster: Cluster, scope: Scope) -> Iterable[GatewayBackend]:
    """Follow each route of the symptom's namespaces to its Gateway and its Services."""
    routes = await routes_in(cluster, namespaces_in(scope))
    if not routes:
        return []
    world = await world_of(cluster, routes)
    return [
        backend_of(route, rule, ref, world, scope)
        for route in routes
        for rule in route.spec.rules
        for ref in rule.backend_refs
        if (ref.kind, ref.group) == ("Service", "")
    ]


async def routes_in(cluster: Cluster, places: Iterable[str]) -> list[Route]:
    """Return the routes of some namespaces."""
    lists = await asyncio.gather(*(served(cluster, of, namespace=place) for place in places for of in ROUTES))
    return [route for routes in lists for route in routes]


async def world_of(cluster: Cluster, routes: Sequence[Route]) -> World:
    """Read the Gateways, Services and grants in the namespaces that routes refer to."""
    above = {of_parent(parent, route)[0] for route in routes for parent in parents_of(route)}
    refs = [(route, ref) for route in routes for rule in route.spec.rules for ref in rule.backend_refs]
    below = {ref.namespace or route.metadata.namespace for route, ref in refs}
    gateways = [item for place in sorted(above) for item in await served(cluster, Gateway, namespace=place)]
    services = [item for place in sorted(below) for item in await cluster.list(Service, namespace=place)]
    crossed = {ref.namespace for route, ref in refs if ref.namespace not in ("", route.metadata.namespace)}
    grants = [item for place in sorted(crossed) for item in await served(cluster, ReferenceGrant, namespace=place)]
    return World(
        gateways={key_of(item): item for item in gateways},
        services={key_of(item): item for item in services},
        grants=grants,
    )


def parents_of(route: Route) -> list[ParentRef]:
    """Return the Gateways that a route hangs on; others, as a mesh's Services, are left out."""
    return [parent for parent in route.spec.parent_refs if (parent.kind, parent.group) == ("Gateway", GROUP)]


def of_parent(parent: ParentRef, route: Route) -> tuple[str, str]:
    """Return namespace and name of a parent."""
    return parent.namespace or route.metadata.namespace, parent.name


def state_of(item: Gateway, its_class: GatewayClass | None) -> GatewayState:
    """Return how one Gateway is."""
    conditions = {condition.type: condition for condition in item.status.conditions}
    accepted = conditions.get("Accepted") or conditions.get("Ready")
    programmed = conditions.get("Programmed")
    bad = next((each for each in (accepted, programmed) if each and each.status != "True"), None)
    return GatewayState(
        namespace=item.metadata.namespace,
        name=item.metadata.name,
        class_name=item.spec.gateway_class_name,
        class_exists=its_class is not None,
        controller=its_class.spec.controller_name if its_class else "",
        accepted=is_true(accepted),
        programmed=programmed is None or is_true(programmed),
        reason=bad.reason if bad else "" if accepted else "nothing said",
        has_address=bool(item.status.addresses),
        listeners=len(item.spec.listeners),
        source=path_of(item),
    )


def is_true(condition: Condition | None) -> bool:
    """Tell whether a condition is there and true."""
    return condition is not None and condition.status == "True"


def backend_of(route: Route, rule: RouteRule, ref: BackendRef, world: World, scope: Scope) -> GatewayBackend:
    """Return where one rule sends requests."""
    home = route.metadata.namespace
    place = ref.namespace or home
    service = world.services.get((place, ref.name))
    parents = parents_of(route)
    above = of_parent(parents[0], route) if parents else ("", "")
    said = [condition for parent in route.status.parents for condition in parent.conditions]
    refused = [c for c in said if c.type in ("Accepted", "ResolvedRefs") and c.status == "False"]
    return GatewayBackend(
        namespace=home,
        route=route.metadata.name,
        route_kind=type(route).__name__,
        hostnames=", ".join(route.spec.hostnames)[:WORDS_LENGTH],
        path=path_in(route, rule),
        asked=is_asked(route, rule, scope),
        gateway="/".join(above) if parents else "",
        gateway_exists=not parents or above in world.gateways,
        accepted=not any(c.type == "Accepted" for c in refused),
        reason=refused[0].reason if refused else "",
        service_namespace=place,
        service=ref.name,
        port=ref.port,
        service_exists=service is not None,
        port_exists=service is not None and (not ref.port or any(p.port == ref.port for p in service.spec.ports)),
        service_ports=ports_in_words(service) if service else "none",
        weight=ref.weight,
        granted=place == home or any(allows(grant, route, ref, place) for grant in world.grants),
        source=f"{path_of(route)}, its Gateway and Services",
    )


def path_in(route: Route, rule: RouteRule) -> str:
    """Return the path of a rule's first match; a rule without any takes all."""
    if not isinstance(route, WITH_PATH):
        return ""
    return rule.matches[0].path.value if rule.matches else "/"


def is_asked(route: Route, rule: RouteRule, scope: Scope) -> bool:
    """Tell whether the symptom's host and path may be this rule's."""
    names = route.spec.hostnames
    if scope.url_host and names and not any(fits(name, scope.url_host) for name in names):
        return False
    if not scope.url_path or not isinstance(route, WITH_PATH) or not rule.matches:
        return True
    return any(takes(match.path.type, match.path.value, scope.url_path) for match in rule.matches)


def fits(name: str, host: str) -> bool:
    """Tell whether a hostname of a route is a host's; a wildcard stands for one label or more."""
    return host.endswith(name[1:]) if name.startswith("*.") else name == host


def takes(kind: str, path: str, asked: str) -> bool:
    """Tell whether a path match takes a request; of a regular expression that is not known, so it may."""
    if kind == "Exact":
        return path == asked
    prefix = path.rstrip("/")
    return kind != "PathPrefix" or asked == prefix or asked.startswith(f"{prefix}/")


def allows(grant: ReferenceGrant, route: Route, ref: BackendRef, place: str) -> bool:
    """Tell whether a ReferenceGrant allows a route to refer to a Service of its namespace."""
    return (
        grant.metadata.namespace == place
        and any(
            (one.group, one.kind, one.namespace) == (GROUP, type(route).__name__, route.metadata.namespace)
            for one in grant.spec.from_
        )
        and any((one.group, one.kind) == ("", "Service") and one.name in ("", ref.name) for one in grant.spec.to)
    )
