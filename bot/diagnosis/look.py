"""One look at a cluster: what the words mean, what is seen, and what the rules say of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bot.cluster.cache import CachedCluster
from bot.cluster.errors import TimedOut
from bot.cluster.port import Cluster
from bot.course import phase
from bot.diagnosis import symptom
from bot.diagnosis.access import access_of
from bot.diagnosis.early import is_over, may_end_early
from bot.diagnosis.helpers import Helpers, installed
from bot.diagnosis.judge import Judgement, judge
from bot.diagnosis.observe import Observation, Observed, Progress, observed_kinds
from bot.diagnosis.report import Access
from bot.diagnosis.residency import Residency
from bot.diagnosis.scope import Ambiguous, OutsideTarget, resolve
from bot.diagnosis.triage import triaged
from bot.engine.book import LateRuleBook, RuleBook
from bot.engine.verdict import Verdict
from bot.facts.base import Fact
from bot.facts.scope import Scope, Subject
from bot.probes.probe import Probe


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What was seen, and what it means."""

    observed: Sequence[Observed]
    verdicts: Sequence[Verdict]
    judgement: Judgement
    stopped_early: bool = False

    @property
    def facts(self) -> list[Fact]:
        """All facts."""
        return [fact for each in self.observed for fact in each.facts]


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look gave."""

    cached: CachedCluster
    scope: Scope
    judged: Judged
    access: Access
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Looker:
    """Everything a look needs besides the cluster and the words."""

    book: RuleBook | LateRuleBook
    probes: Sequence[Probe]
    outside_targets: Sequence[OutsideTarget] = ()
    residency: Residency = field(default_factory=Residency)
    budget_seconds: float = 20.0
    chosen: Mapping[str, Subject] = field(default_factory=dict)
    """Answers to an earlier ``Ambiguous``: the word, and the object that is meant."""
    helpers: Helpers = installed
    thorough: bool = False
    """Hear the Nodes out even where objects alone prove the cause."""

    async def look(
        self,
        cluster: Cluster,
        said: symptom.Symptom,
        progress: Callable[[Progress], None],
        until_answered: AsyncExitStack | None,
    ) -> Look | Ambiguous:
        """Resolve the words, observe and judge; helpers are started where they have somewhere to end."""
        deadline = asyncio.get_running_loop().time() + self.budget_seconds
        cached = CachedCluster(cluster)
        progress(Progress(doing="Resolving names", done=0, total=0))
        version, scope = await self._meant(cached, said, deadline)
        if isinstance(scope, Ambiguous):
            return scope
        notes: Sequence[str] = ()
        if until_answered:
            asked = time.monotonic()
            with phase("helpers"):
                notes = await until_answered.enter_async_context(self.helpers(cluster, scope))
            # Helpers that have to be started first take nothing from the time to look.
            deadline += time.monotonic() - asked
        async with asyncio.TaskGroup() as group:
            access = group.create_task(access_of(cached, scope, server_version=version, deadline=deadline))
            judged = await self._judge(cached, scope, deadline, progress)
        return Look(cached=cached, scope=scope, judged=judged, access=access.result(), notes=tuple(notes))

    async def _meant(self, cluster: Cluster, said: symptom.Symptom, deadline: float) -> tuple[str, Scope | Ambiguous]:
        """Return the API server's version, and the objects that the words mean."""
        try:
            with phase("names"):
                async with asyncio.timeout_at(deadline):
                    version = await cluster.server_version()
                    scope = await resolve(cluster, said, outside_targets=self.outside_targets, chosen=self.chosen)
                    if isinstance(scope, Ambiguous):
                        return version, scope
                    scope = await triaged(cluster, scope)
        except TimeoutError as late:
            raise TimedOut(f"The API server gave no answer within {self.budget_seconds:g} s.") from late
        return version, self.residency.applied_to(scope, said.text)

    async def _judge(
        self, cluster: Cluster, scope: Scope, deadline: float, progress: Callable[[Progress], None]
    ) -> Judged:
        """Observe, and apply the rules; see :mod:`bot.diagnosis.early` for when that is over."""
        early: list[tuple[list[Verdict], Judgement]] = []

        async def enough(known: Sequence[Fact]) -> bool:
            verdicts = await self._evaluate(known)
            judgement = judge(verdicts, scope)
            if is_over(judgement, verdicts):
                early.append((verdicts, judgement))
            return bool(early)

        observation = Observation(
            cluster=cluster, scope=scope, deadline=deadline, budget_seconds=self.budget_seconds, progress=progress
        )
        asked_early = enough if may_end_early(scope) and not self.thorough else None
        with phase("probes"):
            observed = await observation.run(self.probes, asked_early)
        if early:
            [(verdicts, judgement)] = early
            return Judged(observed=observed, verdicts=verdicts, judgement=judgement, stopped_early=True)
        progress(Progress(doing="Applying the rules", done=len(self.probes), total=len(self.probes)))
        verdicts = await self._evaluate([fact for each in observed for fact in each.facts])
        return Judged(observed=observed, verdicts=verdicts, judgement=judge(verdicts, scope))

    async def _evaluate(self, facts: Sequence[Fact]) -> list[Verdict]:
        with phase("rules"):
            return await asyncio.to_thread(self.book.evaluate, facts, observed_kinds(self.probes))
