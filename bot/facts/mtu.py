"""Facts about packet sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class OverlayMtu(Fact):
    """One overlay device of a Node against the uplink that carries it.

    ``overhead`` is what the encapsulation adds: 20 for IPIP, 50 for VXLAN over IPv4 and 70 over IPv6
    (Calico int_dataplane.go; flannel vxlan_network.go).
    """

    kind: ClassVar[str] = "overlay_mtu"

    node: str
    overlay: str
    encapsulation: str
    overlay_mtu: int
    uplink: str
    uplink_mtu: int
    overhead: int
    allowed_mtu: int
    """uplink_mtu - overhead."""
    excess: int
    """overlay_mtu - allowed_mtu; above 0, full-sized packets cannot pass."""
    pods_mtu: int
    """The largest MTU of the interfaces that lead to this Node's Pods; 0 where there is none."""
    short: int
    """pods_mtu - overlay_mtu where that is above 0: what Pods send to other Nodes does not fit."""


@dataclass(frozen=True, kw_only=True)
class NodeMtu(Fact):
    """A Node's uplink MTU against that of the other Nodes."""

    kind: ClassVar[str] = "node_mtu"

    node: str
    uplink: str
    mtu: int
    usual_mtu: int
    """The MTU that most Nodes have; of two equally common ones the larger."""
    deviation: int
    """mtu - usual_mtu."""
    nodes_compared: int
