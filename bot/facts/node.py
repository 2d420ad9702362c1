"""Facts about Nodes: their conditions, and what their kernels count.

Counters are growth during ``window_ms``, never totals since boot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class NodeCondition(Fact):
    """What the API says about one Node."""

    kind: ClassVar[str] = "node_condition"

    node: str
    ready: bool
    ready_reason: str
    ready_says: str
    """kubelet's words beside it, at most 200 characters: what of the Node is not ready. Empty when it fell silent."""
    unschedulable: bool
    age_seconds: int
    """Since it joined; 0 where the API does not say."""
    kernel: str
    address: str


@dataclass(frozen=True, kw_only=True)
class NodeInterface(Fact):
    """One interface in the Node's own network namespace.

    Source: /proc/net/dev, /sys/class/net.
    """

    kind: ClassVar[str] = "node_interface"

    node: str
    name: str
    role: str
    """``uplink`` (holds the Node's address), ``overlay``, ``bridge``, ``pod`` (a veth), ``loopback`` or ``other``."""
    device_type: str
    """vxlan, veth, bridge, ipip, ... ; empty for a plain device."""
    mtu: int
    up: bool
    window_ms: int
    rx_packets: int
    tx_packets: int
    rx_dropped: int
    tx_dropped: int
    rx_errors: int
    tx_errors: int
    rx_dropped_ppm: int
    """rx_dropped per million of rx_packets + rx_dropped; 0 when nothing arrived."""
    tx_dropped_ppm: int
    errors_ppm: int
    """The worse of rx_errors and tx_errors, per million of the packets of that direction and the errors."""


@dataclass(frozen=True, kw_only=True)
class NodeConntrack(Fact):
    """Fill and losses of a Node's connection tracking table.

    Source: /proc/sys/net/netfilter/nf_conntrack_{count,max,buckets}, /proc/net/stat/nf_conntrack.
    """

    kind: ClassVar[str] = "node_conntrack"

    node: str
    entries: int
    max_entries: int
    used_permille: int
    window_ms: int
    insert_failed: int
    dropped: int
    early_dropped: int
    table_full_drops: int
    """dropped + early_dropped: connections that lost their place, or got none, in the window."""
    invalid: int
    """Packets that belong to no connection, or out of its window."""
    buckets: int
    """Size of the hash table; 0 when it cannot be read."""


@dataclass(frozen=True, kw_only=True)
class NodeCpu(Fact):
    """How a Node's CPUs spent the window, all CPUs together.

    Source: /proc/stat.
    """

    kind: ClassVar[str] = "node_cpu"

    node: str
    cpus: int
    window_ms: int
    steal_permille: int
    softirq_permille: int
    idle_permille: int
    busiest_softirq_permille: int
    """softirq of the one CPU that spent most of its time on it."""
    busiest_softirq_cpu: str
    """Its name: ``cpu3``."""
    running: int
    """Tasks that ran or waited for a CPU, at the look with the fewest; 0 when it cannot be read."""
    running_per_cpu_permille: int


@dataclass(frozen=True, kw_only=True)
class NodeSoftnet(Fact):
    """The receive path of a Node's CPUs, all together.

    Source: /proc/net/softnet_stat columns 1 to 3.
    """

    kind: ClassVar[str] = "node_softnet"

    node: str
    window_ms: int
    processed: int
    dropped: int
    time_squeezed: int
    worst_cpu: int
    """The CPU that dropped most; 0 when none did."""
    max_backlog: int
    """net.core.netdev_max_backlog; 0 when it cannot be read (kernels show it in the first network namespace only)."""
