"""The ports of a Service and the places behind each, as EndpointSlices list them, for every protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.objects import EndpointSlice, Service
from bot.cluster.port import Cluster
from bot.node.requests import packet, target
from bot.node.targets import PORTS_TRIED, has_address, is_address
from bot.probes.service import SERVICE_NAME_LABEL

SHOWN = 3
"""Addresses named in one sentence (ours)."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """One port of a Service."""

    service: Service
    number: int
    protocol: str
    slices: Sequence[EndpointSlice]
    ready: tuple[str, ...]
    """Where ready endpoints listen."""
    all: frozenset[str]
    """Where endpoints listen, ready or not."""

    @property
    def packet(self) -> str:
        """A first packet to it, as a helper is asked for it."""
        return packet(self.protocol, self.service.spec.cluster_ip, self.number)


async def slices_of(cluster: Cluster, service: Service) -> list[EndpointSlice]:
    """Return the EndpointSlices of a Service."""
    return [
        item
        for item in await cluster.list(EndpointSlice, namespace=service.metadata.namespace)
        if item.metadata.labels.get(SERVICE_NAME_LABEL) == service.metadata.name
    ]


def ports_of(service: Service, slices: Sequence[EndpointSlice]) -> list[Port]:
    """Return the first ports of a Service with an address of its own; none of one without."""
    if not has_address(service) or not is_address(service.spec.cluster_ip):
        return []
    found = []
    for port in service.spec.ports[:PORTS_TRIED]:
        places = list(places_of(slices, port.name, port.protocol))
        found.append(
            Port(
                service=service,
                number=port.port,
                protocol=port.protocol,
                slices=slices,
                ready=tuple(dict.fromkeys(place for place, ready in places if ready)),
                all=frozenset(place for place, _ in places),
            )
        )
    return found


def places_of(slices: Iterable[EndpointSlice], name: str, protocol: str) -> Iterable[tuple[str, bool]]:
    """Yield where the endpoints of a port listen, and whether they are ready."""
    for item in slices:
        numbers = [port.port for port in item.ports if port.name == name and port.protocol == protocol and port.port]
        for endpoint in item.endpoints if numbers and item.address_type != "FQDN" else ():
            for address in endpoint.addresses[:1]:
                if is_address(address):
                    yield target(address, numbers[0]), endpoint.conditions.ready
