"""NetworkPolicies."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster.objects.base import LabelSelector, Object, Part, Resource


class IpBlock(Part, frozen=True, kw_only=True):
    cidr: str = ""
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")


class PolicyPeer(Part, frozen=True, kw_only=True):
    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IpBlock | None = None


class PolicyPort(Part, frozen=True, kw_only=True):
    protocol: str = "TCP"
    port: int | str | None = None
    end_port: int | None = None


class IngressRule(Part, frozen=True, kw_only=True):
    from_: tuple[PolicyPeer, ...] = msgspec.field(default=(), name="from")
    ports: tuple[PolicyPort, ...] = ()


class EgressRule(Part, frozen=True, kw_only=True):
    to: tuple[PolicyPeer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


class NetworkPolicySpec(Part, frozen=True, kw_only=True):
    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[IngressRule, ...] = ()
    egress: tuple[EgressRule, ...] = ()


class NetworkPolicy(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("networking.k8s.io", ("v1",), "networkpolicies")

    spec: NetworkPolicySpec = NetworkPolicySpec()
