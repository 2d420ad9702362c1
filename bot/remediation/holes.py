"""Holes of a playbook: each takes exactly one value.

``{cause.subject.name}``, ``{cause.details.port}``, or a field of a fact that the proof rests on:
``{cause.facts.policy_flow.client}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.diagnosis.report import Cause
from bot.engine.rule import in_words
from bot.facts.base import Value

HOLE = re.compile(
    r"\{cause\.(?:(?P<of>subject|details)\.(?P<field>[a-z][a-z0-9_]*)|facts\.(?P<fact>[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*))\}"
)
BRACED = re.compile(r"\{[^{}]*\}|[{}]")
SUBJECT_FIELDS = ("kind", "namespace", "name")


class NothingToFill(ValueError):
    """The cause has no value for a hole."""


@dataclass(frozen=True)
class Hole:
    """A place in a text that takes a value."""

    of: str
    """``subject``, ``details`` or ``facts``."""
    field: str
    """Of a fact with its kind: ``policy_flow.client``."""

    def __str__(self) -> str:
        return f"{{cause.{self.of}.{self.field}}}"


def holes(text: str) -> Iterator[Hole]:
    """Yield the holes of a text, in order."""
    return map(_hole, HOLE.finditer(text))


def _hole(found: re.Match[str]) -> Hole:
    return Hole("facts", found["fact"]) if found["fact"] else Hole(found["of"], found["field"])


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
    elif hole.of == "facts":
        value = _of_facts(hole, cause)
    else:
        value = cause.details.get(hole.field)
    if value is None or value == "":
        raise NothingToFill(f"the diagnosis does not say what {hole.of}.{hole.field} is")
    return value


def _of_facts(hole: Hole, cause: Cause) -> Value | None:
    kind, _, field = hole.field.partition(".")
    values = {item.value[field] for item in cause.evidence if item.fact == kind and field in item.value}
    if len(values) > 1:
        raise NothingToFill(f"the diagnosis rests on several {kind} with other values for {field}")
    return next(iter(values), None)


def fill(text: str, cause: Cause) -> str:
    """Return the text with its holes filled; a hole in a value stays text.

    Raises:
        NothingToFill: As :func:`value_of`.
    """
    return HOLE.sub(lambda found: in_words(value_of(_hole(found), cause)), text)


def fill_typed(template: Value, cause: Cause) -> Value:
    """Return the filled text, or the value itself where the template is nothing but one hole, or no text.

    Raises:
        NothingToFill: As :func:`value_of`.
    """
    if not isinstance(template, str):
        return template
    whole = HOLE.fullmatch(template)
    return value_of(_hole(whole), cause) if whole else fill(template, cause)
