"""The rest of the program, as the Slack package sees it."""

from __future__ import annotations

import asyncio
import shutil
import uuid
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.cluster.errors import ClusterError
from bot.diagnosis.diagnose import Progress
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from bot.remediation.apply import Progress as Move
from bot.remediation.approval import Approved, Denied, Policy
from bot.remediation.make import Proposal
from bot.remediation.plan import Plan
from bot.slack.ports import File
from bot.store import chat_tables  # noqa: F401 - its tables belong to the metadata
from bot.store.database import BUSY_SECONDS, Database, _engine
from bot.store.records import Incident, IncidentState, PlanState, StoredPlan, StoreError
from bot.store.store import Store
from bot.store.tables import metadata
from tests.slack.edge import ALICE, BOB

PIXEL = b"\x89PNG\r\n\x1a\n not really"
NOW = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


@dataclass
class FakeDiagnose:
    """Gives the answer that is set, after the progress that is set."""

    answer: Diagnosis | Ambiguous | Exception
    steps: list[Progress] = field(default_factory=list)
    asked: list[tuple[str, Mapping[str, Subject]]] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    clusters: list[str] = field(default_factory=list)
    running: int = 0

    def __post_init__(self) -> None:
        self.may_answer.set()

    async def __call__(
        self, symptom: str, *, cluster: str, chosen: Mapping[str, Subject], progress: Callable[[Progress], None]
    ) -> Diagnosis | Ambiguous:
        self.asked.append((symptom, dict(chosen)))
        self.clusters.append(cluster)
        self.running += 1
        try:
            for step in self.steps:
                progress(step)
            await self.may_answer.wait()
        finally:
            self.running -= 1
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, Ambiguous) and self.answer.word in chosen:
            raise AssertionError("the question was answered")
        return self.answer


@dataclass
class FakeRemedies:
    """Plans with the rules of approval that matter here: one decision, by an approver who is not the requester."""

    plans: tuple[Plan, ...] = ()
    notes: tuple[str, ...] = ()
    policy: Policy = field(default_factory=lambda: Policy(approvers=(BOB,)))
    requester: str = ALICE
    moves: list[Move] = field(default_factory=list)
    left: list[tuple[Incident, StoredPlan]] = field(default_factory=list)
    decided: dict[str, str] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    clicks: list[str] = field(default_factory=list)
    problem: str = ""
    """Why the store behind them cannot be used."""
    fails_while_applying: str = ""
    no_plan: ClusterError | None = None
    no_edit: str = ""
    no_undo: str = ""
    texts: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    async def propose(self, diagnosis: Diagnosis, *, incident_id: str) -> Proposal:
        if self.no_plan:
            raise self.no_plan
        return Proposal(plans=self.plans, notes=self.notes)

    async def plan(self, plan_hash: str) -> Plan | None:
        return next((plan for plan in self.plans if plan.hash == plan_hash), None)

    async def approve(self, plan_hash: str, *, by: str, groups: Collection[str]) -> Approved | Denied:
        return self._decide(plan_hash, by, "approved", groups)

    async def reject(self, plan_hash: str, *, by: str, reason: str, groups: Collection[str]) -> Approved | Denied:
        self.reasons.append(reason)
        return self._decide(plan_hash, by, "rejected", groups)

    async def edit(self, plan_hash: str, text: str, *, by: str, groups: Collection[str]) -> Plan | Denied:
        self.clicks.append(by)
        if self.no_edit:
            return Denied(self.no_edit)
        self.texts.append(text)
        self.plans += (replace(self.plans[0], edited_by=by, replaces=plan_hash).sealed(),)
        return self.plans[-1]

    async def undo(self, plan_hash: str, *, by: str) -> Plan | Denied:
        self.clicks.append(by)
        if self.no_undo:
            return Denied(self.no_undo)
        first = self.plans[0]
        self.plans += (replace(first, title=f"Undo: {first.title}", undoes=plan_hash, reversible=False).sealed(),)
        return self.plans[-1]

    async def apply(self, plan_hash: str) -> AsyncIterator[Move]:
        self.applied.append(plan_hash)
        for move in self.moves:
            yield move
        if self.fails_while_applying:
            raise StoreError(self.fails_while_applying)

    async def unfinished(self) -> list[tuple[Incident, StoredPlan]]:
        return self.left

    def _decide(self, plan_hash: str, by: str, word: str, groups: Collection[str]) -> Approved | Denied:
        self.clicks.append(by)
        if self.problem:
            raise StoreError(self.problem)
        if all(plan.hash != plan_hash for plan in self.plans):
            return Denied("There is no such plan. Ask for a new diagnosis.", is_closed=True)
        if plan_hash in self.decided:
            return Denied(f"Nothing done: this plan was already {self.decided[plan_hash]}.", is_closed=True)
        if {by, *groups}.isdisjoint(self.policy.approvers):
            return Denied("You are not on the list of approvers.")
        if by == self.requester and word == "approved":
            return Denied("You asked for this diagnosis, so another approver has to say yes.")
        self.decided[plan_hash] = f"{word} by {by}"
        return Approved()


