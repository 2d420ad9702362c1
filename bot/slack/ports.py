"""What the Slack package needs from the rest of the program, as narrowly as it needs it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.diagnosis.diagnose import Progress
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from bot.metrics import Metrics
from bot.remediation.apply import Progress as Move
from bot.remediation.approval import Approved, Denied, Policy
from bot.remediation.make import Proposal
from bot.remediation.plan import Plan
from bot.slack.clusters import Clusters
from bot.slack.health import Check
from bot.store.alerts import AlertThreads
from bot.store.answers import Answers
from bot.store.conversation import Conversation
from bot.store.outbox import Outbox
from bot.store.records import Incident, IncidentState, PlanState, StoredPlan


@dataclass(frozen=True, kw_only=True, order=True)
class Person:
    """Who asked or clicked, as Slack says it; never read from a text."""

    team: str
    """Workspace, or home workspace of a guest from another one: user ids are unique within it only."""
    user: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a conversation is."""

    channel: str
    thread: str = ""
    """Timestamp of the thread's first message; empty: the channel itself."""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file for a thread."""

    name: str
    title: str
    data: bytes
    alt_text: str = ""
    """What a picture shows, for those who cannot see it."""


@dataclass(frozen=True, kw_only=True)
class Echo:
    """A message that tells elsewhere, without names, how a request ended."""

    place: Place
    message: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """One symptom, who asked, and where the answer goes."""

    symptom: str
    requester: Person
    place: Place
    opening: str = ""
    """Timestamp of our own message that opened the thread; empty where the thread was there before."""
    headline: str = ""
    """What the opening message says besides the verdict; empty: who asks what."""
    cluster: str = ""
    """Its name; empty: not decided yet."""
    chosen: Mapping[str, Subject] = field(default_factory=dict)
    """Answers to earlier questions: the word, and the object that is meant."""
    echo: Echo | None = None
    was_left: bool = False
    """The process that began to answer it is gone."""
    incident: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Id under which its diagnosis is kept, and found in the log."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request that waits for a choice."""

    request: Request
    word: str
    candidates: tuple[Subject, ...]


class KnownRule(Protocol):
    """What is shown of a rule."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def title(self) -> str:
        """The fault in a few words."""
        ...

    @property
    def severity(self) -> str:
        """How bad it is."""
        ...

    @property
    def category(self) -> str:
        """What it is about."""
        ...


class Diagnose(Protocol):
    """From a symptom to its diagnosis."""

    async def __call__(
        self, symptom: str, *, cluster: str, chosen: Mapping[str, Subject], progress: Callable[[Progress], None]
    ) -> Diagnosis | Ambiguous:
        """Return the diagnosis, or the question that has to be answered first.

        Raises:
            SymptomError: The words cannot be understood.
            ClusterError: The cluster cannot be looked at.
        """
        ...


class Pictures(Protocol):
    """Pictures of a diagnosis as PNG, made off the event loop; none where there is nothing to see."""

    async def of(self, diagnosis: Diagnosis) -> Sequence[File]:
        """Return those that go with the answer: the path, and what was measured."""
        ...

    async def reasoning(self, diagnosis: Diagnosis) -> Sequence[File]:
        """Return the chain of reasons behind the first cause."""
        ...

    async def ticket(self, diagnosis: Diagnosis, node: str) -> Sequence[File]:
        """Return the evidence about a Node for its provider, as text and as a picture."""
        ...


class Remedies(Protocol):
    """Plans, and what becomes of them: :class:`bot.remediation.remedy.Remedy` for one cluster.

    Every method may raise :class:`bot.store.records.StoreError`.
    """

    @property
    def policy(self) -> Policy:
        """Who may approve."""
        ...

    async def propose(self, diagnosis: Diagnosis, *, incident_id: str) -> Proposal:
        """Return the plans for a diagnosis, stored so that they can be approved."""
        ...

    async def plan(self, plan_hash: str) -> Plan | None:
        """Return a stored plan."""
        ...

    async def approve(self, plan_hash: str, *, by: str, groups: Collection[str]) -> Approved | Denied:
        """Record a yes, if it counts; :meth:`apply` comes next. ``groups``: user groups the person is in."""
        ...

    async def reject(self, plan_hash: str, *, by: str, reason: str, groups: Collection[str]) -> Approved | Denied:
        """Record a no, if it counts."""
        ...

    async def edit(self, plan_hash: str, text: str, *, by: str, groups: Collection[str]) -> Plan | Denied:
        """Return the plan with the values that were written, in the place of the one before."""
        ...

    async def undo(self, plan_hash: str, *, by: str) -> Plan | Denied:
        """Return the plan that puts back what a plan changed, stored so that it can be approved."""
        ...

    def apply(self, plan_hash: str) -> AsyncIterator[Move]:
        """Carry out a plan that was approved, and confirm it or put back what was there; yields each move."""
        ...

    async def unfinished(self) -> Sequence[tuple[Incident, StoredPlan]]:
        """Return the plans that an earlier process left half way."""
        ...


class Store(Protocol):
    """What has to outlive the process: the part of :class:`bot.store.store.Store` that is used here.

    Every method may raise :class:`bot.store.records.StoreError`.
    """

    async def add_incident(
        self,
        *,
        requester: str,
        symptom: str,
        channel: str,
        thread: str,
        context: str,
        chosen: Mapping[str, Subject],
        incident_id: str,
    ) -> Incident:
        """Keep a symptom that somebody reported."""
        ...

    async def incident(self, incident_id: str) -> Incident | None:
        """Return an incident."""
        ...

    async def add_diagnosis(self, incident_id: str, document: str) -> None:
        """Keep a diagnosis of an incident, as JSON."""
        ...

    async def diagnoses(self, incident_id: str) -> list[str]:
        """Return the diagnoses of an incident as JSON, oldest first."""
        ...

    async def incident_of_thread(self, channel: str, thread: str) -> Incident | None:
        """Return the latest incident of a thread."""
        ...

    async def latest_incidents(
        self, count: int, *, channel: str = "", state: IncidentState | None = None
    ) -> list[Incident]:
        """Return the latest incidents, newest first."""
        ...

    async def plans_in(self, states: Collection[PlanState]) -> list[StoredPlan]:
        """Return the plans in these states, oldest first."""
        ...

    @property
    def conversation(self) -> Conversation:
        """Deliveries, questions and feedback."""
        ...

    @property
    def outbox(self) -> Outbox:
        """What waits for Slack."""
        ...

    @property
    def alerts(self) -> AlertThreads:
        """Alerts and their threads."""
        ...

    @property
    def answers(self) -> Answers:
        """What is being answered."""
        ...


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The rest of the program."""

    diagnose: Diagnose
    remedies: Remedies
    store: Store
    pictures: Pictures
    clusters: Clusters
    rules: Sequence[KnownRule]
    checks: Mapping[str, Check]
    """Whether each cluster answers, by its name."""
    alive: Mapping[str, Check] = field(default_factory=dict)
    """Whether what this process is made of still moves; what does not is mended by a restart alone."""
    metrics: Metrics = field(default_factory=Metrics)
