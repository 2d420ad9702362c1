"""Services and their EndpointSlices."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster import redact
from bot.cluster.objects.base import AnnotatedMeta, Object, Part, Resource


class ServicePortSpec(Part, frozen=True, kw_only=True):
    name: str = ""
    protocol: str = "TCP"
    port: int = 0
    target_port: int | str = 0
    node_port: int = 0
    app_protocol: str = ""


class ServiceSpec(Part, frozen=True, kw_only=True):
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    selector: dict[str, str] = {}
    ports: tuple[ServicePortSpec, ...] = ()
    external_name: str = ""
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    publish_not_ready_addresses: bool = False
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    session_affinity: str = "None"
    load_balancer_source_ranges: tuple[str, ...] = ()
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = ""

    def __post_init__(self) -> None:
        if self.cluster_ip not in ("", "None") and not redact.address(self.cluster_ip):
            msgspec.structs.force_setattr(self, "cluster_ip", "")


class LoadBalancerIngress(Part, frozen=True, kw_only=True):
    ip: str = ""
    ip_mode: str = "VIP"
    """``Proxy``: Nodes leave connections to the address to the load balancer."""
    hostname: str = ""


class LoadBalancerStatus(Part, frozen=True, kw_only=True):
    ingress: tuple[LoadBalancerIngress, ...] = ()


class ExternalStatus(Part, frozen=True, kw_only=True):
    """Of a Service or an Ingress: where it is reached from outside."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "services")

    spec: ServiceSpec = ServiceSpec()
    status: ExternalStatus = ExternalStatus()


class EndpointConditions(Part, frozen=True, kw_only=True):
    # discovery/v1: a missing ready condition is to be read as true.
    ready: bool = True


class TargetRef(Part, frozen=True, kw_only=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""


class Endpoint(Part, frozen=True, kw_only=True):
    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef = TargetRef()
    node_name: str = ""
    topology: dict[str, str] = {}
    """Of v1beta1, which names the Node here only; kept as ``node_name``."""

    def __post_init__(self) -> None:
        if self.topology:
            node = self.node_name or self.topology.get("kubernetes.io/hostname", "")
            msgspec.structs.force_setattr(self, "node_name", node)
            msgspec.structs.force_setattr(self, "topology", {})


class EndpointPort(Part, frozen=True, kw_only=True):
    name: str = ""
    protocol: str = "TCP"
    port: int = 0


class EndpointSlice(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("discovery.k8s.io", ("v1", "v1beta1"), "endpointslices")

    metadata: AnnotatedMeta = AnnotatedMeta()
    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()
    triggered_at: str = ""
    """When the newest change it shows happened, of a Pod or the Service; empty where its writer does not say."""

    def __post_init__(self) -> None:
        said = self.metadata.annotations
        if said:
            when = redact.time(said.get("endpoints.kubernetes.io/last-change-trigger-time", ""))
            msgspec.structs.force_setattr(self, "triggered_at", when)
            msgspec.structs.force_setattr(self.metadata, "annotations", {})
