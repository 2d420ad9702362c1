"""Gateway API: gateways, their routes, and what routes may refer to."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster.objects.base import Condition, LabelSelector, Object, Part, Resource

GROUP = "gateway.networking.k8s.io"
CORE = ("v1", "v1beta1")


class GatewayClassSpec(Part, frozen=True, kw_only=True):
    controller_name: str = ""


class Conditions(Part, frozen=True, kw_only=True):
    conditions: tuple[Condition, ...] = ()


class GatewayClass(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, CORE, "gatewayclasses", namespaced=False, optional=True)

    spec: GatewayClassSpec = GatewayClassSpec()
    status: Conditions = Conditions()


class AllowedNamespaces(Part, frozen=True, kw_only=True):
    # An absent value means Same (Gateway API reference, RouteNamespaces).
    from_: str = msgspec.field(default="Same", name="from")
    selector: LabelSelector = LabelSelector()


class AllowedRoutes(Part, frozen=True, kw_only=True):
    namespaces: AllowedNamespaces = AllowedNamespaces()


class Listener(Part, frozen=True, kw_only=True):
    name: str = ""
    hostname: str = ""
    port: int = 0
    protocol: str = ""
    allowed_routes: AllowedRoutes = AllowedRoutes()


class GatewaySpec(Part, frozen=True, kw_only=True):
    gateway_class_name: str = ""
    listeners: tuple[Listener, ...] = ()


class GatewayAddress(Part, frozen=True, kw_only=True):
    type: str = ""
    value: str = ""


class GatewayStatus(Part, frozen=True, kw_only=True):
    addresses: tuple[GatewayAddress, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Gateway(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, CORE, "gateways", optional=True)

    spec: GatewaySpec = GatewaySpec()
    status: GatewayStatus = GatewayStatus()


class ParentRef(Part, frozen=True, kw_only=True):
    group: str = GROUP
    kind: str = "Gateway"
    namespace: str = ""
    name: str = ""
    section_name: str = ""
    port: int = 0


class BackendRef(Part, frozen=True, kw_only=True):
    group: str = ""
    kind: str = "Service"
    namespace: str = ""
    name: str = ""
    port: int = 0
    weight: int = 1


class PathMatch(Part, frozen=True, kw_only=True):
    type: str = "PathPrefix"
    value: str = "/"


class RouteMatch(Part, frozen=True, kw_only=True):
    """Of a gRPC route no path is written."""

    path: PathMatch = PathMatch()


class RouteRule(Part, frozen=True, kw_only=True):
    matches: tuple[RouteMatch, ...] = ()
    backend_refs: tuple[BackendRef, ...] = ()


class RouteSpec(Part, frozen=True, kw_only=True):
    parent_refs: tuple[ParentRef, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[RouteRule, ...] = ()


class RouteParent(Part, frozen=True, kw_only=True):
    parent_ref: ParentRef = ParentRef()
    conditions: tuple[Condition, ...] = ()


class RouteStatus(Part, frozen=True, kw_only=True):
    parents: tuple[RouteParent, ...] = ()


class Route(Object, frozen=True, kw_only=True):
    """What all kinds of route have."""

    spec: RouteSpec = RouteSpec()
    status: RouteStatus = RouteStatus()


class HTTPRoute(Route, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, CORE, "httproutes", optional=True)


class GRPCRoute(Route, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, ("v1", "v1alpha2"), "grpcroutes", optional=True)


class TCPRoute(Route, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, ("v1", "v1alpha2"), "tcproutes", optional=True)


class TLSRoute(Route, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, ("v1", "v1alpha3", "v1alpha2"), "tlsroutes", optional=True)


class GrantFrom(Part, frozen=True, kw_only=True):
    group: str = ""
    kind: str = ""
    namespace: str = ""


class GrantTo(Part, frozen=True, kw_only=True):
    group: str = ""
    kind: str = ""
    name: str = ""


class GrantSpec(Part, frozen=True, kw_only=True):
    from_: tuple[GrantFrom, ...] = msgspec.field(default=(), name="from")
    to: tuple[GrantTo, ...] = ()


class ReferenceGrant(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, ("v1", "v1beta1", "v1alpha2"), "referencegrants", optional=True)

    spec: GrantSpec = GrantSpec()
