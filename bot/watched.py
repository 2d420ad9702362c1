"""Diagnoses and remedies as the bot has them done: counted, and told of in the log by their incident."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.cluster.errors import ClusterError
from bot.course import followed, phase
from bot.diagnosis.diagnose import Progress
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.diagnosis.symptom import SymptomError
from bot.facts.scope import Subject
from bot.logs import about, current
from bot.metrics import Decision, Metrics, Outcome
from bot.remediation.apply import Progress as Move
from bot.remediation.approval import Approved, Denied
from bot.remediation.make import Proposal
from bot.sites import DiagnoseAnywhere, RemediesAnywhere
from bot.traces import Traces


@dataclass(frozen=True)
class WatchedDiagnose(DiagnoseAnywhere):
    """Diagnoses that are counted."""

    metrics: Metrics
    traces: Traces | None = None

    async def __call__(
        self, symptom: str, *, cluster: str, chosen: Mapping[str, Subject], progress: Callable[[Progress], None]
    ) -> Diagnosis | Ambiguous:
        """Return the diagnosis, or the question that has to be answered first."""
        outcome: Outcome = "broken"
        answer: Diagnosis | Ambiguous | None = None
        began, clock = time.time(), time.monotonic()
        with followed() as course:
            try:
                answer = await super().__call__(symptom, cluster=cluster, chosen=chosen, progress=progress)
                outcome = outcome_of(answer)
            except SymptomError:
                outcome = "not_understood"
                raise
            except ClusterError:
                outcome = "unreachable"
                raise
            finally:
                seconds = time.monotonic() - clock
                diagnosis = answer if isinstance(answer, Diagnosis) else None
                cause = diagnosis.causes[0].rule if diagnosis and diagnosis.causes else ""
                recordings = diagnosis.recordings if diagnosis else ()
                self.metrics.diagnosed(outcome, cause=cause, seconds=seconds, course=course, recordings=recordings)
                if self.traces:
                    told = {"outcome": outcome, "cause": cause, "incident": current()}
                    self.traces.told(course, began=began, seconds=seconds, **told)
        return answer


def outcome_of(answer: Diagnosis | Ambiguous) -> Outcome:
    """Return how a diagnosis ended, in the words of the metrics."""
    if isinstance(answer, Ambiguous):
        return "question"
    if answer.causes:
        return "found"
    return "not_checked" if answer.unread else "not_found"


@dataclass(frozen=True)
class WatchedRemedies(RemediesAnywhere):
    """Remedies that are counted."""

    metrics: Metrics

    async def propose(self, diagnosis: Diagnosis, *, incident_id: str) -> Proposal:
        """Return the plans for a diagnosis, stored so that they can be approved."""
        with followed() as course:
            try:
                with phase("plans"):
                    return await super().propose(diagnosis, incident_id=incident_id)
            finally:
                self.metrics.went(course)

    async def approve(self, plan_hash: str, *, by: str, **told: Any) -> Approved | Denied:
        """Record a yes, if it counts; ``told`` is what else is known of who gives it."""
        await self._about(plan_hash)
        return self._counted("approved", await super().approve(plan_hash, by=by, **told))

    async def reject(self, plan_hash: str, *, by: str, **told: Any) -> Approved | Denied:
        """Record a no, if it counts."""
        await self._about(plan_hash)
        return self._counted("rejected", await super().reject(plan_hash, by=by, **told))

    async def apply(self, plan_hash: str) -> AsyncIterator[Move]:
        """Carry out a plan that was approved."""
        await self._about(plan_hash)
        async for move in super().apply(plan_hash):
            self.metrics.moved(move.state)
            yield move

    async def _about(self, plan_hash: str) -> None:
        stored = await self.beside.run(lambda: self.store.plan(plan_hash))
        if stored:
            about(stored.incident)

    def _counted(self, decision: Decision, answer: Approved | Denied) -> Approved | Denied:
        self.metrics.decided("denied" if isinstance(answer, Denied) else decision)
        return answer
