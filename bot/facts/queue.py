"""Facts about queues that packets and connections wait in, and what is lost where one is full.

Counters are growth during ``window_ms``, never totals since boot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class SendQueue(Fact):
    """The queueing discipline before one interface of a Node. What it drops is in no counter of the interface.

    Source: rtnetlink RTM_GETQDISC, as ``tc -s qdisc``. Interfaces without a queue have none.
    """

    kind: ClassVar[str] = "send_queue"

    node: str
    interface: str
    role: str
    """As :class:`bot.facts.node.NodeInterface` names it."""
    discipline: str
    """pfifo_fast, fq_codel, mq, ..."""
    window_ms: int
    packets: int
    dropped: int
    dropped_ppm: int
    """dropped per million of packets + dropped; 0 when nothing was sent."""
    over_limits: int
    waiting: int
    """Packets in it at the end of the window."""


@dataclass(frozen=True, kw_only=True)
class ListenQueue(Fact):
    """A TCP port in a Node's own network, and the connections that wait there to be accepted.

    Source: sock_diag, as ``ss -ltn``. Only of ports where at least one waited.
    """

    kind: ClassVar[str] = "listen_queue"

    node: str
    ip: str
    port: int
    waiting: int
    """The most that waited at one of the looks."""
    limit: int
    used_permille: int
    looks: int
    looks_with_full_queue: int
    """The kernel takes one more than ``limit`` before it drops."""


@dataclass(frozen=True, kw_only=True)
class PodSockets(Fact):
    """What one Pod's own network namespace counted. Pods with hostNetwork have none of their own.

    Source: /proc/PID/net/{snmp,netstat} of a process of the Pod, which takes tier 3.
    """

    kind: ClassVar[str] = "pod_sockets"

    namespace: str
    pod: str
    node: str
    window_ms: int
    listen_overflows: int
    """Connections that were dropped because a listen queue was full."""
    listen_drops: int
    backlog_drops: int
    timeouts: int
    sent_segments: int
    resent_segments: int
    received_datagrams: int
    receive_buffer_errors: int


@dataclass(frozen=True, kw_only=True)
class ContainerThrottling(Fact):
    """How often the kernel held a container back at its CPU limit. Containers without a limit have none.

    Source: cpu.stat of the container's cgroup (v1 or v2), which takes tier 3.
    """

    kind: ClassVar[str] = "container_throttling"

    namespace: str
    pod: str
    container: str
    node: str
    window_ms: int
    periods: int
    throttled: int
    throttled_permille: int
    """throttled per thousand periods; 0 when it did nothing."""


@dataclass(frozen=True, kw_only=True)
class PodLink(Fact):
    """The Node's end of one Pod's interface, and the queue before it: what the Pod receives passes there.

    Source: rtnetlink RTM_GETNEIGH, RTM_GETROUTE and RTM_GETQDISC, as ``tc -s qdisc``.
    """

    kind: ClassVar[str] = "pod_link"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    node: str
    interface: str
    discipline: str
    """``noqueue`` if there is none."""
    shapes: bool
    """Of a kind that limits a rate or delays: tbf, htb, netem, ..."""
    window_ms: int
    dropped: int
    held_back: int
    """Packets over the limit that had to wait, and those that were dropped."""
