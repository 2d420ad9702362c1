"""The ports that EndpointSlices offer, next to those of their Service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.objects import EndpointSlice, Service
from bot.cluster.port import Cluster
from bot.facts.endpointport import EndpointPort
from bot.facts.scope import Scope
from bot.node.targets import has_address
from bot.probes.portslices import slices_of
from bot.probes.probe import probe
from bot.probes.reading import path_of, services_in
from bot.probes.service import ready_of

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
NO_NAME = "no name"


@probe(EndpointPort, reads=(Service, EndpointSlice))
async def endpoint_port(cluster: Cluster, scope: Scope) -> Iterable[EndpointPort]:
    """Look for each port of the symptom's Services in their EndpointSlices."""
    services = [service for service in await services_in(cluster, scope) if has_address(service)]
    return [fact for service in services for fact in ports_of(service, await slices_of(cluster, service))]


def ports_of(service: Service, slices: Sequence[EndpointSlice]) -> list[EndpointPort]:
    """Return the ports of one Service; none where no endpoint is ready."""
    ready = len(ready_of([endpoint for one in slices for endpoint in one.endpoints]))
    offered = {(port.name, port.protocol) for one in slices for port in one.ports}
    writers = sorted({one.metadata.labels.get(MANAGED_BY, "nobody named") for one in slices})
    return [
        EndpointPort(
            namespace=service.metadata.namespace,
            service=service.metadata.name,
            has_selector=bool(service.spec.selector),
            port=port.port,
            port_name=port.name or NO_NAME,
            protocol=port.protocol,
            offered=(port.name, port.protocol) in offered,
            offered_ports=", ".join(f"{name or NO_NAME} ({protocol})" for name, protocol in sorted(offered)) or "none",
            ready_endpoints=ready,
            managed_by=", ".join(writers),
            source=f"{path_of(service)} and its EndpointSlices",
        )
        for port in service.spec.ports
        if ready
    ]
