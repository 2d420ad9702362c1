"""Facts about a Node's IP, TCP and UDP, its settings, and its ways to other Nodes.

Counters are growth during ``window_ms``, never totals since boot. They are those of the Node's own network namespace:
what a Pod's sockets lose is counted in the Pod's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class NodeIp(Fact):
    """What became of a Node's packets, IPv4 and IPv6 together.

    Source: /proc/net/snmp, /proc/net/snmp6, /proc/net/netstat.
    """

    kind: ClassVar[str] = "node_ip"

    node: str
    window_ms: int
    received: int
    forwarded: int
    in_no_routes: int
    """Arrived, and led nowhere."""
    out_no_routes: int
    address_errors: int
    """For addresses that are not here, where nothing is forwarded."""
    expired: int
    """Thrown away for their header, above all because their TTL ran out (RFC 4293, ipInHdrErrors), IPv4 only."""
    reverse_path_filtered: int
    """Arrived on an interface that answers would not leave by (rp_filter), IPv4 only."""
    discarded: int
    fragmentation_failed: int
    """Too large, and not to be cut: the sender was told the packet size."""
    reassembly_failed: int


@dataclass(frozen=True, kw_only=True)
class NodeTcp(Fact):
    """How a Node's own TCP connections fare.

    Source: /proc/net/snmp, /proc/net/netstat, /proc/net/sockstat.
    """

    kind: ClassVar[str] = "node_tcp"

    node: str
    window_ms: int
    sent_segments: int
    resent_segments: int
    resent_ppm: int
    """resent_segments per million of sent_segments; 0 when nothing was sent."""
    resent_syns: int
    timeouts: int
    listen_overflows: int
    listen_drops: int
    """Connections refused for want of room in a listen queue, overflows among them."""
    sent_resets: int
    reset_connections: int
    failed_connects: int
    timed_out_connections: int
    memory_pressures: int
    backlog_drops: int
    packet_size_failures: int
    """Packet size probes that failed (TCPMTUPFail)."""
    time_wait: int
    """Sockets waiting out their time, at the end of the window."""


@dataclass(frozen=True, kw_only=True)
class NodeUdp(Fact):
    """How a Node's own UDP sockets fare, IPv4 and IPv6 together.

    Source: /proc/net/snmp, /proc/net/snmp6.
    """

    kind: ClassVar[str] = "node_udp"

    node: str
    window_ms: int
    received: int
    without_listener: int
    receive_buffer_errors: int
    send_buffer_errors: int
    errors: int
    """All packets that could not be delivered, those above among them."""
    checksum_errors: int
    """Packets whose checksum was wrong, as an offload bug makes them; VXLAN comes by UDP too."""


@dataclass(frozen=True, kw_only=True)
class NodeSettings(Fact):
    """Kernel settings that networking rests on.

    Source: /proc/sys/net.
    """

    kind: ClassVar[str] = "node_settings"

    node: str
    kernel: str
    ip_forward: bool
    ipv6_forward: bool
    """False also where the kernel has no IPv6."""
    bridge_calls_iptables: str
    """``on``, ``off``, or ``absent``: br_netfilter is not loaded."""
    bridge_calls_ip6tables: str
    strict_interfaces: str
    """Interfaces whose effective rp_filter, the larger of theirs and ``all``, is 1; empty if none."""
    local_ports: int
    """Size of the range that outgoing connections take their port from."""
    listen_queue: int
    """net.core.somaxconn."""
    ipvs_reuse_mode: str
    """net.ipv4.vs.conn_reuse_mode, ``0`` or ``1``; ``absent`` without IPVS."""
    ipvs_expires_gone: str
    """net.ipv4.vs.expire_nodest_conn: connections to a server that is gone end at once; ``absent`` without IPVS."""


@dataclass(frozen=True, kw_only=True)
class NodeNeighbours(Fact):
    """Fill of a Node's neighbour table of one family (ARP, NDP), bounded for all its network namespaces together.

    Source: rtnetlink, /proc/sys/net/{ipv4,ipv6}/neigh/default/gc_thresh*.
    """

    kind: ClassVar[str] = "node_neighbours"

    node: str
    family: str
    """``ipv4`` or ``ipv6``, as in the names of the settings."""
    entries: int
    """Of the Node's own network namespace; the Pods' come on top."""
    failed: int
    max_entries: int
    """gc_thresh3."""
    used_permille: int
    collected_above: int
    """gc_thresh2: above it, unused entries are taken out after 5 seconds; 0 when it cannot be read."""


@dataclass(frozen=True, kw_only=True)
class NodePressure(Fact):
    """How long tasks of a Node waited for CPU, memory or disks.

    Source: /proc/pressure.
    """

    kind: ClassVar[str] = "node_pressure"

    node: str
    window_ms: int
    cpu_permille: int
    """Share of the window in which some task waited for a CPU."""
    memory_permille: int
    io_permille: int
    """For a disk."""


@dataclass(frozen=True, kw_only=True)
class NodePeer(Fact):
    """The way from one Node to the Pods of another, as its kernel would take it.

    Only where Nodes have a Pod CIDR. A CNI with its own address management (Calico, Cilium) need not route by it.
    Source: rtnetlink routes, neighbours and forwarding entries.
    """

    kind: ClassVar[str] = "node_peer"

    node: str
    peer: str
    pod_cidr: str
    routed: bool
    """A route other than the default one leads to the Pods of ``peer``."""
    device: str
    """Where the best route leaves; empty without any route."""
    device_role: str
    device_up: bool
    next_hop: str
    """Empty when the route names none."""
    tunnelled: bool
    """The device is a VXLAN whose entries say where frames go."""
    tunnel_end: str
    """The address frames are sent to; empty when no entry says so, or not tunnelled."""
    peer_address: str
    tunnel_end_is_peer: bool
    """True also when not tunnelled."""
    published_end: str
    """The address that ``peer`` tells others to send frames to; empty if it tells none."""
    published_end_is_peer: bool
    """True also where it tells none."""
    before_peer: bool
    """``node`` comes before ``peer`` by name, so that rules can take a pair once."""
    peer_mac_known_wrong: bool
    """The Node has a MAC for the peer's address that is not the one of the peer's uplink. False where they are not on
    one link."""
    tunnel_mac: str
    """The MAC that frames in the tunnel are sent to; empty when no entry says so, or not tunnelled."""
    peer_tunnel_mac: str
    """That of the peer's own tunnel device; empty where it was not seen."""
    tunnel_mac_known_wrong: bool
    """Both are known and differ."""
