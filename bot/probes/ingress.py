"""Ingresses: who serves them, where their paths lead, and what stands against that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.cluster.objects import Ingress, IngressBackend, IngressClass, IngressHostRule, IngressPath, Service
from bot.cluster.port import Cluster
from bot.facts.ingress import IngressRoute, IngressState
from bot.facts.scope import Scope
from bot.probes.misspelling import is_misspelt
from bot.probes.namesake import namesake_of
from bot.probes.probe import probe
from bot.probes.reading import namespaces_in, path_of

WORDS_LENGTH = 200
EXACT = "Exact"


@dataclass(frozen=True, kw_only=True)
class Route:
    """One path of an Ingress."""

    host: str
    path: IngressPath

    @property
    def service(self) -> str:
        """The name of the Service it leads to; empty for a backend that is none."""
        return self.path.backend.service.name

    @property
    def key(self) -> tuple[str, str]:
        """What no two routes should share."""
        return self.host, self.path.path


class Rivals:
    """Which Ingresses of one class take the same host and path; canaries are meant to."""

    def __init__(self, every: Iterable[Ingress]) -> None:
        """Sort the paths of all Ingresses."""
        self._taken: dict[tuple[str, str, str], list[tuple[str, str, str]]] = defaultdict(list)
        for item in (item for item in every if not item.canary):
            for route in routes_of(item):
                self._taken[class_of(item), *route.key].append((*key_of(item), route.service))

    def of(self, item: Ingress, route: Route) -> tuple[str, str]:
        """Return ``namespace/name`` of another Ingress that sends a path to another Service, and to which."""
        own, home = key_of(item), item.metadata.namespace
        taken = self._taken[class_of(item), *route.key] if route.path.path and not item.canary else []
        for namespace, name, service in taken:
            if (namespace, name) != own and (namespace, service) != (home, route.service):
                return f"{namespace}/{name}", service
        return "", ""


@probe(IngressState, reads=(Ingress, IngressClass))
async def ingress_state(cluster: Cluster, scope: Scope) -> Iterable[IngressState]:
    """Tell of each Ingress of the symptom's namespaces which class it asks for, and whether a controller took it."""
    found = await ingresses_in(cluster, scope)
    if not found:
        return []
    classes = {item.metadata.name: item for item in await cluster.list(IngressClass)}
    served: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for item in await cluster.list(Ingress):
        if item.status.load_balancer.ingress:
            served[class_of(item)].add(key_of(item))
    return [state_of(item, classes, served, scope) for item in found]


@probe(IngressRoute, reads=(Ingress, Service))
async def ingress_route(cluster: Cluster, scope: Scope) -> Iterable[IngressRoute]:
    """Follow each path of each Ingress of the symptom's namespaces to its Service."""
    found = sorted(await ingresses_in(cluster, scope), key=key_of)
    rivals = Rivals(await cluster.list(Ingress) if found else [])
    facts: list[IngressRoute] = []
    for item in found:
        services = {s.metadata.name: s for s in await cluster.list(Service, namespace=item.metadata.namespace)}
        asked = asked_for(item, scope)
        facts += [route_of(item, route, services, rivals, asked=route in asked) for route in routes_of(item)]
    return [once(fact, facts[:at]) for at, fact in enumerate(facts)]


def once(fact: IngressRoute, before: Sequence[IngressRoute]) -> IngressRoute:
    """Return a route without a rival that tells of the same two Ingresses itself."""
    own = (f"{fact.namespace}/{fact.ingress}", fact.host, fact.path, fact.rival)
    told = any((each.rival, each.host, each.path, f"{each.namespace}/{each.ingress}") == own for each in before)
    return replace(fact, rival="", rival_service="") if told else fact


async def ingresses_in(cluster: Cluster, scope: Scope) -> list[Ingress]:
    """Return the Ingresses the symptom is about, else those of its namespaces."""
    found = [item for namespace in namespaces_in(scope) for item in await cluster.list(Ingress, namespace=namespace)]
    named = {(s.namespace, s.name) for s in scope.subjects if s.kind == "Ingress"}
    return [item for item in found if not named or (item.metadata.namespace, item.metadata.name) in named]


def state_of(
    item: Ingress, classes: Mapping[str, IngressClass], served: Mapping[str, set[tuple[str, str]]], scope: Scope
) -> IngressState:
    """Return who is to serve an Ingress."""
    name = class_of(item)
    own = rules_for(item.spec.rules, host_meant(item, scope.url_host))
    return IngressState(
        namespace=item.metadata.namespace,
        name=item.metadata.name,
        class_name=name,
        class_annotated=bool(name) and not item.spec.ingress_class_name,
        class_exists=name in classes,
        controller=classes[name].spec.controller if name in classes else "",
        classes=", ".join(sorted(classes)) or "none",
        default_class=next((each for each in sorted(classes) if classes[each].is_default), ""),
        has_address=bool(item.status.load_balancer.ingress),
        class_has_address=bool(served.get(name, set()) - {key_of(item)}),
        host=scope.url_host if any(serves(rule.host, scope.url_host) for rule in item.spec.rules) else "",
        asked_host=scope.url_host,
        narrow_path=narrow_path(item, scope),
        near_host=near_host(item, scope.url_host),
        path=scope.url_path,
        path_routed=not scope.url_path or bool(asked_for(item, scope)),
        paths=", ".join(dict.fromkeys(path.path for rule in own for path in rule.http.paths))[:WORDS_LENGTH],
        source=f"{path_of(item)} and the IngressClasses",
    )


