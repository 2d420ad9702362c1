"""What every fact is: a frozen dataclass of strings, whole numbers and truth values, with units in its names."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

Value = str | int | bool
"""What a field of a fact may hold. Fractions are scaled to whole numbers (permille, ppm, microseconds): the rule engine
compares integers exactly and loses floats (durable_rules, JSON exponents)."""

PROVENANCE = ("source", "at")
"""Fields that say where and when a fact was read. Rules cannot match on them."""


class Reason(StrEnum):
    """Why something could not be looked at."""

    FORBIDDEN = "forbidden"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    ABSENT = "absent"
    """The cluster does not serve it, or the object that would tell does not exist."""
    NO_HELPER = "no_helper"
    """No node helper Pod runs on that Node."""
    HIGHER_TIER = "higher_tier"
    """The node helper runs with fewer rights than this takes."""
    MALFORMED = "malformed"
    """An answer came and could not be understood."""
    UNRECOGNISED = "unrecognised"
    """It was read, but what runs there is not known to netmedic."""
    NOT_RECORDED = "not_recorded"
    """The bundle that is read instead of a cluster does not hold it."""
    OUT_OF_SCOPE = "out_of_scope"
    """The symptom gives no object for this to look at."""
    NOT_APPLICABLE = "not_applicable"
    """This cluster runs something else than what this looks at."""
    NOT_NEEDED = "not_needed"
    """The diagnosis ended before, with a cause that objects alone prove."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One observed thing."""

    kind: ClassVar[str]

    source: str = field(default="", compare=False)
    """Where it was read: an API path, ``node1:/proc/net/dev``, ``node1: TCP connect``."""
    at: str = field(default="", compare=False)
    """When it was read, UTC, ISO 8601."""


@dataclass(frozen=True, kw_only=True)
class Unknown(Fact):
    """A fact a probe tried to read and could not. Made in :mod:`bot.probes.probe` only."""

    kind: ClassVar[str] = "unknown"

    of: str
    """The kind of fact that is missing."""
    reason: Reason
    subject: str = ""
    """The one object it is missing for, such as a Node's name; empty: for all."""
    detail: str = ""
    """What a person needs to know to enable it; at most 256 characters."""


def fields_of(fact_type: type[Fact]) -> dict[str, type[str] | type[int] | type[bool]]:
    """Return the fields rules can match on, with their types, in the order of definition.

    Raises:
        TypeError: A field is not a str, an int or a bool.
    """
    hints = typing.get_type_hints(fact_type)
    found: dict[str, type[str] | type[int] | type[bool]] = {}
    for item in dataclasses.fields(fact_type):
        if item.name in PROVENANCE:
            continue
        declared = hints[item.name]
        if declared not in (str, int, bool):
            raise TypeError(f"{fact_type.__name__}.{item.name}: a fact holds str, int and bool only, not {declared}")
        found[item.name] = declared
    return found


def values_of(fact: Fact) -> dict[str, Value]:
    """Return the fields rules can match on, with their values."""
    return {item.name: getattr(fact, item.name) for item in dataclasses.fields(fact) if item.name not in PROVENANCE}
