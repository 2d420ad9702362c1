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
