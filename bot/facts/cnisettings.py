"""Facts about how a CNI is set up, and how its agents are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class CniMtu(Fact):
    """One MTU that a CNI's configuration sets, against what the smallest uplink leaves after encapsulation.

    Source: ConfigMap, DaemonSet, FelixConfiguration or Installation; the uplinks from node helpers.
    """

    kind: ClassVar[str] = "cni_mtu"

    cni: str
    config_kind: str
    config_namespace: str
    """Empty where it has none."""
    config_name: str
    setting: str
    """``veth_mtu``, ``FELIX_IPINIPMTU``, ``spec.vxlanMTU``."""
    encapsulation: str
    """``ipip``, ``vxlan``, ``wireguard``, ``geneve`` or ``none``."""
    configured_mtu: int
    node: str
    """The one with the smallest uplink."""
    uplink_mtu: int
    overhead: int
    allowed_mtu: int
    excess: int
    """configured_mtu - allowed_mtu; above 0, full-sized packets cannot pass."""


@dataclass(frozen=True, kw_only=True)
class CniAgent(Fact):
    """Whether one Node has the CNI's own Pod, and what that says.

    Source: the CNI's DaemonSet, its Pods, their Events.
    """

    kind: ClassVar[str] = "cni_agent"

    cni: str
    node: str
    daemonset_namespace: str
    daemonset: str
    present: bool
    ready: bool
    pod: str
    """Empty where there is none."""
    says: str
    """Why it is not ready, as kubelet last told, at most 200 characters; empty if it is, or nothing was told."""
    bgp_down: bool
    """It says that BGP sessions are not established (Calico)."""


@dataclass(frozen=True, kw_only=True)
class CniNodeAddress(Fact):
    """The address that a CNI uses for one Node, against the Node's own.

    Source: the annotation projectcalico.org/IPv4Address, or CiliumNode; Node.
    """

    kind: ClassVar[str] = "cni_node_address"

    cni: str
    node: str
    address: str
    """That the CNI sends tunnels and routes to."""
    node_address: str
    """The Node's InternalIP."""
    is_nodes: bool
    """It is one of the Node's addresses."""
    shared_with: str
    """Another Node that is said to have it; empty if none is."""
    method: str
    """IP_AUTODETECTION_METHOD; empty if it is not set, which means first-found."""


@dataclass(frozen=True, kw_only=True)
class CiliumSettings(Fact):
    """What of Cilium's settings decides about Services.

    Source: ConfigMap cilium-config; DaemonSets.
    """

    kind: ClassVar[str] = "cilium_settings"

    namespace: str
    replacement: str
    """kube-proxy-replacement as written; empty if it is not."""
    replaces: bool
    """Cilium translates Service addresses itself."""
    kube_proxy: bool
    """A DaemonSet kube-proxy is there."""
    routing: str
    """vxlan, geneve or native."""
    ipam: str


@dataclass(frozen=True, kw_only=True)
class CiliumDrops(Fact):
    """Packets that one Node's Cilium dropped in a window, for one reason.

    Source: the metric cilium_drop_count_total of the agent, read by a node helper.
    """

    kind: ClassVar[str] = "cilium_drops"

    node: str
    reason: str
    """As Cilium names it: ``Policy denied``, ``Stale or unroutable IP``."""
    by_policy: bool
    """What policies are for."""
    direction: str
    window_ms: int
    packets: int
