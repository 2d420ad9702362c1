"""The one place where text of a cluster is made harmless before a terminal sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import TypeVar, cast

from bot.diagnosis.report import PlanReport

T = TypeVar("T")

ASCII_FOR = str.maketrans(
    {"✓": "+", "✗": "x", "→": ">", "←": "<", "·": "-", "…": "~", "│": "|", "├": "+", "└": "`", "─": "-"}
)
"""Stand-ins of one column for the characters netmedic draws with."""


def clean(text: str) -> str:
    r"""Return text in which nothing can act: controls, line feeds, bidirectional and invisible signs are written out.

    An escape reads ``\x1b``: a name can neither colour nor move, nor start a line of its own.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def clean_lines(text: str) -> str:
    """Return text of several lines, each of them clean."""
    return "\n".join(clean(line) for line in text.split("\n"))


def cleaned(value: T) -> T:
    """Return a value with all its text clean, however deep; its type stays.

    A plan's objects stay as they are, since they have to be applied as they are: YAML escapes them when they are shown.
    """
    return cast("T", _cleaned(value))


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else clean(value)
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_cleaned(item) for item in value)
    if isinstance(value, PlanReport):
        rest = dataclasses.replace(value, objects=(), diff="")
        return dataclasses.replace(_fields_cleaned(rest), objects=value.objects, diff=clean_lines(value.diff))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields_cleaned(value)
    return value


def _fields_cleaned(value: T) -> T:
    names = [item.name for item in dataclasses.fields(value)]  # type: ignore[arg-type]  # callers pass dataclasses
    return dataclasses.replace(value, **{name: _cleaned(getattr(value, name)) for name in names})  # type: ignore[type-var]


def encodable(text: str, encoding: str) -> str:
    """Return text that can be written in this encoding, as close to the original as it allows."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(ASCII_FOR).encode(encoding, "backslashreplace").decode(encoding)
    return text
