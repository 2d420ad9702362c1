"""The use case: symptom, scope, probes within a budget, rules, diagnosis."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.cluster.cache import CachedCluster
from bot.cluster.errors import TimedOut
from bot.cluster.meter import Meter, metered
from bot.cluster.port import Cluster
from bot.diagnosis import path, symptom
from bot.diagnosis.access import access_of
from bot.diagnosis.judge import judge
from bot.diagnosis.measure import recordings_of, ways_of
from bot.diagnosis.report import Diagnosis, ProbeTiming, SymptomReport, Timing
from bot.diagnosis.residency import Residency
from bot.diagnosis.scope import Ambiguous, OutsideTarget, resolve
from bot.engine.book import RuleBook
from bot.facts.base import Fact, Unknown
from bot.facts.scope import Scope, Subject
from bot.probes.probe import Probe

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a diagnosis is."""

    doing: str
    """In words: ``Resolving names``, ``Reading service_backends``, ``Applying 30 rules``."""
    done: int
    total: int
    """Probes; 0 before they are known."""


@dataclass(frozen=True, kw_only=True)
class Diagnose:
    """Everything a diagnosis needs besides the cluster and the words."""

    book: RuleBook
    probes: Sequence[Probe]
    outside_targets: Sequence[OutsideTarget] = ()
    residency: Residency = field(default_factory=Residency)
    budget_seconds: float = 20.0
    chosen: Mapping[str, Subject] = field(default_factory=dict)
    """Answers to an earlier ``Ambiguous``: the word, and the object that is meant."""

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
            return await self._answer(cluster, text, namespace=namespace, progress=progress, meter=meter)

    async def _answer(
        self, cluster: Cluster, text: str, *, namespace: str, progress: Callable[[Progress], None], meter: Meter
    ) -> Diagnosis | Ambiguous:
        started, clock = cluster.now(), time.monotonic()
        deadline = asyncio.get_running_loop().time() + self.budget_seconds
        said = symptom.parse(text, namespace=namespace)
        cached = CachedCluster(cluster)
        progress(Progress(doing="Resolving names", done=0, total=0))
        try:
            async with asyncio.timeout_at(deadline):
                version = await cached.server_version()
                scope = await resolve(cached, said, outside_targets=self.outside_targets, chosen=self.chosen)
        except TimeoutError as late:
            raise TimedOut(f"The API server gave no answer within {self.budget_seconds:g} s.") from late
        if isinstance(scope, Ambiguous):
            return scope
        scope = self.residency.applied_to(scope, said.text)
        facts, timings = await self._observe(cached, scope, deadline, progress)
        progress(Progress(doing="Applying the rules", done=len(self.probes), total=len(self.probes)))
        verdicts = await asyncio.to_thread(self.book.evaluate, facts, observed_kinds(self.probes))
        judgement = judge(verdicts, scope)
        access = await access_of(cached, scope, server_version=version)
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
            path=path.draw(scope, verdicts, judgement),
            timing=Timing(
                started=started.isoformat(timespec="seconds"),
                seconds=round(time.monotonic() - clock, 3),
                probes=timings,
                api_requests=meter.requests,
                api_bytes=meter.received_bytes,
                helper_requests=meter.helper_requests,
            ),
            access=access,
            notes=(*notes_of(scope), *cached.notes, *self.book.take_notes()),
            unread=(*nobody_found(scope), *path.unread(scope, verdicts)),
            ways=await ways_of(cached, facts),
            recordings=await recordings_of(cached, facts),
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

    async def _observe(
        self, cluster: Cluster, scope: Scope, deadline: float, progress: Callable[[Progress], None]
    ) -> tuple[list[Fact], tuple[ProbeTiming, ...]]:
        """Run all probes side by side; what is not finished at the deadline is ``Unknown(timeout)``."""
        finished = 0

        async def run(probe: Probe) -> tuple[list[Fact], ProbeTiming]:
            nonlocal finished
            clock = time.monotonic()
            try:
                async with asyncio.timeout_at(deadline):
                    facts = await probe.observe(cluster, scope)
            except TimeoutError:
                facts = probe.timed_out(cluster, self.budget_seconds)
            finished += 1
            progress(Progress(doing=f"Read {probe.name}", done=finished, total=len(self.probes)))
            missing = sum(isinstance(fact, Unknown) for fact in facts)
            seconds = round(time.monotonic() - clock, 3)
            return facts, ProbeTiming(probe=probe.name, seconds=seconds, facts=len(facts) - missing, unknown=missing)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(probe)) for probe in self.probes]
        results = [task.result() for task in tasks]
        return [fact for facts, _ in results for fact in facts], tuple(timing for _, timing in results)


def observed_kinds(probes: Sequence[Probe]) -> Collection[str]:
    """Return the kinds of fact that probes look for, found or not."""
    return {fact_type.kind for probe in probes for fact_type in probe.gives}


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