class FakeStore(Store):
    """A store on a database of its own, or shared with another replica's, which can be told to fail."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path(mkdtemp(prefix="netmedic-")) / "state.db"
        if not path:
            weakref.finalize(self, shutil.rmtree, self.path.parent, ignore_errors=True)
            engine = create_engine(f"sqlite:///{self.path}")
            metadata.create_all(engine)
            engine.dispose()
        self.database = FailingDatabase(f"sqlite+aiosqlite:///{self.path}")
        super().__init__(self.database)
        self.incidents: dict[str, Incident] = {}
        self.documents: dict[str, list[str]] = {}

    @property
    def problem(self) -> str:
        """Why it cannot be used."""
        return self.database.problem

    @problem.setter
    def problem(self, why: str) -> None:
        self.database.problem = why

    async def add_incident(self, **told: Any) -> Incident:
        incident = await super().add_incident(**told)
        self.incidents[incident.id] = incident
        return incident

    async def add_diagnosis(self, incident_id: str, document: str) -> None:
        await super().add_diagnosis(incident_id, document)
        self.documents.setdefault(incident_id, []).append(document)

    async def diagnoses(self, incident_id: str) -> list[str]:
        kept = await super().diagnoses(incident_id)
        return kept if incident_id in self.documents else []


def forgetful(connection: Any) -> None:
    """Let a database be lost in a power cut: a test has none, and a disk takes its time."""
    connection.cursor().execute("PRAGMA synchronous = OFF")


class FailingDatabase(Database):
    """A database that fails when it is told to."""

    def __init__(self, url: str) -> None:
        engine = _engine(url, BUSY_SECONDS)
        event.listen(engine.sync_engine, "connect", lambda connection, _: forgetful(connection))
        super().__init__(engine)
        self.problem = ""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        if self.problem:
            raise StoreError(self.problem)
        async with super().transaction() as connection:
            yield connection


@dataclass
class FakePictures:
    """Pictures of one pixel."""

    wanted: bool = False
    """Of the path; the reasoning is drawn in any case."""
    drawn: list[str] = field(default_factory=list)

    async def of(self, diagnosis: Diagnosis) -> Sequence[File]:
        return self._picture("path") if self.wanted else ()

    async def reasoning(self, diagnosis: Diagnosis) -> Sequence[File]:
        return self._picture("reasoning")

    async def ticket(self, diagnosis: Diagnosis, node: str) -> Sequence[File]:
        return self._picture(f"ticket of {node}")

    def _picture(self, name: str) -> Sequence[File]:
        self.drawn.append(name)
        return (File(name=f"{name}.png", title=f"The {name}", data=PIXEL, alt_text=f"What the {name} shows."),)


@dataclass(frozen=True)
class FakeRule:
    """A rule as it is listed."""

    id: str
    title: str = "A fault"
    severity: str = "error"
    category: str = "service"


@dataclass
class FakeClock:
    """A clock that only sleeping moves."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


def incident_of(
    *,
    requester: str = ALICE,
    symptom: str = "",
    channel: str = "",
    thread: str = "",
    context: str = "",
    chosen: Mapping[str, Subject] | None = None,
) -> Incident:
    """Return an incident."""
    return Incident(
        id=uuid.uuid4().hex,
        channel=channel,
        thread=thread,
        requester=requester,
        symptom=symptom,
        namespace="",
        context=context,
        chosen=dict(chosen or {}),
        state=IncidentState.OPEN,
        created=NOW,
    )


def stored(plan: Plan, *, incident: str, state: PlanState) -> StoredPlan:
    """Return a plan as the store has it."""
    return StoredPlan(
        hash=plan.hash,
        incident=incident,
        playbook=plan.playbook,
        content=plan.to_json(),
        state=state,
        detail="",
        made=plan.made,
        expires=plan.expires,
        version=1,
    )
