"""Which ways are measured: between which Nodes, through which tunnels, to which ports of Pods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.objects import EndpointSlice, Node, Pod, Service
from bot.cluster.selectors import selects
from bot.node.sampled import Sample
from bot.node.targets import is_address

CLOSED_PORT = 9
"""Discard (RFC 863): a port that refuses. A refusal costs the other host nothing and appears in no log."""
ALL_PAIRS = 4
"""Nodes that are measured each against each; of more, each against the next two (ours): never all against all."""
NEIGHBOURS = 2
PORTS_TRIED = 2
"""Of a Pod's declared ports (ours)."""
MAIN_TABLE = 254
"""linux/rtnetlink.h: RT_TABLE_MAIN."""


def pairs(nodes: Sequence[str]) -> list[tuple[str, str]]:
    """Return which Nodes are measured against which, both ways."""
    if len(nodes) <= ALL_PAIRS:
        return [(one, other) for one in nodes for other in nodes if one != other]
    ring = [(index, (index + step) % len(nodes)) for index in range(len(nodes)) for step in range(1, NEIGHBOURS + 1)]
    return [pair for one, other in ring for pair in ((nodes[one], nodes[other]), (nodes[other], nodes[one]))]


def addresses(nodes: Iterable[Node]) -> dict[str, str]:
    """Return the Nodes' own addresses."""
    found = {}
    for node in nodes:
        own = next((one.address for one in node.status.addresses if one.type == "InternalIP"), "")
        if is_address(own):
            found[node.metadata.name] = own
    return found


def api_servers(slices: Iterable[EndpointSlice]) -> list[tuple[str, int]]:
    """Return where the API servers listen, at most one of them, of the EndpointSlices of namespace ``default``."""
    found = [
        (address, port.port)
        for item in slices
        if item.metadata.labels.get("kubernetes.io/service-name") == "kubernetes" or item.metadata.name == "kubernetes"
        for endpoint in item.endpoints
        for address in endpoint.addresses
        for port in item.ports
        if port.port and is_address(address)
    ]
    return sorted(found)[:1]


def is_reachable(pod: Pod) -> bool:
    """Tell whether a Pod should answer packets at an address of its own."""
    return pod.alive and pod.status.phase == "Running" and is_address(pod.status.pod_ip) and not pod.spec.host_network


def port_in(pod: Pod) -> int:
    """Return a TCP port of a Pod; one that is closed where none is declared."""
    declared = (port for container in pod.spec.containers for port in container.ports if port.protocol == "TCP")
    return next((port.container_port for port in declared if port.container_port), CLOSED_PORT)


def ports_of(pod: Pod, services: Iterable[Service]) -> list[int]:
    """Return the ports that are connected to: declared ones and those that Services lead to, last a closed one."""
    declared = [
        port.container_port
        for container in pod.spec.containers
        for port in container.ports
        if port.protocol == "TCP" and port.container_port
    ]
    led_to = [
        number
        for service in services
        if service.metadata.namespace == pod.metadata.namespace
        and service.spec.selector
        and selects(service.spec.selector, pod.metadata.labels)
        for port in service.spec.ports
        if port.protocol == "TCP" and isinstance(number := port.target_port or port.port, int)
    ]
    return [*list(dict.fromkeys([*led_to, *declared]))[:PORTS_TRIED], CLOSED_PORT]


def tunnel_ends(sample: Sample) -> set[str]:
    """Return where a Node's routes through VXLAN devices lead to next."""
    series = sample.series
    devices = {link.index for link in sample.last(series.links) if link.kind == "vxlan" and not link.external}
    routes = sample.last(series.routes)
    return {
        route.via for route in routes if route.index in devices and route.table == MAIN_TABLE and is_address(route.via)
    }
