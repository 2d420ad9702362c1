"""Holes of a playbook, ``{cause.subject.name}`` or ``{cause.details.port}``: each takes exactly one value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.diagnosis.report import Cause
from bot.engine.rule import in_words
from bot.facts.base import Value

HOLE = re.compile(r"\{cause\.(?P<of>subject|details)\.(?P<field>[a-z][a-z0-9_]*)\}")
BRACED = re.compile(r"\{[^{}]*\}|[{}]")
SUBJECT_FIELDS = ("kind", "namespace", "name")


class NothingToFill(ValueError):
    """The cause has no value for a hole."""


@dataclass(frozen=True)
class Hole:
    """A place in a text that takes a value."""

    of: str
    """``subject`` or ``details``."""
    field: str

    def __str__(self) -> str:
        return f"{{cause.{self.of}.{self.field}}}"


def holes(text: str) -> Iterator[Hole]:
    """Yield the holes of a text, in order."""
    return (Hole(found["of"], found["field"]) for found in HOLE.finditer(text))


def broken(text: str) -> list[str]:
    """Return what looks like a hole and is none."""
    found = {piece: HOLE.fullmatch(piece) for piece in BRACED.findall(text)}
    return [
        piece
        for piece, hole in found.items()
        if hole is None or (hole["of"] == "subject" and hole["field"] not in SUBJECT_FIELDS)
    ]


def value_of(hole: Hole, cause: Cause) -> Value:
    """Return what the cause has for a hole.

    Raises:
        NothingToFill: It has nothing, or an empty text.
    """
    if hole.of == "subject":
        value: Value | None = getattr(cause.subject, hole.field)
    else:
        value = cause.details.get(hole.field)
    if value is None or value == "":
        raise NothingToFill(f"the diagnosis does not say what {hole.of}.{hole.field} is")
    return value


def fill(text: str, cause: Cause) -> str:
    """Return the text with its holes filled; a hole in a value stays text.

    Raises:
        NothingToFill: As :func:`value_of`.
    """
    return HOLE.sub(lambda found: in_words(value_of(Hole(found["of"], found["field"]), cause)), text)


def fill_typed(template: Value, cause: Cause) -> Value:
    """Return the filled text, or the value itself where the template is nothing but one hole, or no text.

    Raises:
        NothingToFill: As :func:`value_of`.
    """
    if not isinstance(template, str):
        return template
    whole = HOLE.fullmatch(template)
    return value_of(Hole(whole["of"], whole["field"]), cause) if whole else fill(template, cause)
