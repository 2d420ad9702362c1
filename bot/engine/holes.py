"""Texts with holes: ``{KEY.FIELD}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from bot.engine.rule import in_words
from bot.facts.base import Value

HOLE = re.compile(r"\{([a-z][a-z0-9_-]*)\.([a-z][a-z0-9_]*)\}")
HOLE_OR_SHARE = re.compile(rf"{HOLE.pattern}( ‰)?")
BRACED = re.compile(r"\{[^{}]*\}|[{}]")

Bindings = Mapping[str, Mapping[str, Value]]
"""The values of each key of ``when``."""


class Hole(NamedTuple):
    """A place in a text that takes a value."""

    key: str
    field: str


def holes(text: str) -> list[Hole]:
    """Return the holes of a text, in order."""
    return [Hole(*found) for found in HOLE.findall(text)]


def broken(text: str) -> list[str]:
    """Return what looks like a hole and is none."""
    return [piece for piece in BRACED.findall(text) if not HOLE.fullmatch(piece)]


def only_hole(text: str) -> Hole | None:
    """Return the hole of a text that is nothing else."""
    found = HOLE.fullmatch(text)
    return Hole(found[1], found[2]) if found else None


def fill(text: str, bindings: Bindings) -> str:
    """Return the text with its holes filled. Values are put in as they are; a hole in a value stays text."""
    return HOLE.sub(lambda found: in_words(bindings[found[1]][found[2]]), text)


def tell(text: str, bindings: Bindings) -> str:
    """Return a sentence with its holes filled; a share that a fact holds in per mille is told in percent."""

    def told(found: re.Match[str]) -> str:
        value = bindings[found[1]][found[2]]
        return f"{value / 10:.1f} %" if found[3] and isinstance(value, int) else in_words(value) + (found[3] or "")

    return HOLE_OR_SHARE.sub(told, text)


def fill_typed(text: str, bindings: Bindings) -> Value:
    """Return the filled text, or the value itself where the text is nothing but one hole."""
    hole = only_hole(text)
    return bindings[hole.key][hole.field] if hole else fill(text, bindings)
