"""Gateways that workloads run themselves: where the routes in their ConfigMaps lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.objects import ConfigMap, ConfiguredRoute, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.ingress import GatewayRoute
from bot.facts.scope import Scope, Subject
from bot.probes.configuration import config_maps
from bot.probes.namesake import namesake_of
from bot.probes.probe import probe
from bot.probes.reading import owner_of, path_of, pods_in


@probe(GatewayRoute, reads=(Pod, ConfigMap, Service))
async def gateway_route(cluster: Cluster, scope: Scope) -> Iterable[GatewayRoute]:
    """Follow the routes in the ConfigMaps of the workloads that are reached for."""
    if not scope.backends or scope.cluster_wide:
        return []
    found: dict[tuple[Subject, str, ConfiguredRoute], GatewayRoute] = {}
    for pod in (await pods_in(cluster, scope)).named(scope.backends):
        maps = await config_maps(cluster, pod.metadata.namespace, pod.config_maps)
        if not any(item.routes for item in maps.values()):
            continue
        services = [item.metadata.name for item in await cluster.list(Service, namespace=pod.metadata.namespace)]
        for item in maps.values():
            for route in item.routes:
                key = (owner_of(pod), item.metadata.name, route)
                found[key] = fact_of(owner_of(pod), item, route, services=services, asked=scope.url_path)
    return list(found.values())


def fact_of(
    owner: Subject, item: ConfigMap, route: ConfiguredRoute, *, services: Sequence[str], asked: str
) -> GatewayRoute:
    """Return where one route leads."""
    service = service_of(route.host, owner.namespace)
    prefix = route.path.rstrip("*").rstrip("/")
    return GatewayRoute(
        namespace=owner.namespace,
        workload=owner.name,
        workload_type=owner.kind,
        config_map=item.metadata.name,
        key=route.where,
        path=route.path,
        asked=not asked or asked.rstrip("/") == prefix or asked.startswith(f"{prefix}/"),
        host=route.host,
        port=route.port,
        service=service if service in services else "",
        namesake=namesake_of(route.path, service, services),
        source=path_of(item),
    )


def service_of(host: str, namespace: str) -> str:
    """Return the name of the Service of a namespace that a host would mean; empty for any other host."""
    name, *rest = host.split(".")
    return name if not rest or (rest[0] == namespace and rest[1:2] in ([], ["svc"])) else ""
