"""A plan as a value: a playbook filled in for one cause, with a hash over everything a person approves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import msgspec

from bot.cluster.writer import Json, Operation, Target
from bot.diagnosis.report import PlanReport
from bot.engine.verdict import Outcome
from bot.facts.base import Value
from bot.facts.scope import Subject
from bot.remediation.diff import canonical
from bot.remediation.fieldpath import FieldPath
from bot.remediation.playbook import Risk

SHORT_HASH = 12
"""Characters of a hash that people see: enough to tell plans apart, and to look one up."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One field, what it was and what it becomes; None is a field that is not set."""

    path: FieldPath
    before: Json
    after: Json
    type: str = ""
    """One of :data:`bot.remediation.values.TYPES`; empty where no playbook says it."""


class Action(StrEnum):
    """What is done to an object."""

    PATCH = "patch"
    """Some of its fields change."""
    RESTART = "restart"
    """So does one that replaces its Pods."""
    CREATE = "create"
    DELETE = "delete"
    """Its owner makes another."""
    RUN = "run"
    """It is a Job: made, waited for, and deleted."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a plan does to one object."""

    action: Action = Action.PATCH
    target: Target
    uid: str = ""
    """That of the object the plan was made from. Like the three below, empty without a dry run."""
    resource_version: str = ""
    digest: str = ""
    """Tells whether the object still is what the plan was made from, or what it made; status and noise do not count."""
    seen: str = ""
    """The object the plan was made from, as YAML, possible secrets hidden."""
    edits: tuple[Edit, ...] = ()
    """Fields; of a Job, what it sets."""
    fragment: Mapping[str, Json]
    """What is sent as a person writes it: a strategic merge patch, or the whole of a new object."""
    back: Mapping[str, Json] = field(default_factory=dict)
    """The Job that undoes what a Job did."""
    wait_seconds: int = 0
    """Time for what it starts: a rollout, a Job."""

    def operations(self, live: dict[str, Json]) -> list[Operation]:
        """Return the JSON Patch that makes the edits in this object.

        Raises:
            NoSuchField: The object has no such fields.
        """
        return [edit.path.operation(live, edit.after) for edit in self.edits]


@dataclass(frozen=True, kw_only=True)
class Check:
    """What has to be seen after the apply."""

    rules: tuple[str, ...]
    answers: Outcome
    """Of all of them, about the subject."""
    subject: Subject
    same: Mapping[str, Value]
    """Details that tell this fault from another of the same rule at the same object."""
    within_seconds: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A remedy that can be approved."""

    playbook: str
    title: str
    rule: str
    """The rule whose finding it remedies."""
    finding: str
    """That finding in a sentence."""
    risk: Risk
    context: str
    """The cluster it is for."""
    incident: str
    """The incident it belongs to; empty for a plan that is only shown."""
    blast_radius: str
    changes: tuple[Change, ...]
    diff: str
    """Unified diff of the live objects against a server-side dry run; empty without one."""
    unchecked: str
    """Why it cannot be applied from here: not tried, kept by another tool, or work for a person; empty if it can."""
    foreseen: tuple[str, ...] = ()
    """What was found out about its effect beforehand, as sentences."""
    commands: tuple[str, ...] = ()
    """What a person has to run."""
    ticket_node: str = ""
    """Node about which its provider is to be told, with evidence; empty for none."""
    docs: str = ""
    undoes: str = ""
    """Hash of the plan whose changes it puts back; empty: it is a remedy."""
    replaces: str = ""
    """Hash of the plan that was edited to make it."""
    edited_by: str = ""
    """Who edited it, and so cannot approve it."""
    check: Check
    reversible: bool
    made: datetime
    expires: datetime
    hash: str = ""

    @property
    def short(self) -> str:
        """The beginning of its hash, for people."""
        return self.hash[:SHORT_HASH]

    def sealed(self) -> Plan:
        """Return the plan with its hash."""
        return replace(self, hash=hash_of(self))

    def to_json(self) -> str:
        """Return the plan as JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Plan:
        """Return a plan that was stored.

        Raises:
            ValueError: It is none, or of another version of netmedic.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as problem:
            raise ValueError(f"this plan cannot be read: {problem}") from problem

    def report(self) -> PlanReport:
        """Return the plan as a diagnosis shows it."""
        return PlanReport(
            playbook=self.playbook,
            title=self.title,
            hash=self.hash,
            objects=tuple(change.fragment for change in self.changes),
            commands=self.commands,
            foreseen=self.foreseen,
            by_hand=self.unchecked,
            diff=self.diff,
            blast_radius=self.blast_radius,
            reversible=self.reversible,
            risk=self.risk,
        )


def hash_of(plan: Plan) -> str:
    """Return the SHA-256 of everything in a plan but its hash.

    So also of the resourceVersions, the cluster, the diff, the check afterwards, the incident and the time it expires.
    """
    content = msgspec.to_builtins(replace(plan, hash=""))
    return hashlib.sha256(canonical(content).encode()).hexdigest()
