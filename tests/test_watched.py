"""Diagnoses and remedies are counted, and nothing of the cluster is a label."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import pytest

from bot.beside import Beside, beside
from bot.cluster.errors import Unreachable
from bot.course import note_unknown, phase
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.diagnosis.symptom import SymptomError
from bot.facts.scope import Subject
from bot.logs import JsonLines
from bot.metrics import Metrics, Outcome
from bot.remediation.apply import Progress as Move
from bot.remediation.approval import Approved, Denied
from bot.store.records import PlanState
from bot.watched import WatchedDiagnose, WatchedRemedies, outcome_of
from tests.diagnosis_fixtures import nothing_checked, nothing_found, wrong_port
from tests.test_sites import Plans, site


def shown(metrics: Metrics) -> set[str]:
    return {line for line in metrics.exposition({}).decode().splitlines() if not line.startswith("#")}


@dataclasses.dataclass(frozen=True)
class Diagnose:
    """Answers, or fails, after some work; ``chosen`` is what is replaced for each question."""

    answer: Any
    chosen: Any = None

    async def __call__(self, cluster: Any, symptom: str, *, progress: Any) -> Any:
        with phase("probes"):
            await asyncio.to_thread(note_unknown, "no_helper")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def ask(answer: Any) -> set[str]:
    """Return the metrics after a diagnosis in the second loop."""
    metrics = Metrics()
    with beside() as second:
        sites = {"prod": dataclasses.replace(site("prod"), diagnose=Diagnose(answer))}
        watched = WatchedDiagnose(second, sites, metrics)
        expected = pytest.raises(type(answer)) if isinstance(answer, Exception) else nullcontext()
        with expected:
            await watched("x", cluster="prod", chosen={}, progress=lambda _: None)
    return shown(metrics)


AMBIGUOUS = Ambiguous(word="web", candidates=(Subject("Service", "shop", "web"), Subject("Service", "blog", "web")))


@pytest.mark.parametrize(
    ("answer", "outcome", "cause"),
    [
        (wrong_port(), "found", wrong_port().causes[0].rule),
        (nothing_found(), "not_found", ""),
        (AMBIGUOUS, "question", ""),
        (SymptomError("empty"), "not_understood", ""),
        (Unreachable("gone"), "unreachable", ""),
        (ZeroDivisionError(), "broken", ""),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
async def test_a_diagnosis_is_counted_however_it_ends(answer: Any, outcome: str, cause: str) -> None:
    lines = await ask(answer)

    assert {
        f'netmedic_diagnoses_total{{cause="{cause}",outcome="{outcome}"}} 1.0',
        'netmedic_phase_seconds_count{phase="probes"} 1.0',
        'netmedic_unknown_facts_total{reason="no_helper"} 1.0',
    } <= lines


@pytest.mark.parametrize(
    ("diagnosis", "outcome"),
    [
        (nothing_checked(), "not_found"),
        (dataclasses.replace(nothing_checked(), unread=("nothing is called web",)), "not_checked"),
    ],
)
def test_not_having_looked_is_another_outcome_than_nothing_found(diagnosis: Diagnosis, outcome: Outcome) -> None:
    assert outcome_of(diagnosis) == outcome


async def test_no_name_of_the_cluster_is_in_the_metrics() -> None:
    text = "\n".join(await ask(wrong_port()))

    assert wrong_port().causes[0].subject.namespace == "shop"
    assert not [word for word in ("shop", "checkout", "storefront", "node1") if word in text]


class FakeRemedy:
    """A remedy with one answer to every click, whoever gives it."""

    def __init__(self, answer: Approved | Denied) -> None:
        self.answer = answer

    async def approve(self, plan_hash: str, **by: Any) -> Approved | Denied:
        return self.answer

    async def reject(self, plan_hash: str, **by: Any) -> Approved | Denied:
        return self.answer

    async def apply(self, plan_hash: str) -> AsyncIterator[Move]:
        yield Move(plan=plan_hash, state=PlanState.RESTORED, text="Put back.")


def remedies(second: Beside, answer: Approved | Denied, metrics: Metrics) -> WatchedRemedies:
    changed: Any = dataclasses.replace(site("prod"), remedy=FakeRemedy(answer))
    return WatchedRemedies(second, Plans("context-prod"), {"prod": changed}, metrics)


async def test_decisions_and_moves_are_counted() -> None:
    metrics = Metrics()
    with beside() as second:
        allowing = remedies(second, Approved(), metrics)
        await allowing.approve("h", by="U1", groups=())
        await allowing.reject("h", by="U1", groups=(), reason="")
        [_] = [move async for move in allowing.apply("h")]
        await remedies(second, Denied("no"), metrics).approve("h", by="U2", groups=())

    assert {
        'netmedic_decisions_total{decision="approved"} 1.0',
        'netmedic_decisions_total{decision="rejected"} 1.0',
        'netmedic_decisions_total{decision="denied"} 1.0',
        'netmedic_plan_moves_total{state="restored"} 1.0',
    } <= shown(metrics)


async def test_what_is_said_of_a_plan_carries_its_incident() -> None:
    record = logging.LogRecord("bot", logging.INFO, "", 0, "applied", (), None)
    with beside() as second:
        found = remedies(second, Approved(), Metrics())
        await found.approve("h", by="U1", groups=())
        incident = await found.store.incident("")

    assert incident is not None
    assert f'"incident": "{incident.id}"' in JsonLines(str).format(record)
