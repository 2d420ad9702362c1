"""A playbook as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from bot.engine.verdict import Outcome
from bot.remediation.holes import Hole, holes
from bot.remediation.steps import Advice, Condition, Step


class Risk(StrEnum):
    """What can go wrong when it is applied."""

    LOW = "low"
    """Nothing restarts and no connection in flight is cut."""
    MEDIUM = "medium"
    """Pods of one workload restart, or its connections are cut."""
    HIGH = "high"
    """More than one workload feels it."""


class Undo(StrEnum):
    """The way back."""

    RESTORE = "restore"
    """The recorded fields go back, if nobody else changed them since."""
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """What has to be seen afterwards, about the object the cause is about."""

    rules: tuple[str, ...]
    answers: Outcome
    """Of all of them."""
    same: tuple[str, ...]
    """Details that tell this fault from another of the same rule at the same object, such as the port."""
    within_seconds: int


@dataclass(frozen=True, kw_only=True)
class Playbook:
    """One playbook file."""

    id: str
    title: str
    remedies: tuple[str, ...]
    """Ids of the rules it is for."""
    risk: Risk
    blast_radius: str
    """What is touched, cut or restarted, in words. May have holes."""
    steps: tuple[Step, ...]
    """Empty: all of it is advice."""
    confirm: Confirm
    undo: Undo
    docs: str
    path: Path
    advice: Advice = field(default_factory=Advice)
    preconditions: tuple[Condition, ...] = ()
    instead_of: str = ""
    """Id of the playbook after which it is tried, where that one cannot be filled in."""

    @property
    def holes(self) -> frozenset[Hole]:
        """Every hole in it."""
        parts = (*self.steps, self.advice, *self.preconditions)
        templates = [self.blast_radius, *(text for part in parts for text in part.templates)]
        return frozenset(hole for text in templates for hole in holes(text))

    @property
    def permissions(self) -> frozenset[tuple[str, str]]:
        """The verbs and resources that the writer needs for it: ``("patch", "services")``."""
        return frozenset[tuple[str, str]]().union(*(part.permissions for part in (*self.steps, *self.preconditions)))
