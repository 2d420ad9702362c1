"""Ways into the cluster: nodePorts, load balancers, hostPorts, and traffic that has to stay on a Node."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from bot.cluster.objects import Endpoint, EndpointSlice, Node, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.external import LocalTraffic, PodHostPort, ServiceEntry
from bot.facts.scope import Scope
from bot.probes.probe import probe
from bot.probes.reading import find_services, namespaces_in, owner_of, path_of, pods_in
from bot.probes.service import by_service, ready_of

WORDS_LENGTH = 200
LOCAL = "Local"


@probe(LocalTraffic, reads=(Service, EndpointSlice, Node))
async def local_traffic(cluster: Cluster, scope: Scope) -> Iterable[LocalTraffic]:
    """Count, for each Service that keeps traffic to a Node, the endpoints on the Nodes where it is asked for."""
    services = [item for item in await find_services(cluster, scope) if keeps_local(item)]
    if not services:
        return []
    every_node = [node.metadata.name for node in await cluster.list(Node)]
    facts: list[LocalTraffic] = []
    for service, endpoints in await with_endpoints(cluster, scope, services):
        if service.spec.external_traffic_policy == LOCAL:
            by_port = scope.port in node_ports(service) and bool(scope.port)
            asked = scope.named_nodes if by_port else ()
            nodes = asked or without(endpoints, every_node)[:1]
            facts += [traffic(service, endpoints, node, scope, asked=node in asked) for node in nodes]
        if service.spec.internal_traffic_policy == LOCAL:
            facts += [traffic(service, endpoints, node, scope, internal=True) for node in scope.client_nodes]
    return facts


@probe(ServiceEntry, reads=(Service, Pod))
async def service_entry(cluster: Cluster, scope: Scope) -> Iterable[ServiceEntry]:
    """Tell how Services are reached from outside, and which publish Pods that are not ready."""
    services = [item for item in await find_services(cluster, scope) if is_entry(item)]
    if not services:
        return []
    every_pod = await pods_in(cluster, scope)
    return [entry(service, every_pod.selected_by(service), scope) for service in services]


@probe(PodHostPort, reads=(Pod,))
async def pod_host_port(cluster: Cluster, scope: Scope) -> Iterable[PodHostPort]:
    """Find the hostPorts of the Pods that are reached for."""
    return [port for _, port in await host_ports_in(cluster, scope)]


async def host_ports_in(cluster: Cluster, scope: Scope) -> list[tuple[Pod, PodHostPort]]:
    """Return the Pods that are reached for with each of their hostPorts."""
    if not scope.backends and not scope.cluster_wide:
        return []
    every_pod = await pods_in(cluster, scope)
    pods = every_pod.named(scope.backends)
    return [
        (pod, open_port(pod, number, every_pod.of(pod.metadata.namespace), scope))
        for pod in pods
        for number in sorted({p.host_port for c in pod.spec.containers for p in c.ports if p.host_port})
    ]


def keeps_local(service: Service) -> bool:
    """Tell whether a Service sends some traffic to endpoints on the same Node only."""
    return LOCAL in (service.spec.external_traffic_policy, service.spec.internal_traffic_policy)


def is_entry(service: Service) -> bool:
    """Tell whether a Service is reached from outside, or publishes Pods that are not ready."""
    return service.spec.type in ("NodePort", "LoadBalancer") or service.spec.publish_not_ready_addresses


async def with_endpoints(
    cluster: Cluster, scope: Scope, services: Sequence[Service]
) -> list[tuple[Service, list[Endpoint]]]:
    """Return Services with their endpoints."""
    slices = [s for place in namespaces_in(scope) for s in await cluster.list(EndpointSlice, namespace=place)]
    found = by_service(slices)
    return [(item, found.get((item.metadata.namespace, item.metadata.name), [])) for item in services]


def without(endpoints: Iterable[Endpoint], nodes: Iterable[str]) -> list[str]:
    """Return the Nodes that have no ready endpoint."""
    taken = {endpoint.node_name for endpoint in endpoints if endpoint.conditions.ready}
    return [node for node in nodes if node not in taken]


def traffic(
    service: Service,
    endpoints: Sequence[Endpoint],
    node: str,
    scope: Scope,
    *,
    asked: bool = True,
    internal: bool = False,
) -> LocalTraffic:
    """Return what one Node has of a Service."""
    ready = [endpoint for endpoint in endpoints if endpoint.conditions.ready]
    ports = node_ports(service)
    port = scope.port if scope.port in ports else next(iter(ports), 0)
    return LocalTraffic(
        namespace=service.metadata.namespace,
        service=service.metadata.name,
        type=service.spec.type,
        way="internal" if internal else "external",
        node=node,
        asked=asked,
        port_named=not internal and scope.port in ports,
        node_port=0 if internal else port,
        local_endpoints=len(ready_of(endpoint for endpoint in ready if endpoint.node_name == node)),
        endpoints=len(ready_of(ready)),
        nodes_with_endpoints=", ".join(sorted({e.node_name for e in ready if e.node_name}))[:WORDS_LENGTH] or "none",
        source=f"{path_of(service)} and its EndpointSlices",
    )


def entry(service: Service, pods: Sequence[Pod], scope: Scope) -> ServiceEntry:
    """Return how a Service is reached."""
    ports = node_ports(service)
    known = {port.port for port in service.spec.ports} | set(ports)
    return ServiceEntry(
        namespace=service.metadata.namespace,
        name=service.metadata.name,
        type=service.spec.type,
        node_ports=", ".join(map(str, ports)),
        port_named=scope.port,
        port_known=not scope.port or scope.port in known,
        external_policy=service.spec.external_traffic_policy,
        has_address=bool(service.status.load_balancer.ingress),
        source_ranges=", ".join(service.spec.load_balancer_source_ranges)[:WORDS_LENGTH],
        session_affinity=service.spec.session_affinity,
        publishes_not_ready=service.spec.publish_not_ready_addresses,
        not_ready_pods=sum(not pod.ready for pod in pods),
        client_named=bool(scope.clients),
        source=f"{path_of(service)} and its Pods",
    )


def node_ports(service: Service) -> list[int]:
    """Return the nodePorts of a Service."""
    return [port.node_port for port in service.spec.ports if port.node_port]


def open_port(pod: Pod, number: int, pods: Sequence[Pod], scope: Scope) -> PodHostPort:
    """Return one hostPort of a Pod."""
    port = next(p for c in pod.spec.containers for p in c.ports if p.host_port == number)
    asked = scope.named_nodes[0] if len(scope.named_nodes) == 1 and scope.port == number else ""
    there = {twin.spec.node_name for twin in pods if owner_of(twin) == owner_of(pod) and has_port(twin, number)}
    return PodHostPort(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        node=pod.spec.node_name,
        host_port=number,
        container_port=port.container_port,
        protocol=port.protocol,
        host_ip=port.host_ip,
        ready=pod.ready,
        named_node=asked,
        on_named_node=not asked or asked in there,
        loopback=is_loopback(port.host_ip),
        source=path_of(pod),
    )


def has_port(pod: Pod, number: int) -> bool:
    """Tell whether a Pod has a hostPort."""
    return any(port.host_port == number for container in pod.spec.containers for port in container.ports)


def is_loopback(address: str) -> bool:
    """Tell whether an address is one of the loopback device; an empty one is every address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
