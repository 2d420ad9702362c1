"""What is stored, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.facts.scope import Subject


class StoreError(Exception):
    """The database could not be read or written. The text says what to do; nothing was changed."""


class IncidentState(StrEnum):
    """How far an incident is."""

    OPEN = "open"
    FIXED = "fixed"
    """A plan of it was applied and confirmed."""


class PlanState(StrEnum):
    """How far a plan is. Who moves it on does so by compare-and-set, so each step happens once."""

    PROPOSED = "proposed"
    """It can be approved."""
    REJECTED = "rejected"
    REPLACED = "replaced"
    """Somebody edited it, and the edited plan stands in its place."""
    STALE = "stale"
    """The cluster changed before anything was applied."""
    APPROVED = "approved"
    """Somebody said yes; nothing was changed yet."""
    APPLYING = "applying"
    CONFIRMING = "confirming"
    """Everything is applied; the probes look whether it helps."""
    CONFIRMED = "confirmed"
    UNDONE = "undone"
    """It was confirmed, and put back later by a plan of its own."""
    RESTORING = "restoring"
    RESTORED = "restored"
    FAILED = "failed"
    """The API server did not take it, and nothing is changed."""
    NEEDS_HAND = "needs_hand"
    """Neither applied nor restored as a whole; the message says what to do."""

    @property
    def in_words(self) -> str:
        """The state as a sentence has it."""
        words = {
            PlanState.NEEDS_HAND: "waiting for a person",
            PlanState.REPLACED: "replaced by an edited one",
            PlanState.STALE: "out of date",
        }
        return words.get(self, self.value)

    @property
    def final(self) -> bool:
        """Nothing follows by itself."""
        return self is not PlanState.PROPOSED and self not in UNFINISHED


UNFINISHED = (PlanState.APPROVED, PlanState.APPLYING, PlanState.CONFIRMING, PlanState.RESTORING)
"""States in which something has to go on after a restart."""


class StepState(StrEnum):
    """How far one step of a plan is."""

    SENT = "sent"
    """It may have reached the API server or not."""
    DONE = "done"
    UNDONE = "undone"


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One symptom in one thread."""

    id: str
    channel: str
    thread: str
    requester: str
    symptom: str
    namespace: str
    context: str
    chosen: Mapping[str, Subject]
    """Answers to questions about the symptom: the word, and the object that is meant."""
    state: IncidentState
    created: datetime


@dataclass(frozen=True, kw_only=True)
class KeptDiagnosis:
    """One diagnosis of an incident."""

    incident: str
    document: str
    """As JSON."""
    made: datetime


@dataclass(frozen=True, kw_only=True)
class StoredPlan:
    """One plan and how far it is."""

    hash: str
    incident: str
    playbook: str
    content: str
    """The plan as JSON."""
    state: PlanState
    detail: str
    """What the last move said, for people."""
    made: datetime
    expires: datetime
    version: int
    """Counts its moves."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The one yes or no that a plan got."""

    plan: str
    by: str
    approved: bool
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """One step of a plan at one object."""

    plan: str
    step: int
    target: str
    state: StepState
    before: str
    """The fields as JSON."""
    after: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One line of the audit trail."""

    seq: int
    at: datetime
    actor: str
    action: str
    incident: str
    plan: str
    detail: Mapping[str, str]
    previous: str
    """Digest of the entry before; empty for the first."""
    digest: str
    """SHA-256 over all of the above."""
