"""How a helper's attempts to reach something ended: connects, rows of them, packet sizes, DNS questions."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from bot.node.answers import Answer, Count


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
