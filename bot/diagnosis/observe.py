"""Running probes: side by side, within a budget, and no longer than their facts are needed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bot.cluster.port import Cluster
from bot.course import note_unknown
from bot.diagnosis.report import ProbeTiming
from bot.facts.base import Fact, Reason, Unknown
from bot.facts.scope import Scope
from bot.probes.probe import Probe, unknown


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a diagnosis is."""

    doing: str
    """In words: ``Resolving names``, ``Reading service_backends``, ``Applying 30 rules``."""
    done: int
    total: int
    """Probes; 0 before they are known."""


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What probes gave."""

    facts: tuple[Fact, ...]
    timing: ProbeTiming


@dataclass(kw_only=True)
class Observation:
    """One diagnosis' probes."""

    cluster: Cluster
    scope: Scope
    deadline: float
    """By the clock of the event loop. What is not finished then is ``Unknown(timeout)``."""
    budget_seconds: float
    progress: Callable[[Progress], None]
    finished: int = field(default=0, init=False)

    async def run(
        self, probes: Sequence[Probe], enough: Callable[[list[Fact]], Awaitable[bool]] | None
    ) -> list[Observed]:
        """Return what all probes give, in their order.

        Args:
            probes: Begun all at once.
            enough: Asked once those that read objects are finished, with what is known then and the kinds that are
                not, as facts. If it is, the others are stopped, and those of them that have finished left out: how fast
                a Node answers makes no difference to the diagnosis.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.one(probe, total=len(probes))) for probe in probes]
            lengthy = [task for probe, task in zip(probes, tasks, strict=True) if probe.takes_long]
            reading = [task for task in tasks if task not in lengthy]
            if enough and reading and lengthy:
                await asyncio.wait(reading)
                if not all(task.done() for task in lengthy):
                    unasked = [self.not_needed(probe) for probe in probes if probe.takes_long]
                    known = [fact for task in reading for fact in task.result().facts]
                    if await enough([*known, *(fact for each in unasked for fact in each.facts)]):
                        for task in lengthy:
                            task.cancel()
                        return [task.result() for task in reading] + unasked
        return [task.result() for task in tasks]

    async def one(self, probe: Probe, *, total: int) -> Observed:
        """Return what one probe gives."""
        clock = time.monotonic()
        try:
            async with asyncio.timeout_at(self.deadline):
                facts = await probe.observe(self.cluster, self.scope)
        except TimeoutError:
            facts = probe.timed_out(self.cluster, self.budget_seconds)
        self.finished += 1
        self.progress(Progress(doing=f"Read {probe.name}", done=self.finished, total=total))
        return observed(probe, facts, seconds=time.monotonic() - clock)

    def not_needed(self, probe: Probe) -> Observed:
        """Return what a probe gives that is not waited for."""
        why = "the cause was proven without it"
        facts = [unknown(self.cluster, of, Reason.NOT_NEEDED, why) for of in probe.gives]
        return observed(probe, facts, seconds=0)


def observed(probe: Probe, facts: Sequence[Fact], *, seconds: float) -> Observed:
    """Return facts with how their probe went."""
    missing = [fact.reason for fact in facts if isinstance(fact, Unknown)]
    for reason in missing:
        note_unknown(reason)
    timing = ProbeTiming(
        probe=probe.name, seconds=round(seconds, 3), facts=len(facts) - len(missing), unknown=len(missing)
    )
    return Observed(facts=tuple(facts), timing=timing)


def observed_kinds(probes: Iterable[Probe]) -> set[str]:
    """Return the kinds of fact that probes look for, found or not."""
    return {fact_type.kind for probe in probes for fact_type in probe.gives}
