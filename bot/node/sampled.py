"""What a helper read of its Node: a sample of interfaces, settings and counters over a window."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from bot.node.answers import REINSTALL, Answer, Count, named

T = TypeVar("T")

LONGEST_MS = 3_600_000


class Reading(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One look: a value, or the reason why there is none."""

    at_ms: Annotated[int, Meta(ge=0, le=LONGEST_MS)]
    """Since the answer's ``started_at``, by a clock that does not jump."""
    value: T | msgspec.UnsetType = msgspec.UNSET
    error: str = ""


class Series(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """All looks at one source."""

    source: str
    """A file, or the question to the kernel."""
    readings: tuple[Reading[T], ...]


class Vxlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is set of a VXLAN device."""

    id: int
    port: int
    local: str
    link: int
    """Index of the interface that carries it; 0 when left to the routes."""
    learning: bool


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One interface."""

    index: int
    name: str
    kind: str
    """vxlan, veth, bridge, ipip, ...; empty for a plain device."""
    arp_type: int
    mac: str = ""
    mtu: int
    up: bool
    operstate: str
    qdisc: str
    master: int
    link: int
    hairpin: bool | None = None
    """A port of a bridge that sends frames back where they came from; None where it is no port of one."""
    isolated: bool | None = None
    """A port of a bridge that gets nothing from other isolated ones; None where nobody says."""
    forwards: bool | None = None
    """A port of a bridge that spanning tree does not hold back; None where nobody says."""
    external: bool = False
    """A tunnel device whose packets say where they go (collect metadata), as Cilium and Open vSwitch set it."""
    vxlan: Vxlan | None = None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """One address of an interface."""

    index: int
    ip: str
    prefix_length: int


NetDevRow: TypeAlias = Annotated[tuple[Count, ...], Meta(min_length=16, max_length=16)]
CpuTimes: TypeAlias = Annotated[tuple[Count, ...], Meta(min_length=8, max_length=8)]
CpuNumber: TypeAlias = Annotated[str, Meta(pattern="^[0-9]{1,6}$")]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Kernel settings by their path below /proc/sys/net, and the reasons of those that could not be read."""

    values: dict[str, str]
    missing: dict[str, str]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route to somewhere else."""

    to: str
    type: str
    table: int
    index: int
    """Of the interface; 0 for a route with several ways, or none."""
    via: str
    metric: int


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """Which MAC address an address has on a link; in a tunnel's forwarding entry, which address a MAC is behind."""

    index: int
    ip: str
    mac: str
    state: str


class ConntrackCpu(msgspec.Struct, frozen=True, kw_only=True):
    """What one CPU did to the connection tracking table."""

    insert_failed: Count
    drop: Count
    early_drop: Count
    invalid: Count


class SendQueue(msgspec.Struct, frozen=True, kw_only=True):
    """One queue before an interface: a queueing discipline."""

    index: int
    kind: str
    """pfifo_fast, fq_codel, mq, ..."""
    handle: Count
    parent: Count
    packets: Count
    waiting: Count
    dropped: Count
    requeued: Count
    over_limits: Count


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """One socket that waits for connections."""

    ip: str
    port: int
    waiting: Count
    """Connections that wait to be accepted."""
    most: Count
    """How many may."""


class Periods(msgspec.Struct, frozen=True, kw_only=True):
    """How often a container's CPU limit was reckoned, and held it back."""

    periods: Count
    throttled: Count


def unread() -> Series[T]:
    """Return the series of a source that the helper does not know."""
    why = f"the helper is of an older netmedic and does not read it; {REINSTALL}"
    return Series(source="", readings=(Reading(at_ms=0, error=why),))


def late_field() -> Any:
    """Return the default of a series that helpers did not have from the first."""
    return msgspec.field(default_factory=unread)


class SampleSeries(msgspec.Struct, frozen=True, kw_only=True):
    """What a sample holds: counters several times, the rest once."""

    links: Series[tuple[Link, ...]]
    addresses: Series[tuple[Address, ...]]
    conntrack_max: Series[Count]
    conntrack_buckets: Series[Count]
    max_backlog: Series[Count]
    net_dev: Series[dict[str, NetDevRow]]
    softnet: Series[Annotated[dict[CpuNumber, tuple[Count, Count, Count]], Meta(min_length=1)]]
    stat: Series[dict[str, CpuTimes]]
    conntrack_count: Series[Count]
    conntrack_stat: Series[Annotated[tuple[ConntrackCpu, ...], Meta(min_length=1)]]
    settings: Series[Settings] = late_field()
    routes: Series[tuple[Route, ...]] = late_field()
    neighbours: Series[tuple[Neighbour, ...]] = late_field()
    forwarding: Series[tuple[Neighbour, ...]] = late_field()
    learned: Series[tuple[Neighbour, ...]] = late_field()
    """Behind which port of a bridge each MAC address is."""
    modules: Series[dict[str, str] | tuple[str, ...]] = late_field()
    """By name: ``loaded``, ``built-in``, ``absent``, ``unseen``; a helper of before listed the loaded ones only."""
    kernel: Series[str] = late_field()
    snmp: Series[dict[str, Count]] = late_field()
    snmp6: Series[dict[str, Count]] = late_field()
    netstat: Series[dict[str, Count]] = late_field()
    sockstat: Series[dict[str, Count]] = late_field()
    xfrm: Series[dict[str, Count]] = late_field()
    """What IPsec (xfrm) dropped, by reason."""
    cpu_pressure: Series[dict[str, Count]] = late_field()
    memory_pressure: Series[dict[str, Count]] = late_field()
    running: Series[Count] = late_field()
    io_pressure: Series[dict[str, Count]] = late_field()
    queues: Series[tuple[SendQueue, ...]] = late_field()
    listeners: Series[tuple[Listener, ...]] = late_field()
    pods: Series[dict[str, dict[str, Count]]] = late_field()
    """By the Pod's UID."""
    throttling: Series[dict[str, Periods]] = late_field()
    """By the container's id."""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What the helper itself sent during the window."""

    to: tuple[str, ...] = ()
    packets: int = 0


class Sample(Answer, frozen=True, kw_only=True):
    """Interfaces and counters of one Node over a window."""

    series: SampleSeries
    traffic: Traffic = Traffic()

    def where(self, series: Series[T]) -> str:
        """Return the source of a fact: ``node1:/proc/net/dev``."""
        return f"{self.node}:{series.source}"

    def when(self, series: Series[T]) -> str:
        """Return the time of the last look, ISO 8601."""
        at = self.started_at + timedelta(milliseconds=series.readings[-1].at_ms if series.readings else 0)
        return at.isoformat(timespec="milliseconds")

    def last(self, series: Series[T]) -> T:
        """Return the latest value.

        Raises:
            ClusterError: There is none; the error is named after why.
        """
        return self.all(series, at_least=1)[-1][1]

    def all(self, series: Series[T], *, at_least: int = 2) -> list[tuple[int, T]]:
        """Return the values with their milliseconds.

        Raises:
            ClusterError: There are fewer; the error is named after why.
        """
        found = [(one.at_ms, one.value) for one in series.readings if not isinstance(one.value, msgspec.UnsetType)]
        if len(found) >= at_least:
            return found
        why = next((one.error for one in series.readings if one.error), f"{len(found)} readings are too few")
        raise named(f"{self.where(series)}: {why}")