def route_of(
    item: Ingress, route: Route, services: Mapping[str, Service], rivals: Rivals, *, asked: bool
) -> IngressRoute:
    """Return where one path leads, and what stands against that."""
    service, backend = services.get(route.service), route.path.backend
    applied = applied_to(item, route)
    rival, elsewhere = rivals.of(item, route)
    return IngressRoute(
        namespace=item.metadata.namespace,
        ingress=item.metadata.name,
        host=route.host,
        path=route.path.path,
        asked=asked,
        service=route.service,
        port=port_of(backend),
        service_exists=service is not None,
        port_exists=service is not None and has_port(service, backend),
        service_type=service.spec.type if service else "",
        service_ports=ports_in_words(service) if service else "none",
        applied_service=applied,
        changed=bool(applied) and applied != route.service,
        namesake=namesake_of(route.path.path, route.service, services),
        rival=rival,
        rival_service=elsewhere,
        source=f"{path_of(item)} and the Services of its namespace",
    )


def class_of(item: Ingress) -> str:
    """Return the class an Ingress asks for."""
    return item.spec.ingress_class_name or item.annotated_class


def key_of(item: Ingress) -> tuple[str, str]:
    """Return namespace and name."""
    return item.metadata.namespace, item.metadata.name


def routes_of(item: Ingress) -> list[Route]:
    """Return all paths that lead to a Service, the default backend last."""
    found = [Route(host=rule.host, path=path) for rule in item.spec.rules for path in rule.http.paths]
    found.append(Route(host="", path=IngressPath(backend=item.spec.default_backend)))
    return [route for route in found if route.service]


def asked_for(item: Ingress, scope: Scope) -> list[Route]:
    """Return the routes that take the symptom's host and path: those of the longest path, an exact one first."""
    host = host_meant(item, scope.url_host)
    rules = rules_for(item.spec.rules, host)
    if not scope.url_path:
        return [route for route in routes_of(item) if not host or any(route.host == r.host for r in rules)]
    paths = [(rule.host, path) for rule in rules for path in rule.http.paths if takes(path, scope.url_path)]
    best = max(((path.path_type == EXACT, len(path.path)) for _, path in paths), default=None)
    if best is None:
        return [route for route in routes_of(item) if not route.path.path and not route.host]
    return [Route(host=host, path=path) for host, path in paths if (path.path_type == EXACT, len(path.path)) == best]


def narrow_path(item: Ingress, scope: Scope) -> str:
    """Return a path that begins like the one that is asked for and does not take it, where ``/`` does."""
    first, taken = first_segment(scope.url_path), {route.path.path for route in asked_for(item, scope)}
    if not first or taken - {"/", ""}:
        return ""
    own = rules_for(item.spec.rules, host_meant(item, scope.url_host))
    paths = [path.path for rule in own for path in rule.http.paths]
    return next((path for path in paths if first_segment(path) == first), "")


def first_segment(path: str) -> str:
    """Return what stands between the first two slashes of a path."""
    return path.strip("/").partition("/")[0]


def rules_for(rules: Sequence[IngressHostRule], host: str) -> Sequence[IngressHostRule]:
    """Return the rules for a host: those that name it, else those for any; all if no host is asked for."""
    if not host:
        return rules
    return [rule for rule in rules if serves(rule.host, host)] or [rule for rule in rules if not rule.host]


def near_host(item: Ingress, host: str) -> str:
    """Return the host of a rule that is another one but for a typing error, where no rule is for that one itself."""
    hosts = [rule.host for rule in item.spec.rules if rule.host]
    if not host or any(serves(each, host) for each in hosts):
        return ""
    return next((each for each in hosts if is_misspelt(each, host)), "")


def host_meant(item: Ingress, host: str) -> str:
    """Return the host that an Ingress has in place of the one that is asked for, if it is misspelt there."""
    return near_host(item, host) or host


def serves(rule_host: str, host: str) -> bool:
    """Tell whether a rule is for a host; a wildcard stands for one label."""
    if rule_host.startswith("*."):
        return host.partition(".")[2] == rule_host[2:]
    return rule_host == host


def takes(path: IngressPath, asked: str) -> bool:
    """Tell whether a path of an Ingress takes that of a request: an exact one, else a prefix by elements."""
    if path.path_type == EXACT:
        return path.path == asked
    prefix = path.path.rstrip("/")
    return asked == prefix or asked.startswith(f"{prefix}/") or not prefix


def applied_to(item: Ingress, route: Route) -> str:
    """Return the Service that a path led to as it was last applied; empty where that is not known."""
    applied = (path for rule in item.applied_rules if rule.host == route.host for path in rule.http.paths)
    return next((path.backend.service.name for path in applied if path.path == route.path.path), "")


def port_of(backend: IngressBackend) -> str:
    """Return the port of a backend as it is written."""
    port = backend.service.port
    return port.name or (str(port.number) if port.number else "")


def has_port(service: Service, backend: IngressBackend) -> bool:
    """Tell whether a Service has the port of a backend. That of an ExternalName Service is not translated."""
    wanted = backend.service.port
    if service.spec.type == "ExternalName" or not (wanted.name or wanted.number):
        return True
    return any(port.name == wanted.name if wanted.name else port.port == wanted.number for port in service.spec.ports)


def ports_in_words(service: Service) -> str:
    """Return a Service's ports as ``80 (http), 9090``."""
    return ", ".join(f"{p.port} ({p.name})" if p.name else str(p.port) for p in service.spec.ports) or "none"
