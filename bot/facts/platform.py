"""Facts about what a Node's kernel is made of and how it is set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class KernelModule(Fact):
    """Whether a part of the kernel that networking rests on is there.

    Source: /proc/modules, /sys/module, and files that are there while it works.
    """

    kind: ClassVar[str] = "kernel_module"

    node: str
    module: str
    state: str
    """``loaded``, ``built-in``, ``absent``, or ``unseen``: nothing would show it if it were built in."""


@dataclass(frozen=True, kw_only=True)
class ConntrackTimeouts(Fact):
    """How long a Node remembers connections, in seconds.

    Source: /proc/sys/net/netfilter.
    """

    kind: ClassVar[str] = "conntrack_timeouts"

    node: str
    established_seconds: int
    close_wait_seconds: int
    time_wait_seconds: int
    udp_seconds: int
    udp_stream_seconds: int
    liberal: bool
    """nf_conntrack_tcp_be_liberal: packets out of window are not INVALID."""


@dataclass(frozen=True, kw_only=True)
class NodeTunnel(Fact):
    """How a VXLAN device of a Node is set up.

    Source: rtnetlink RTM_GETLINK, as ``ip -d link``.
    """

    kind: ClassVar[str] = "node_tunnel"

    node: str
    name: str
    vni: int
    port: int
    local: str
    """The address that packets are sent from; empty when left to the routes."""
    local_is_held: bool
    """An interface of the Node holds that address; true also where none is set."""
    carrier: str
    """The interface that it is bound to; empty when left to the routes."""
    carrier_up: bool
    """True also where it is bound to none."""
    learning: bool
    external: bool
    """Packets say where they go (collect metadata), as Cilium and Open vSwitch set it."""


@dataclass(frozen=True, kw_only=True)
class NodeClock(Fact):
    """How far a Node's clock is from that of netmedic's own machine.

    Bounds, not an estimate: the helper's answer was begun after it was asked for and ended before it came. Source: the
    times in the answer of the Node's helper.
    """

    kind: ClassVar[str] = "node_clock"

    node: str
    ahead_at_least_ms: int
    ahead_at_most_ms: int
    """Negative: the Node is behind."""
    off_at_least_ms: int
    """The least difference, either way, that the bounds allow; 0 when the clocks may agree."""
    apart_at_least_ms: int
    """The same, from the clock of the Node that is furthest off, of those that were asked."""
    apart_from: str
    """That Node; empty when all may agree."""


@dataclass(frozen=True, kw_only=True)
class BridgeHairpin(Fact):
    """Whether a Node's bridge sends frames back to the Pod they came from, which a Pod needs to reach itself.

    Source: rtnetlink RTM_GETLINK, as ``bridge -d link``. Only of bridges with Pods.
    """

    kind: ClassVar[str] = "bridge_hairpin"

    node: str
    bridge: str
    ports: int
    """Those of Pods."""
    ports_off: int
    """Those of them that do not."""
    example: str
    """The first of these; empty if there is none."""
    calls_itself: str
    """A workload that is both ends of the symptom, with a Pod on this Node: ``Deployment shop/web``; else empty."""


@dataclass(frozen=True, kw_only=True)
class PodBridge(Fact):
    """What a Node's bridge does for the Pods behind it: pass frames between them, and be their gateway.

    Source: rtnetlink RTM_GETLINK, RTM_GETADDR and RTM_GETROUTE, /proc/sys/net/ipv4/conf, core/v1 Node and Pods. Only of
    bridges with Pods.
    """

    kind: ClassVar[str] = "pod_bridge"

    node: str
    bridge: str
    ports: int
    """Those of Pods."""
    ports_isolated: int
    """Those of them that get nothing from each other."""
    ports_blocked: int
    """Those of them that spanning tree holds back: listening, learning or blocking."""
    blocked: str
    """The first of these; empty if there is none."""
    pair: str
    """Pods of the symptom behind this bridge, who calls and who is called: ``shop/till-1, shop/web-1``; else empty."""
    addresses: str
    """Of the bridge: ``10.244.1.1/24``; empty if it has none."""
    pod_network: str
    """The Node's Pod CIDR; empty where it has none."""
    pods: int
    """Pods of this Node with an address in it; counted where nothing on the Node is their gateway, else 0."""
    is_gateway: bool
    """The bridge has an address in that network."""
    is_routed: bool
    """A route of the main table leads to that network, or into it, by the bridge."""
    arp_ignore: int
    """What counts for the bridge, the larger of its own and that of ``all``. 8: no answer for any address."""


@dataclass(frozen=True, kw_only=True)
class NodeXfrm(Fact):
    """What IPsec dropped on a Node over the window.

    Source: /proc/net/xfrm_stat, whose counters are drops and errors all (docs.kernel.org, networking/xfrm_proc).
    """

    kind: ClassVar[str] = "node_xfrm"

    node: str
    window_ms: int
    dropped: int
    reason: str
    """The counter that grew most: ``XfrmOutPolBlock``; empty if none did."""
    way: str
    """What it counts: ``sent``, ``arriving``; empty if none grew."""
    dropped_before: int
    """Since boot, up to the window's begin."""


@dataclass(frozen=True, kw_only=True)
class DefaultGateway(Fact):
    """The router that a Node sends to what lies beyond its networks.

    Source: rtnetlink RTM_GETROUTE, RTM_GETNEIGH: the default route of the main table with the least metric.
    """

    kind: ClassVar[str] = "default_gateway"

    node: str
    address: str
    device: str
    state: str
    """Of its neighbour entry: ``reachable``, ``stale``, ``failed``, ...; ``absent`` where there is none."""
    silent: bool
    """It was asked for its MAC address and does not answer: ``failed`` or ``incomplete``."""
    others: str
    """The router that most other Nodes use; empty where none was seen."""
