"""The diagnosis as a value: what every output (text, JSON, YAML, Slack) is made from.

The JSON form is documented in ``docs/diagnosis.schema.json`` and versioned by :data:`SCHEMA`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.diagnosis.measurements import Recording, Way
from bot.facts.base import Value
from bot.facts.scope import Subject

SCHEMA = "netmedic/diagnosis/v1"


class HopStatus(StrEnum):
    """What is known of one hop."""

    OK = "ok"
    BROKEN = "broken"
    SUSPICIOUS = "suspicious"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, kw_only=True)
class SymptomReport:
    """The symptom as it was understood."""

    text: str
    kind: str
    namespace: str
    source: str
    target: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One fact that was used."""

    fact: str
    """Its kind."""
    source: str
    value: Mapping[str, Value]
    at: str


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Why one rule was found: its facts, and the findings below it."""

    rule: str
    summary: str
    evidence: tuple[Evidence, ...]
    because: tuple[Proof, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A finding: a cause where it stands in ``causes``, a side note where it stands in ``also_seen``."""

    rule: str
    category: str
    title: str
    summary: str
    severity: str
    hop: str
    subject: Subject
    details: Mapping[str, Value]
    evidence: tuple[Evidence, ...]
    """Everything the proof rests on, flat."""
    explains: tuple[str, ...]
    """Summaries of the findings it explains."""
    confidence: str
    playbook: str
    remedy: str
    refuted_by: str
    docs: str
    proof: Proof


@dataclass(frozen=True, kw_only=True)
class RuledOut:
    """A fault that was looked for and is not there."""

    rule: str
    summary: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True)
class NotChecked:
    """A fault that could not be looked for."""

    rule: str
    summary: str
    reason: str
    how_to_enable: str


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One hop of the path."""

    hop: str
    subject: str
    """The object in words: ``Pod shop/web-1``; several are joined by commas."""
    status: HopStatus
    detail: str
    first_broken: bool = False


@dataclass(frozen=True, kw_only=True)
class PlanReport:
    """A remedy that can be approved, as far as a diagnosis shows it."""

    playbook: str
    title: str
    hash: str
    objects: tuple[Mapping[str, Any], ...]
    """What would be sent to the API server, one object a step."""
    diff: str
    """Unified diff of the live objects against a server-side dry run; empty where none was made."""
    blast_radius: str
    reversible: bool
    risk: str
    commands: tuple[str, ...] = ()
    """What a person has to run, where it cannot be applied from here."""
    foreseen: tuple[str, ...] = ()
    """What was found out about its effect beforehand."""
    by_hand: str = ""
    """Why it cannot be approved; empty if it can."""


@dataclass(frozen=True, kw_only=True)
class ProbeTiming:
    """How one probe went."""

    probe: str
    seconds: float
    facts: int
    unknown: int


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When, and how long."""

    started: str
    seconds: float
    probes: tuple[ProbeTiming, ...]
    api_requests: int = 0
    """Sent to the API server; none where a recording is read."""
    api_bytes: int = 0
    """Received from it, as it sent them."""
    helper_requests: int = 0
    """Questions to node helpers, each of which starts a program there."""
    stopped_early: bool = False
    """Objects alone proved the cause, and Nodes were not waited for."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What the diagnosis was allowed to see."""

    tier: int
    """0: API only. 1: node helpers answered."""
    context: str
    server_version: str
    next_tier: str
    """What the next tier would show."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The answer to one symptom."""

    symptom: SymptomReport
    causes: tuple[Cause, ...]
    """Ranked; empty: no fault found among what could be checked."""
    also_seen: tuple[Cause, ...]
    ruled_out: tuple[RuledOut, ...]
    not_checked: tuple[NotChecked, ...]
    path: tuple[Hop, ...]
    timing: Timing
    access: Access
    plans: tuple[PlanReport, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader has to know besides: an engine that was replaced, objects that could not be decoded."""
    unread: tuple[str, ...] = ()
    """Why something that was asked about could not be read; with any, no causes do not mean no fault."""
    ways: tuple[Way, ...] = ()
    """Between Nodes, as far as they were measured."""
    recordings: tuple[Recording, ...] = ()
    """Of the flight recorders that were asked."""
    schema: str = field(default=SCHEMA)

    @property
    def headline(self) -> str:
        """One sentence a manager understands."""
        if self.causes:
            more = len(self.causes) - 1
            return self.causes[0].summary + (f" ({more} more below.)" if more else "")
        checked = len(self.ruled_out)
        if self.unread:
            counts = f"{checked} ruled out, {len(self.not_checked)} not checked"
            return f"Could not check what was asked ({counts}): {self.unread[0]}."
        if self.not_checked:
            return f"No fault found: {checked} ruled out, {len(self.not_checked)} could not be checked."
        return f"No fault found: {checked} ruled out."
