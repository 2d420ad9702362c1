"""Facts about the ways between Nodes, to Pods and to the outside, measured with a few packets of the helpers' own.

A connect counts as answered whether the port is open or refuses: either way the other host has answered. One counts as
lost when its first packet had to be sent again, or nothing came at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class NodePair(Fact):
    """The way from one Node to another, or to the API server.

    Source: the node helper on ``node``, TCP connects.
    """

    kind: ClassVar[str] = "node_pair"

    node: str
    peer: str
    """A Node, or ``API server``."""
    layer: str
    """``underlay``: to the peer's own address; ``overlay``: to its end of the tunnel, through the tunnel."""
    address: str
    tried: int
    answered: int
    lost: int
    lost_permille: int
    median_us: int
    """Of those answered at once; 0 when none was."""
    worst_us: int


@dataclass(frozen=True, kw_only=True)
class ZoneWay(Fact):
    """The underlay ways between the Nodes of two zones or racks, compared with those inside each.

    Source: the node helpers, TCP connects; labels of the Nodes.
    """

    kind: ClassVar[str] = "zone_way"

    label: str
    """The label of Nodes that says so: ``topology.kubernetes.io/zone``."""
    zone: str
    other: str
    ways: int
    lossy_ways: int
    all_lossy: bool
    lost_permille: int
    """The mean of all ways."""
    inside_ways: int
    """Inside either of the two."""
    inside_lossy_ways: int


@dataclass(frozen=True, kw_only=True)
class NodeTrouble(Fact):
    """The Node that ways in trouble have in common. Ways that are well make no such fact.

    An overlay's trouble counts only between Nodes whose underlay is well, and a size only where little is lost.
    """

    kind: ClassVar[str] = "node_trouble"

    node: str
    other: str
    """The Node that is as likely to blame, where the ways cannot tell; else empty."""
    layer: str
    """``underlay`` or ``overlay``."""
    trouble: str
    """``silent`` (no answer at all), ``lossy`` (at least 150 of 1000 lost; ours: 3 of 20), ``late`` (a round trip of at
    least 20 ms, and five times that of other ways; ours) or ``narrow`` (packets of full size are lost)."""
    ways: int
    """Ways in trouble at this Node."""
    example: str
    """One of them, to or from a Node of the path where there is one: ``node1 to node2``."""
    lost_percent: int
    """Over these ways."""
    rtt_ms: int
    """Median of these ways; 0 when nothing was answered."""
    usual_rtt_us: int
    """Median of the ways that are well; 0 when there are none."""
    expected_mtu: int
    """Of narrow ways: the MTU of the device that packets leave by; else 0."""
    passed_mtu: int
    """The largest packet that arrived; else 0."""
    routes_right: bool
    """Routes, tunnel devices and tunnel ends are as they should be at both ends of these ways."""
    receives: bool
    """The Node's tunnel device received packets in the window, or it has none."""
    tunnel_port: int
    """UDP port of its VXLAN device; 0 without one."""


@dataclass(frozen=True, kw_only=True)
class PathMtu(Fact):
    """Which packets get from one Node to another.

    Source: the node helper on ``node``, UDP packets that must not be fragmented, to a port where nobody listens.
    """

    kind: ClassVar[str] = "path_mtu"

    node: str
    peer: str
    layer: str
    address: str
    device: str
    expected: int
    """The MTU of the device."""
    passed: int
    """The largest packet that was answered."""
    failed: int
    """The smallest that was not; 0: all sizes arrive."""
    told: bool
    """A router on the way said so (ICMP), so senders learn it."""


@dataclass(frozen=True, kw_only=True)
class PodWay(Fact):
    """The way to one Pod from its own Node, and from another one.

    Source: the node helpers, TCP connects to a port of the Pod that is open and to one that should be closed.
    """

    kind: ClassVar[str] = "pod_way"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    node: str
    role: str
    """``backend`` or ``client`` of the symptom."""
    ip: str
    ready: bool
    from_own: str
    """What its own Node got: ``answered``, ``lossy``, ``silent``, ``unreachable`` (an ICMP error) or ``untried``."""
    own_lost_permille: int
    own_median_us: int
    """Of connects from its own Node whose first packet was answered; 0 without one."""
    neighbour: str
    """What its own Node knows of the Pod's MAC address: ``known``, ``failed`` (the Pod does not answer ARP) or
    ``unknown``."""
    link: str
    """``down``: it does not answer ARP, or answers nothing while an interface to a Pod on its Node has no carrier;
    else ``up`` where its MAC address is known, or ``unknown``."""
    dead_link: str
    """An interface to a Pod on its Node that has no carrier; empty if all have."""
    other_node: str
    """The Node it was tried from besides; empty if none."""
    from_other: str
    policies: bool
    """NetworkPolicies exist in its namespace, which may keep other Nodes out."""
    open_port: int
    """A declared port that is open; 0 if none was found."""
    open_port_lost_permille: int
    """Of connects to it, from its own Node."""
    mtu: int
    """Its interface's MTU, by the segment it takes; 0 if no port was open."""
    node_mtu: int
    """The MTU of the Node's device that leads to it, or of its tunnel where that is less."""
    mtu_missing: int
    """node_mtu - mtu; 0 where either is not known."""


@dataclass(frozen=True, kw_only=True)
class OutsideWay(Fact):
    """The way from one Node to the host outside that the symptom is about.

    Source: the node helper on ``node``.
    """

    kind: ClassVar[str] = "outside_way"

    host: str
    address: str
    port: int
    node: str
    tried: int
    answered: int
    """Connects that the host answered, open or refused."""
    result: str
    """``open``, ``refused``, ``silent``, ``unreachable`` or ``mixed``."""
    lost: int
    lost_permille: int
    median_us: int
    worst_us: int
    lost_percent: int
    rtt_ms: int
    """The median in milliseconds."""
    port_named: bool
    """The symptom, or a target of the configuration, names the port."""
    expected_mtu: int
    """The MTU of the device; 0 when the host answers no UDP packet."""
    passed_mtu: int
    failed_mtu: int
    """0: packets of all sizes arrive."""
    told: bool
    node_well: bool
    """The same Node reaches the API server without loss."""
    elsewhere: str
    """What one other Node gets there, in a word, where none of these gets an answer; else ``untried``."""


@dataclass(frozen=True, kw_only=True)
class OutsideAddress(Fact):
    """Where the address of the host outside lies.

    Made for symptoms that name an address, and CNIs whose ConfigMap names the Pod network. Source: that ConfigMap.
    """

    kind: ClassVar[str] = "outside_address"

    host: str
    pod_network: str
    inside: bool
    """It lies in the Pod network, so Nodes take it for a Pod's."""
    is_pod: bool
    """A Pod has it."""
    config_namespace: str
    config_map: str
