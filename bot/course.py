"""How a diagnosis goes: how long its phases take, and what stays unknown. For metrics and traces; nobody has to ask."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

PhaseName: TypeAlias = Literal["names", "helpers", "probes", "rules", "plans"]
"""Resolving names; starting helper Pods; observing; judging, also that within observing; making plans."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One stretch of work."""

    name: PhaseName
    began: float
    """Seconds since 1970."""
    seconds: float


@dataclass
class Course:
    """What happened so far."""

    phases: list[Phase] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    """Facts that could not be read, by reason."""


_followed: ContextVar[Course | None] = ContextVar("followed", default=None)


@contextmanager
def followed() -> Iterator[Course]:
    """Note how it goes inside, in tasks and threads that are started there too."""
    course = Course()
    token = _followed.set(course)
    try:
        yield course
    finally:
        _followed.reset(token)


@contextmanager
def phase(name: PhaseName) -> Iterator[None]:
    """Note how long it takes inside, also where it fails."""
    began, clock = time.time(), time.monotonic()
    try:
        yield
    finally:
        if (course := _followed.get()) is not None:
            course.phases.append(Phase(name=name, began=began, seconds=time.monotonic() - clock))


def note_unknown(reason: str) -> None:
    """Note that a fact could not be read."""
    if (course := _followed.get()) is not None:
        course.unknown[reason] += 1
