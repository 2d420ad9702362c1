"""Services that claim the address of a Node, and with it a port that somebody else has there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.cluster.objects import Node, Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.facts.entry import ExternalIpClaim
from bot.facts.scope import Scope
from bot.probes.addresses import READS
from bot.probes.headless import settings_in
from bot.probes.probe import probe
from bot.probes.reading import find_services, key_of, path_of, pods_in


@dataclass(frozen=True, kw_only=True)
class OpenPort:
    """A port of Nodes that somebody has: a Pod on its own, a Service on all."""

    owner: Pod | Service
    number: int
    protocol: str

    def is_on(self, node: Node) -> bool:
        """Tell whether it is open on a Node."""
        return isinstance(self.owner, Service) or self.owner.spec.node_name == node.metadata.name

    def is_own(self, service: Service) -> bool:
        """Tell whether a Service leads to the same owner."""
        if isinstance(self.owner, Service):
            return key_of(self.owner) == key_of(service)
        same_place = self.owner.metadata.namespace == service.metadata.namespace
        return same_place and bool(service.spec.selector) and selects(service.spec.selector, self.owner.metadata.labels)


@probe(ExternalIpClaim, reads=(*READS, Node))
async def external_ip_claim(cluster: Cluster, scope: Scope) -> Iterable[ExternalIpClaim]:
    """Find the Services whose externalIPs take from others the ports of Nodes that the symptom reaches for."""
    ports = await open_ports(cluster, scope)
    if not ports:
        return []
    called = {(setting.host, setting.port) for setting in await settings_in(cluster, scope)}
    services = [item for item in await cluster.list(Service) if item.spec.external_ips]
    nodes = await cluster.list(Node) if services else []
    return [
        claim(service, address, node, port)
        for service in services
        for address, node in claimed(service, nodes)
        for port in ports
        if port.is_on(node) and not port.is_own(service) and has_port(service, port)
        if is_asked(scope, node, port) or (address, port.number) in called
    ]


def is_asked(scope: Scope, node: Node, port: OpenPort) -> bool:
    """Tell whether a symptom asks for a port of a Node: it names the port, or a Node and who calls but no target."""
    return (
        scope.cluster_wide
        or scope.port == port.number
        or (names_node_alone(scope) and node.metadata.name in scope.named_nodes)
    )


def names_node_alone(scope: Scope) -> bool:
    """Tell whether all that is said of a target is the Node it is reached on."""
    return bool(scope.named_nodes and scope.clients) and not (scope.backends or scope.services or scope.outside_host)


async def open_ports(cluster: Cluster, scope: Scope) -> list[OpenPort]:
    """Return the hostPorts and nodePorts of what is reached for."""
    every = await pods_in(cluster, scope)
    on_node = [pod for pod in every.all() if pod.spec.node_name in scope.named_nodes]
    pods = on_node if names_node_alone(scope) else every.named(scope.backends)
    services = await find_services(cluster, scope) if scope.services or scope.cluster_wide else []
    return [
        *(
            OpenPort(owner=pod, number=port.host_port, protocol=port.protocol)
            for pod in pods
            for box in pod.spec.containers
            for port in box.ports
            if port.host_port
        ),
        *(
            OpenPort(owner=item, number=port.node_port, protocol=port.protocol)
            for item in services
            for port in item.spec.ports
            if port.node_port
        ),
    ]


def claimed(service: Service, nodes: Iterable[Node]) -> Iterator[tuple[str, Node]]:
    """Yield the addresses of Nodes that a Service claims."""
    for node in nodes:
        own = {item.address for item in node.status.addresses}
        yield from ((address, node) for address in service.spec.external_ips if address in own)


def has_port(service: Service, port: OpenPort) -> bool:
    """Tell whether a Service takes connections to a port under its externalIPs."""
    return any((item.port, item.protocol) == (port.number, port.protocol) for item in service.spec.ports)


def claim(service: Service, address: str, node: Node, port: OpenPort) -> ExternalIpClaim:
    """Return who takes what from whom."""
    return ExternalIpClaim(
        namespace=service.metadata.namespace,
        service=service.metadata.name,
        address=address,
        node=node.metadata.name,
        port=port.number,
        protocol=port.protocol,
        taken_from=f"{type(port.owner).__name__} {'/'.join(key_of(port.owner))}",
        way="nodePort" if isinstance(port.owner, Service) else "hostPort",
        source=f"{path_of(service)}, {path_of(port.owner)}, status.addresses of {node.metadata.name}",
    )
