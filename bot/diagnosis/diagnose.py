"""The use case: symptom, scope, probes within a budget, rules, diagnosis."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bot.cluster.cache import CachedCluster
from bot.cluster.errors import TimedOut
from bot.cluster.meter import Meter, metered
from bot.cluster.port import Cluster
from bot.course import phase
from bot.diagnosis import path, symptom
from bot.diagnosis.access import access_of
from bot.diagnosis.early import is_over, may_end_early
from bot.diagnosis.helpers import Helpers, installed
from bot.diagnosis.judge import Judgement, judge
from bot.diagnosis.localise import localise
from bot.diagnosis.measure import recordings_of, ways_of
from bot.diagnosis.observe import Observation, Observed, Progress, observed_kinds
from bot.diagnosis.report import Diagnosis, SymptomReport, Timing
from bot.diagnosis.residency import Residency
from bot.diagnosis.scope import Ambiguous, OutsideTarget, resolve
from bot.diagnosis.triage import triaged
from bot.engine.book import LateRuleBook, RuleBook
from bot.engine.verdict import Verdict
from bot.facts.base import Fact
from bot.facts.scope import Scope, Subject
from bot.probes.probe import Probe

log = logging.getLogger(__name__)

__all__ = ["Diagnose", "Progress", "observed_kinds"]

STOPPED_EARLY = (
    "Stopped early: objects alone prove the cause, so Nodes were not waited for. Ask again when it is mended, or with "
    "--thorough, to have them looked at too."
)


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
class Diagnose:
    """Everything a diagnosis needs besides the cluster and the words."""

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

    async def __call__(
        self,
        cluster: Cluster,
        text: str,
        *,
        namespace: str = "",
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> Diagnosis | Ambiguous:
        """Return the diagnosis of a symptom, or the question that has to be answered first.

        Raises:
            SymptomError: The text is empty, too long or nothing but markup.
            ClusterError: The cluster cannot be reached, or nothing of it may be read.
        """
        with metered() as meter:
            async with AsyncExitStack() as until_answered:
                return await self._answer(
                    cluster, text, namespace=namespace, progress=progress, meter=meter, until_answered=until_answered
                )

    async def _answer(
        self,
        cluster: Cluster,
        text: str,
        *,
        namespace: str,
        progress: Callable[[Progress], None],
        meter: Meter,
        until_answered: AsyncExitStack,
    ) -> Diagnosis | Ambiguous:
        started, clock = cluster.now(), time.monotonic()
        deadline = asyncio.get_running_loop().time() + self.budget_seconds
        said = symptom.parse(text, namespace=namespace)
        cached = CachedCluster(cluster)
        progress(Progress(doing="Resolving names", done=0, total=0))
        version, scope = await self._meant(cached, said, deadline)
        if isinstance(scope, Ambiguous):
            return scope
        asked = time.monotonic()
        with phase("helpers"):
            helper_notes = await until_answered.enter_async_context(self.helpers(cluster, scope))
        # Helpers that have to be started first take nothing from the time to look.
        deadline += time.monotonic() - asked
        async with asyncio.TaskGroup() as group:
            access = group.create_task(access_of(cached, scope, server_version=version, deadline=deadline))
            judged = await self._judge(cached, scope, deadline, progress)
        judgement = judged.judgement
        result = Diagnosis(
            symptom=SymptomReport(
                text=said.text,
                kind=said.kind,
                namespace=", ".join(scope.namespaces) or said.namespace,
                source=path.words(scope.clients) or said.source.text,
                target=target_in_words(scope) or said.target.text,
            ),
            causes=judgement.causes,
            also_seen=judgement.also_seen,
            ruled_out=judgement.ruled_out,
            not_checked=judgement.not_checked,
            path=path.draw(scope, judged.verdicts, judgement),
            timing=Timing(
                started=started.isoformat(timespec="seconds"),
                seconds=round(time.monotonic() - clock, 3),
                probes=tuple(each.timing for each in judged.observed),
                stopped_early=judged.stopped_early,
                api_requests=meter.requests,
                api_bytes=meter.received_bytes,
                helper_requests=meter.helper_requests,
            ),
            access=access.result(),
            notes=(*notes_of(scope), *helper_notes, *how_it_ended(judged), *cached.notes, *self.book.take_notes()),
            unread=(*nobody_found(scope), *path.unread(scope, judged.verdicts)),
            ways=await ways_of(cached, judged.facts),
            recordings=await recordings_of(cached, judged.facts),
        )
        log.info(
            "diagnosis of %r: %d causes, %d ruled out, %d not checked, %.2f s",
            said.kind,
            len(result.causes),
            len(result.ruled_out),
            len(result.not_checked),
            result.timing.seconds,
        )
        return result

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


def how_it_ended(judged: Judged) -> tuple[str, ...]:
    """Return that not all was waited for, where that is so, and where a fault is that no rule knows."""
    if judged.judgement.causes:
        return (STOPPED_EARLY,) if judged.stopped_early else ()
    return tuple(filter(None, [localise(judged.facts)]))


def notes_of(scope: Scope) -> tuple[str, ...]:
    """Return what a reader has to know about how the words were understood."""
    missing = f"Nothing in the cluster is called {', '.join(scope.missing)}."
    return (*scope.notes, missing) if scope.missing else scope.notes


def nobody_found(scope: Scope) -> tuple[str, ...]:
    """Return that what was asked about does not exist, where nothing else was meant."""
    target = scope.services or scope.backends or scope.outside_host or scope.named_nodes
    return () if target or not scope.missing else (f"nothing is called {', '.join(scope.missing)}",)


def target_in_words(scope: Scope) -> str:
    """Return what the symptom tries to reach; empty when nothing of it was found."""
    if scope.outside_host:
        return f"{scope.outside_host}:{scope.outside_port}" if scope.outside_port else scope.outside_host
    if scope.cluster_wide:
        return "the whole cluster"
    nodes = tuple(Subject("Node", "", name) for name in scope.named_nodes)
    return path.words(scope.services or scope.backends or nodes)
