"""Facts about the Gateway API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class GatewayState(Fact):
    """One Gateway that routes of the symptom's namespaces hang on, or that lies in them.

    Source: gateway.networking.k8s.io Gateway and GatewayClass.
    """

    kind: ClassVar[str] = "gateway_state"

    namespace: str
    name: str
    class_name: str
    class_exists: bool
    controller: str
    """Of the class; empty if that does not exist."""
    accepted: bool
    """By its controller: condition Accepted, or Ready of older ones."""
    programmed: bool
    """Condition Programmed; also true where its controller does not tell that one."""
    reason: str
    """That of the condition that is not true; empty if both are."""
    has_address: bool
    listeners: int


@dataclass(frozen=True, kw_only=True)
class GatewayBackend(Fact):
    """One place that a route of the Gateway API sends requests to, and what stands against that.

    Source: HTTPRoute, GRPCRoute, TLSRoute or TCPRoute, Gateway, ReferenceGrant, Service.
    """

    kind: ClassVar[str] = "gateway_backend"

    namespace: str
    route: str
    route_kind: str
    hostnames: str
    """``shop.example.org``; empty: any."""
    path: str
    """Of the first match; empty where the kind of route has none."""
    asked: bool
    """Host and path of the symptom may lead here; true of a symptom that names none."""
    gateway: str
    """``namespace/name`` of the first parent."""
    gateway_exists: bool
    accepted: bool
    """By the Gateway's controller; also true where none has said anything yet."""
    reason: str
    """Why it is not accepted, or its references not resolved; empty if nothing is said."""
    service_namespace: str
    service: str
    port: int
    service_exists: bool
    port_exists: bool
    service_ports: str
    """``80 (http), 9090``; ``none``."""
    weight: int
    granted: bool
    """Of a Service in another namespace: a ReferenceGrant there allows it."""
