"""What a probe is, and the one place where errors become ``Unknown``."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from bot.cluster import errors
from bot.cluster.objects import Object
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason, Unknown, values_of
from bot.facts.scope import Scope

DETAIL_LENGTH = 256
LARGEST = 2**63 - 1
"""The rule engine's numbers end here."""

REASONS: dict[type[errors.ClusterError], Reason] = {
    errors.Forbidden: Reason.FORBIDDEN,
    errors.NotFound: Reason.ABSENT,
    errors.Absent: Reason.ABSENT,
    errors.TimedOut: Reason.TIMEOUT,
    errors.Unreachable: Reason.UNREACHABLE,
    errors.NoHelper: Reason.NO_HELPER,
    errors.HigherTier: Reason.HIGHER_TIER,
    errors.NotRecorded: Reason.NOT_RECORDED,
    errors.Malformed: Reason.MALFORMED,
}


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """What a probe answers for one object it could not read while it could read others."""

    of: type[Fact]
    subject: str
    error: errors.ClusterError


class CannotTell(Exception):
    """A probe read what it wanted and still cannot tell; becomes ``Unknown`` with this reason."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A read-only observation: it returns facts and decides nothing."""

    name: str
    gives: tuple[type[Fact], ...]
    """The kinds of fact it returns; each of them becomes ``Unknown`` when it fails."""
    reads: tuple[type[Object], ...]
    """What it needs to get, list or watch. The chart's reader Role is the union over all probes."""
    logs: bool = False
    """It reads Pods' logs (pods/log)."""
    paths: tuple[str, ...] = ()
    """What it gets of the API server beside objects: non-resource URLs."""
    helper: bool = False
    """It asks node helpers (pods/exec in the helper's namespace)."""
    window: bool = False
    """It watches counters of something else than Nodes for seconds."""
    function: Callable[[Cluster, Scope], Awaitable[Iterable[Fact | Unreadable]]]

    @property
    def takes_long(self) -> bool:
        """It takes longer than reading objects does."""
        return self.helper or self.window

    async def observe(self, cluster: Cluster, scope: Scope) -> list[Fact]:
        """Return facts stamped with the time of reading; an error of the cluster becomes ``Unknown``."""
        try:
            found = list(await self.function(cluster, scope))
        except errors.ClusterError as problem:
            return [unknown(cluster, of, reason_of(problem), str(problem)) for of in self.gives]
        except CannotTell as problem:
            return [unknown(cluster, of, problem.reason, str(problem)) for of in self.gives]
        except asyncio.CancelledError:
            raise
        return [
            unknown(cluster, item.of, reason_of(item.error), str(item.error), subject=item.subject)
            if isinstance(item, Unreadable)
            else stamp(cluster, item)
            for item in found
        ]

    def timed_out(self, cluster: Cluster, budget_seconds: float) -> list[Fact]:
        """Return what this probe's facts are when the diagnosis' time is over."""
        detail = f"not finished within the budget of {budget_seconds:g} s; ask again with a larger --budget"
        return [unknown(cluster, of, Reason.TIMEOUT, detail) for of in self.gives]


def probe(
    *gives: type[Fact],
    reads: tuple[type[Object], ...],
    logs: bool = False,
    paths: tuple[str, ...] = (),
    helper: bool = False,
    window: bool = False,
) -> Callable[[Callable[[Cluster, Scope], Awaitable[Iterable[Fact | Unreadable]]]], Probe]:
    """Make a probe of a function that reads a cluster."""

    def make(function: Callable[[Cluster, Scope], Awaitable[Iterable[Fact | Unreadable]]]) -> Probe:
        return Probe(
            name=function.__name__,
            gives=gives,
            reads=reads,
            logs=logs,
            paths=paths,
            helper=helper,
            window=window,
            function=function,
        )

    return make


def reason_of(problem: errors.ClusterError) -> Reason:
    """Return the reason of an ``Unknown`` for an error of reading."""
    return REASONS.get(type(problem), Reason.UNREACHABLE)


def stamp(cluster: Cluster, fact: Fact) -> Fact:
    """Return the fact with the time of reading, where it has none of its own; ``Unknown`` if no rule could take it."""
    if any(isinstance(value, int) and abs(value) > LARGEST for value in values_of(fact).values()):
        return unknown(cluster, type(fact), Reason.MALFORMED, f"a number in it is beyond all bounds ({fact.source})")
    return fact if fact.at else dataclasses.replace(fact, at=cluster.now().isoformat(timespec="milliseconds"))


def unknown(cluster: Cluster, of: type[Fact], reason: Reason, detail: str, *, subject: str = "") -> Unknown:
    """Return the fact that something could not be looked at."""
    return Unknown(
        of=of.kind,
        reason=reason,
        subject=subject,
        detail=detail[:DETAIL_LENGTH],
        at=cluster.now().isoformat(timespec="milliseconds"),
    )
