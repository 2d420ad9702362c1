"""A playbook as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.cluster.writer import WRITABLE
from bot.engine.verdict import Outcome
from bot.facts.base import Value
from bot.remediation.fieldpath import FieldPath, Item
from bot.remediation.holes import Hole, holes


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
class Setting:
    """One field of an object, and what to set it to. Its path and its value may have holes."""

    path: FieldPath
    type: str
    """One of :data:`bot.remediation.values.TYPES`."""
    value: Value

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        for part in self.path.way:
            if isinstance(part, Item):
                yield from (value for _, value in part.fields)
        if isinstance(self.value, str):
            yield self.value


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A step: set fields of one object that exists."""

    api_version: str
    kinds: tuple[str, ...]
    """Several: the kind of the cause's subject decides, and has to be one of them."""
    namespace: str
    """Empty for cluster-scoped kinds. May have holes, as the name."""
    name: str
    settings: tuple[Setting, ...]

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from (self.namespace, self.name)
        for setting in self.settings:
            yield from setting.templates

    @property
    def permissions(self) -> frozenset[tuple[str, str]]:
        """The verbs and resources it needs."""
        permissions = {WRITABLE[self.api_version, kind].permission for kind in self.kinds}
        return frozenset((verb, permission) for verb in ("get", "patch") for permission in permissions)


Step = Patch
"""What a playbook can do. Further steps join this union."""


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
    confirm: Confirm
    undo: Undo
    docs: str
    path: Path

    @property
    def holes(self) -> frozenset[Hole]:
        """Every hole in it."""
        templates = [self.blast_radius, *(text for step in self.steps for text in step.templates)]
        return frozenset(hole for text in templates for hole in holes(text))

    @property
    def permissions(self) -> frozenset[tuple[str, str]]:
        """The verbs and resources that the writer needs for it: ``("patch", "services")``."""
        return frozenset[tuple[str, str]]().union(*(step.permissions for step in self.steps))
