"""The Service that Pods ask for names, and who answers behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.objects import DaemonSet, Deployment, EndpointSlice, Pod, Service, StatefulSet
from bot.cluster.port import Cluster
from bot.cluster.selectors import to_text
from bot.facts.base import Reason
from bot.facts.dns import DnsPod, DnsService
from bot.facts.scope import Scope
from bot.probes.narrow import pods_behind
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import DNS_LABEL, DNS_NAMES, SYSTEM_NAMESPACE, is_dns, path_of
from bot.probes.service import by_service, ready_of
from bot.probes.workload import AnyWorkload, provides, ready, wanted, workloads_of

UDP, TCP = "UDP", "TCP"
"""What lookups go by first, and where an answer is too long for that (RFC 7766)."""
DNS_PORT = 53


@probe(DnsService, reads=(Service, Pod, EndpointSlice, Deployment, StatefulSet, DaemonSet))
async def dns_service(cluster: Cluster, scope: Scope) -> Iterable[DnsService]:
    """Count the Pods and the endpoints behind the cluster's DNS Service."""
    services = await dns_services(cluster, scope)
    pods = await pods_behind(cluster, services)
    workloads = await workloads_of(cluster, SYSTEM_NAMESPACE)
    endpoints = by_service(await cluster.list(EndpointSlice, namespace=SYSTEM_NAMESPACE))
    return [
        fact_of(
            service,
            server_of(service, workloads),
            selected=len(pods.selected_by(service)),
            endpoints=len(ready_of(endpoints.get((SYSTEM_NAMESPACE, service.metadata.name), []))),
        )
        for service in services
    ]


@probe(DnsPod, reads=(Service, Pod))
async def dns_pod(cluster: Cluster, scope: Scope) -> Iterable[DnsPod]:
    """Tell which Nodes the Pods behind the DNS Service run on, and whether they are ready."""
    services = await dns_services(cluster, scope)
    pods = await pods_behind(cluster, services)
    return [
        DnsPod(
            namespace=pod.metadata.namespace,
            name=pod.metadata.name,
            service=service.metadata.name,
            node=pod.spec.node_name,
            ready=pod.ready,
            source=path_of(pod),
        )
        for service in services
        for pod in pods.selected_by(service)
    ]


async def dns_services(cluster: Cluster, scope: Scope) -> list[Service]:
    """Return the DNS Services.

    Raises:
        CannotTell: There is none, or no name is looked up on the way.
    """
    services = [item for item in await cluster.list(Service, namespace=SYSTEM_NAMESPACE) if is_dns(item)]
    named = {service.name for service in scope.services if service.namespace == SYSTEM_NAMESPACE}
    if not scope.dns and not any(service.metadata.name in named for service in services):
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom names an address, so no name is looked up")
    if not services:
        raise CannotTell(Reason.UNRECOGNISED, f"no DNS Service found in {SYSTEM_NAMESPACE}")
    return services


def fact_of(service: Service, server: AnyWorkload | None, *, selected: int, endpoints: int) -> DnsService:
    """Return what there is to know of one DNS Service."""
    port = next((port for port in service.spec.ports if port.protocol == UDP), None)
    target = (port.target_port or port.port) if port else ""
    declared = udp_ports(server) if server else {}
    return DnsService(
        namespace=service.metadata.namespace,
        name=service.metadata.name,
        cluster_ip=service.spec.cluster_ip,
        selector=to_text(service.spec.selector),
        selected_pods=selected,
        ready_endpoints=endpoints,
        workload=server.metadata.name if server else "",
        workload_type=type(server).__name__ if server else "",
        wanted_replicas=wanted(server) if server else 0,
        ready_replicas=ready(server) if server else 0,
        pod_labels=to_text(server.spec.template.metadata.labels) if server else "",
        selects_workload=server is not None and provides(server, service),
        target_port=str(target),
        declared_port=next(iter(declared)) if len(declared) == 1 else 0,
        misdirected=bool(port and declared) and target not in {*declared, *declared.values()},
        udp=has_port(service, UDP),
        tcp=has_port(service, TCP),
        source=f"{path_of(service)}, its Pods, EndpointSlices and workload",
    )


def has_port(service: Service, protocol: str) -> bool:
    """Tell whether a Service can be asked for names by a protocol."""
    return any((port.port, port.protocol) == (DNS_PORT, protocol) for port in service.spec.ports)


def udp_ports(server: AnyWorkload) -> dict[int, str]:
    """Return the UDP ports that a workload's containers declare, with their names."""
    containers = server.spec.template.spec.containers
    return {port.container_port: port.name for one in containers for port in one.ports if port.protocol == UDP}


def server_of(service: Service, workloads: Sequence[AnyWorkload]) -> AnyWorkload | None:
    """Return the workload that runs the DNS Pods: the one the Service selects, else one labelled or named for DNS."""
    key, value = DNS_LABEL
    return next(
        (
            item
            for fits in (
                lambda item: provides(item, service),
                lambda item: item.spec.template.metadata.labels.get(key) == value,
                lambda item: item.metadata.name in (service.metadata.name, *DNS_NAMES),
            )
            for item in workloads
            if fits(item)
        ),
        None,
    )
