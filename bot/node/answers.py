"""A helper's answers, decoded strictly: of the right Node, the right version, and the Node's own network namespace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from bot.cluster import errors
from bot.node.requests import UNDECODABLE, Request

T = TypeVar("T")
A = TypeVar("A", bound="Answer")

SCHEMA = "netmedic/helper/v1"
OLDEST_VERSION = 1
LONGEST_MS = 3_600_000
REINSTALL = "install the helper again: netmedic helper manifest --image IMAGE | kubectl apply -f -"


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
    external: bool = False
    """A tunnel device whose packets say where they go (collect metadata), as Cilium and Open vSwitch set it."""
    vxlan: Vxlan | None = None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """One address of an interface."""

    index: int
    ip: str
    prefix_length: int


# A counter of 64 bits does not get this far; the rule engine's numbers end here.
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
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
    modules: Series[tuple[str, ...]] = late_field()
    kernel: Series[str] = late_field()
    snmp: Series[dict[str, Count]] = late_field()
    snmp6: Series[dict[str, Count]] = late_field()
    netstat: Series[dict[str, Count]] = late_field()
    sockstat: Series[dict[str, Count]] = late_field()
    cpu_pressure: Series[dict[str, Count]] = late_field()
    memory_pressure: Series[dict[str, Count]] = late_field()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers, when, and whether it could."""

    schema: str
    version: int
    request: tuple[str, ...]
    node: str
    host_ip: str
    started_at: Annotated[datetime, Meta(tz=True)]
    took_ms: int
    error: str = ""

    def __post_init__(self) -> None:
        """Refuse times that cannot be reckoned with."""
        if not 2000 <= self.started_at.year < 3000:  # noqa: PLR2004 - a clock that was set
            raise ValueError("the Node's clock is not set")


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


class ConnectResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one TCP connect ended."""

    result: str
    """``open``, ``refused``, ``silent``, ``unreachable``, or ``failed``: the Node could not even try."""
    us: int
    """Microseconds to the answer; 0 when silent."""
    error: str = ""


class Connects(Answer, frozen=True, kw_only=True):
    """How TCP connects from one Node ended, by target as it was asked for."""

    connects: dict[str, ConnectResult]


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """How several TCP connects to one address ended."""

    results: dict[str, Count]
    """How many of each end, as in :class:`ConnectResult`."""
    us: int
    """Microseconds to the fastest answer that was ``open``; 0 without one."""


class Reaches(Answer, frozen=True, kw_only=True):
    """How TCP connects from one Node ended, by target as it was asked for."""

    reached: dict[str, Reached]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """How a row of TCP connects to one address went."""

    tried: Count
    open: Count = 0
    refused: Count = 0
    unreachable: Count = 0
    silent: Count = 0
    resent: Count = 0
    """Connects that were answered only after their first packet was sent again."""
    median_us: Count = 0
    """Microseconds to an answer, of connects whose first packet was answered; 0 without one."""
    worst_us: Count = 0
    segment: Count = 0
    """The largest TCP segment that the other side takes; 0 where no port was open."""
    error: str = ""

    @property
    def answered(self) -> int:
        """Connects that the other host itself answered, open or not."""
        return self.open + self.refused


class Rows(Answer, frozen=True, kw_only=True):
    """How rows of TCP connects from one Node went, by target as it was asked for."""

    series: dict[str, Row]


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """Which packets reach one address."""

    device: str = ""
    """The interface they leave by."""
    limit: Count = 0
    """Its MTU."""
    passed: Count = 0
    """The largest packet that was answered, in bytes with its IP header; 0: none was."""
    failed: Count = 0
    """The smallest that was not; 0: all sizes arrive, or it is not sure."""
    told: bool = False
    """A router on the way said that packets were too large."""
    error: str = ""


class Sizes(Answer, frozen=True, kw_only=True):
    """Which packets reach some addresses from one Node."""

    sizes: dict[str, Size]


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """How one server answered one question of one type, asked several times."""

    asked: Count
    times_us: Annotated[tuple[Count, ...], Meta(max_length=100)] = ()
    """Microseconds to each answer."""
    codes: dict[str, Count] = {}
    """How many answers had which code: ``NOERROR``, ``NXDOMAIN``, ..."""
    addresses: Annotated[tuple[str, ...], Meta(max_length=16)] = ()
    error: str = ""
    """Why a query could not be sent or was refused (ICMP); empty where there was nothing but silence."""


class Resolves(Answer, frozen=True, kw_only=True):
    """How DNS servers answered, by question as it was asked and by type, ``A`` and ``AAAA``."""

    resolved: dict[str, dict[str, Resolved]]


def decode(content: bytes, of: type[A], *, node: str, request: Request) -> A:
    """Return an answer.

    Raises:
        Malformed: It is no answer to this request, of another Node, or too old, or the helper could not look.
    """
    envelope = _decoded(content, Answer, node)
    if envelope.schema != SCHEMA or envelope.version < OLDEST_VERSION:
        raise errors.Malformed(f"the helper on {node} is of an older netmedic ({envelope.version}); {REINSTALL}")
    if envelope.node != node:
        raise errors.Malformed(f"the helper on {node} answered for Node {envelope.node[:60]!r}")
    if envelope.request[:1] != request[:1]:
        raise errors.Malformed(f"the helper on {node} answered another request: {' '.join(envelope.request)[:60]!r}")
    if envelope.error:
        raise errors.Malformed(f"the helper on {node} could not look: {envelope.error[:200]}")
    return _decoded(content, of, node)


def _decoded(content: bytes, of: type[A], node: str) -> A:
    try:
        return msgspec.json.decode(content, type=of)
    except UNDECODABLE as problem:
        raise errors.Malformed(f"the helper on {node} gave no valid answer: {str(problem)[:120]}") from None


def named(problem: str) -> errors.ClusterError:
    """Return the error that a reason of the collector means."""
    if "ENOENT" in problem:
        return errors.Absent(problem)
    if "EACCES" in problem or "EPERM" in problem:
        return errors.Forbidden(problem)
    return errors.Malformed(problem)
