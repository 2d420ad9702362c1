"""Calico's own objects: how it encapsulates, and its policies."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster.objects.base import LabelSelector, Object, Part, Resource

CRD = "crd.projectcalico.org"
V3 = "projectcalico.org/v3"
"""Of Calico's own API server, or of clusters that have no other."""


class IPPoolSpec(Part, frozen=True, kw_only=True):
    cidr: str = ""
    ipip_mode: str = "Never"
    vxlan_mode: str = "Never"
    disabled: bool = False


class IPPool(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(CRD, ("v1", V3), "ippools", namespaced=False, optional=True)

    spec: IPPoolSpec = IPPoolSpec()


class FelixConfigurationSpec(Part, frozen=True, kw_only=True):
    ipip_mtu: int = msgspec.field(default=0, name="ipipMTU")
    vxlan_mtu: int = msgspec.field(default=0, name="vxlanMTU")
    wireguard_mtu: int = msgspec.field(default=0, name="wireguardMTU")
    wireguard_enabled: bool = False
    bpf_enabled: bool = False


class FelixConfiguration(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(CRD, ("v1", V3), "felixconfigurations", namespaced=False, optional=True)

    spec: FelixConfigurationSpec = FelixConfigurationSpec()


class InstalledPool(Part, frozen=True, kw_only=True):
    cidr: str = ""
    encapsulation: str = ""


class Autodetection(Part, frozen=True, kw_only=True):
    first_found: bool = False
    interface: str = ""
    skip_interface: str = ""
    can_reach: str = ""
    kubernetes: str = ""
    cidrs: tuple[str, ...] = ()


class CalicoNetwork(Part, frozen=True, kw_only=True):
    mtu: int = 0
    bgp: str = ""
    linux_dataplane: str = ""
    ip_pools: tuple[InstalledPool, ...] = ()
    node_address_autodetection_v4: Autodetection = msgspec.field(
        default=Autodetection(), name="nodeAddressAutodetectionV4"
    )


class InstallationSpec(Part, frozen=True, kw_only=True):
    calico_network: CalicoNetwork = CalicoNetwork()


class Installation(Object, frozen=True, kw_only=True):
    """What the Tigera operator is told."""

    resource: ClassVar[Resource] = Resource(
        "operator.tigera.io", ("v1",), "installations", namespaced=False, optional=True
    )

    spec: InstallationSpec = InstallationSpec()


class CalicoEntity(Part, frozen=True, kw_only=True):
    """One side of a rule."""

    selector: str = ""
    namespace_selector: str = ""
    not_selector: str = ""
    nets: tuple[str, ...] = ()
    not_nets: tuple[str, ...] = ()
    ports: tuple[int | str, ...] = ()
    not_ports: tuple[int | str, ...] = ()
    domains: tuple[str, ...] = ()
    service_accounts: LabelSelector | None = None
    services: LabelSelector | None = None


class CalicoHttp(Part, frozen=True, kw_only=True):
    """Rules about requests: not read."""


class CalicoRule(Part, frozen=True, kw_only=True):
    action: str = ""
    protocol: str | int = ""
    not_protocol: str | int = ""
    ip_version: int = 0
    icmp: CalicoHttp | None = None
    http: CalicoHttp | None = None
    source: CalicoEntity = CalicoEntity()
    destination: CalicoEntity = CalicoEntity()


class CalicoPolicySpec(Part, frozen=True, kw_only=True):
    order: float | None = None
    tier: str = "default"
    selector: str = ""
    namespace_selector: str = ""
    """Of a GlobalNetworkPolicy."""
    service_account_selector: str = ""
    types: tuple[str, ...] = ()
    ingress: tuple[CalicoRule, ...] = ()
    egress: tuple[CalicoRule, ...] = ()
    do_not_track: bool = False
    pre_dnat: bool = msgspec.field(default=False, name="preDNAT")
    apply_on_forward: bool = False


class CalicoNetworkPolicy(Object, frozen=True, kw_only=True):
    """Its kind is NetworkPolicy too; the group tells them apart."""

    resource: ClassVar[Resource] = Resource(CRD, ("v1", V3), "networkpolicies", optional=True)

    spec: CalicoPolicySpec = CalicoPolicySpec()


class GlobalNetworkPolicy(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(CRD, ("v1", V3), "globalnetworkpolicies", namespaced=False, optional=True)

    spec: CalicoPolicySpec = CalicoPolicySpec()
