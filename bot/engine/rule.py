"""A rule as a value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.facts.base import Value
from bot.facts.scope import SymptomKind

HOPS = (
    "name-lookup",
    "pod",
    "client-pod",
    "node",
    "entry",
    "service",
    "encapsulation",
    "target-pod",
    "outside-host",
    "cluster",
)
"""Where on the path a fault can be."""

MAX_INT = 2**53
"""Exclusive. What JSON carries exactly, and the rule engine compares exactly."""

SUBJECT_FIELDS = ("subject_kind", "subject_namespace", "subject_name")
"""Fields every finding has besides its details."""


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(StrEnum):
    """How sure a finding is, from the kind of evidence it rests on."""

    PROVEN = "proven"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Operator(StrEnum):
    """How a field is compared with what the rule says."""

    EQUALS = "equals"
    NOT = "not"
    IN = "in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"


ORDERINGS: Mapping[Operator, Callable[[int, int], bool]] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
}


@dataclass(frozen=True, kw_only=True)
class Test:
    """A condition on one field alone."""

    __test__ = False  # no test of pytest's

    field: str
    operator: Operator
    values: tuple[Value, ...]
    """One value, or those of ``in``."""
    source: str = ""
    """Where a threshold is from."""

    def holds(self, value: Value) -> bool:
        """Return whether a value of the field's own type passes."""
        wanted = self.values[0]
        if self.operator in ORDERINGS:
            return ORDERINGS[self.operator](int(value), int(wanted))
        match self.operator:
            case Operator.CONTAINS:
                return str(wanted).casefold() in str(value).casefold()
            case Operator.NOT:
                return value != wanted
            case _:
                return value in self.values

    def __str__(self) -> str:
        if self.operator is Operator.EQUALS:
            return f"{self.field}: {in_words(self.values[0])}"
        wanted = ", ".join(map(in_words, self.values))
        return f"{self.field}: {{{self.operator}: {f'[{wanted}]' if self.operator is Operator.IN else wanted}}}"


@dataclass(frozen=True, kw_only=True)
class Join:
    """A condition that compares a field with a field of another key of ``when``."""

    field: str
    key: str
    other: str
    """The field of ``key``."""
    equal: bool = True
    """``same_as``; otherwise ``differs_from``."""

    def __str__(self) -> str:
        return f"{self.field}: {{{'same_as' if self.equal else 'differs_from'}: {self.key}.{self.other}}}"


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """One key of ``when`` or ``unless``: a fact, or another rule's finding, that is looked for."""

    key: str
    """The name it has in holes and joins."""
    kind: str
    """A kind of fact, or the id of a rule."""
    tests: tuple[Test, ...] = ()
    joins: tuple[Join, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule file."""

    id: str
    title: str
    category: str
    severity: Severity
    confidence: Confidence
    hop: str
    symptoms: tuple[SymptomKind, ...]
    when: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    subject: Mapping[str, str]
    details: Mapping[str, str]
    explains: tuple[str, ...]
    summary: str
    refuted_by: str
    remedy: str
    playbook: str
    docs: str
    passes: bool = False
    """What it finds passes by itself within seconds, and may hide what comes after it."""
    path: Path

    @property
    def reads(self) -> tuple[str, ...]:
        """Kinds of fact and ids of rules it reads, each once, those of ``when`` first."""
        return tuple(dict.fromkeys(pattern.kind for pattern in (*self.when, *self.unless)))


def in_words(value: Value) -> str:
    """Return a value as Kubernetes would write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
