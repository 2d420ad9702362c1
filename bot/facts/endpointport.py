"""Facts about the ports that EndpointSlices offer for a Service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class EndpointPort(Fact):
    """One port of a Service with endpoints, and whether they have one for it.

    kube-proxy matches a Service's port with an EndpointSlice's by name and protocol. Slices that Kubernetes writes have
    all ports of the Service; those that somebody else writes need not.

    Source: core/v1 Service, discovery.k8s.io EndpointSlice.
    """

    kind: ClassVar[str] = "endpoint_port"

    namespace: str
    service: str
    has_selector: bool
    port: int
    port_name: str
    """``no name`` for a port without."""
    protocol: str
    offered: bool
    offered_ports: str
    """What the EndpointSlices have: ``http (TCP), no name (TCP)``; ``none``."""
    ready_endpoints: int
    managed_by: str
    """Who wrote them, as the label endpointslice.kubernetes.io/managed-by says; ``nobody named``."""
