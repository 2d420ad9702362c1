"""Cilium's own objects: its Nodes and its policies."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster.objects.base import LabelSelector, Object, Part, Resource

GROUP = "cilium.io"


class CiliumAddress(Part, frozen=True, kw_only=True):
    type: str = ""
    ip: str = ""


class CiliumNodeSpec(Part, frozen=True, kw_only=True):
    addresses: tuple[CiliumAddress, ...] = ()


class CiliumNode(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, ("v2",), "ciliumnodes", namespaced=False, optional=True)

    spec: CiliumNodeSpec = CiliumNodeSpec()


class CiliumPort(Part, frozen=True, kw_only=True):
    port: int | str = ""
    end_port: int = 0
    protocol: str = "ANY"


class Unread(Part, frozen=True, kw_only=True):
    """That it is there is all that is kept."""


class CiliumPortRule(Part, frozen=True, kw_only=True):
    ports: tuple[CiliumPort, ...] = ()
    rules: Unread | None = None
    """Rules about requests (L7)."""
    server_names: tuple[str, ...] = ()
    listener: Unread | None = None
    terminating_tls: Unread | None = msgspec.field(default=None, name="terminatingTLS")
    originating_tls: Unread | None = msgspec.field(default=None, name="originatingTLS")


class CiliumCidrRule(Part, frozen=True, kw_only=True):
    cidr: str = ""
    cidr_group_ref: str = ""
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")


class CiliumRule(Part, frozen=True, kw_only=True):
    """One rule of a direction; the other direction's fields stay empty. None: not written, which means no limit."""

    from_endpoints: tuple[LabelSelector, ...] | None = None
    to_endpoints: tuple[LabelSelector, ...] | None = None
    from_cidr: tuple[str, ...] | None = msgspec.field(default=None, name="fromCIDR")
    to_cidr: tuple[str, ...] | None = msgspec.field(default=None, name="toCIDR")
    from_cidr_set: tuple[CiliumCidrRule, ...] | None = msgspec.field(default=None, name="fromCIDRSet")
    to_cidr_set: tuple[CiliumCidrRule, ...] | None = msgspec.field(default=None, name="toCIDRSet")
    from_entities: tuple[str, ...] | None = None
    to_entities: tuple[str, ...] | None = None
    to_ports: tuple[CiliumPortRule, ...] | None = None
    icmps: tuple[Unread, ...] | None = None
    from_requires: tuple[LabelSelector, ...] | None = None
    to_requires: tuple[LabelSelector, ...] | None = None
    from_groups: tuple[Unread, ...] | None = None
    to_groups: tuple[Unread, ...] | None = None
    from_nodes: tuple[LabelSelector, ...] | None = None
    to_nodes: tuple[LabelSelector, ...] | None = None
    to_fqdns: tuple[Unread, ...] | None = msgspec.field(default=None, name="toFQDNs")
    to_services: tuple[Unread, ...] | None = None
    authentication: Unread | None = None


class DefaultDeny(Part, frozen=True, kw_only=True):
    ingress: bool | None = None
    egress: bool | None = None


class CiliumPolicySpec(Part, frozen=True, kw_only=True):
    endpoint_selector: LabelSelector | None = None
    node_selector: LabelSelector | None = None
    enable_default_deny: DefaultDeny = DefaultDeny()
    ingress: tuple[CiliumRule, ...] | None = None
    ingress_deny: tuple[CiliumRule, ...] | None = None
    egress: tuple[CiliumRule, ...] | None = None
    egress_deny: tuple[CiliumRule, ...] | None = None


class CiliumNetworkPolicy(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, ("v2",), "ciliumnetworkpolicies", optional=True)

    spec: CiliumPolicySpec | None = None
    specs: tuple[CiliumPolicySpec, ...] = ()


class CiliumClusterwideNetworkPolicy(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(
        GROUP, ("v2",), "ciliumclusterwidenetworkpolicies", namespaced=False, optional=True
    )

    spec: CiliumPolicySpec | None = None
    specs: tuple[CiliumPolicySpec, ...] = ()
