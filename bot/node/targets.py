"""What helpers are asked about: names and servers of the cluster's DNS, addresses of Services and what is behind."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.objects import Container, EndpointSlice, Pod, Service
from bot.node.requests import question, target

SYSTEM_NAMESPACE = "kube-system"

DNS_LABEL = ("k8s-app", "kube-dns")
"""kubeadm, k3s, RKE2, EKS, GKE and AKS all label the DNS Service so, whatever answers behind it."""
DNS_NAMES = ("kube-dns", "coredns")

DNS_DOMAIN = "cluster.local"
"""Where the DNS servers' settings name no other (kubelet's clusterDomain, by default of all installers)."""

DNS_SERVERS_TRIED = 4
"""Pods behind the DNS Service that are asked (ours)."""
ENDPOINTS_TRIED = 3
"""Endpoints of a Service's port that are connected to (ours), besides those that are no Pods."""
STRANGERS_TRIED = 5
"""Endpoints that are no Pods (ours)."""
PORTS_TRIED = 4
"""Ports of a Service (ours)."""
DNS_PORT = 53
NOBODY = "netmedic-asks-for-nobody"
"""A name that no Service has: whoever answers it answers anything."""


def domain_names(domain: str) -> tuple[str, str]:
    """Return the names that tell how a DNS server does: one that every cluster has, and one that none has."""
    return f"kubernetes.default.svc.{domain}", f"{NOBODY}.default.svc.{domain}"


def service_name(service: Service, domain: str) -> str:
    """Return the full name of a Service."""
    return f"{service.metadata.name}.{service.metadata.namespace}.svc.{domain}"


def is_dns(service: Service) -> bool:
    """Tell whether this is the Service that Pods ask for names."""
    if service.metadata.namespace != SYSTEM_NAMESPACE:
        return False
    key, value = DNS_LABEL
    return service.metadata.labels.get(key) == value or service.metadata.name in DNS_NAMES


def has_address(service: Service) -> bool:
    """Tell whether a Service has an address of its own, which kube-proxy translates and DNS answers."""
    return service.spec.cluster_ip not in ("", "None") and service.spec.type != "ExternalName"


def dns_servers(service: Service, pods: Iterable[Pod]) -> dict[str, Pod | None]:
    """Return where the DNS can be asked: the Service's address (None), and the Pods behind it."""
    found: dict[str, Pod | None] = {}
    ports = [port for port in service.spec.ports if port.protocol == "UDP"]
    if has_address(service) and ports:
        found[target(service.spec.cluster_ip, ports[0].port)] = None
    running = [pod for pod in pods if pod.alive and pod.status.phase == "Running" and pod.status.pod_ip]
    for pod in sorted(running, key=lambda pod: (not pod.ready, pod.metadata.name))[:DNS_SERVERS_TRIED]:
        number = container_port(ports[0].target_port or ports[0].port, pod.spec.containers) if ports else DNS_PORT
        if number and is_address(pod.status.pod_ip):
            found[target(pod.status.pod_ip, number)] = pod
    return found


def container_port(wanted: int | str, containers: Iterable[Container]) -> int:
    """Return the number of a targetPort; 0 for a name that no container declares for UDP."""
    if isinstance(wanted, int):
        return wanted
    named = (port for container in containers for port in container.ports if port.protocol == "UDP")
    return next((port.container_port for port in named if port.name == wanted), 0)


def questions(servers: Iterable[str], names: Sequence[str]) -> set[str]:
    """Return all names asked of all servers."""
    return {question(server, name) for server in servers for name in names}


@dataclass(frozen=True, kw_only=True)
class Behind:
    """One endpoint of a Service's port, as an EndpointSlice lists it."""

    target: str
    address: str
    port: int
    endpoint_slice: str
    pod: str
    """Empty for an endpoint that is no Pod."""


@dataclass(frozen=True, kw_only=True)
class Front:
    """A TCP port of a Service, and the ready endpoints behind it that are connected to."""

    target: str
    port: int
    ready: int
    behind: tuple[Behind, ...]

    @property
    def targets(self) -> set[str]:
        """All addresses to connect to."""
        return {self.target, *(one.target for one in self.behind)}


def fronts(service: Service, slices: Iterable[EndpointSlice]) -> list[Front]:
    """Return the TCP ports of a Service with what is behind each; none of a Service without an address."""
    if not has_address(service) or not is_address(service.spec.cluster_ip):
        return []
    known = list(slices)
    found = []
    for port in [port for port in service.spec.ports if port.protocol == "TCP"][:PORTS_TRIED]:
        behind = list(dict.fromkeys(endpoints(known, port.name)))
        pods = [one for one in behind if one.pod]
        strangers = [one for one in behind if not one.pod]
        found.append(
            Front(
                target=target(service.spec.cluster_ip, port.port),
                port=port.port,
                ready=len(behind),
                behind=(*pods[:ENDPOINTS_TRIED], *strangers[:STRANGERS_TRIED]),
            )
        )
    return found


def endpoints(slices: Iterable[EndpointSlice], port_name: str) -> Iterable[Behind]:
    """Yield the ready endpoints of a port, in the order of the slices' names."""
    for item in sorted(slices, key=lambda item: item.metadata.name):
        numbers = [port.port for port in item.ports if port.name == port_name and port.protocol == "TCP" and port.port]
        for endpoint in item.endpoints if numbers and item.address_type != "FQDN" else ():
            if not endpoint.conditions.ready or not endpoint.addresses or not is_address(endpoint.addresses[0]):
                continue
            yield Behind(
                target=target(endpoint.addresses[0], numbers[0]),
                address=endpoint.addresses[0],
                port=numbers[0],
                endpoint_slice=item.metadata.name,
                pod=endpoint.target_ref.name if endpoint.target_ref.kind == "Pod" else "",
            )


def is_address(text: str) -> bool:
    """Tell whether a helper can be asked to connect there."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_multicast or address.is_unspecified)
