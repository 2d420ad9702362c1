"""What comes out of the rules: findings with their proof, and one verdict per rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.facts.base import Fact, Unknown, Value
from bot.facts.scope import Subject

if TYPE_CHECKING:
    from bot.engine.rule import Rule


class Outcome(StrEnum):
    """A rule's answer for one diagnosis."""

    FOUND = "found"
    RULED_OUT = "ruled_out"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One conclusion of one rule. Conclusions with the same subject and details are one finding."""

    rule: Rule
    subject: Subject
    details: Mapping[str, Value]
    summary: str
    facts: tuple[Fact, ...]
    """The observed facts it rests on directly, in the order of the rule's ``when``, then by content."""
    findings: tuple[Finding, ...]
    """The findings of other rules it rests on directly."""
    explains: tuple[Finding, ...]
    """Those of ``findings`` that are its consequences."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer of one rule."""

    rule: Rule
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    """At least one when found."""
    missing: tuple[Unknown, ...] = ()
    """Why it was not checked, at least one then; for a rule that was found: why there may be more of it."""
    looked_at: tuple[Fact, ...] = ()
    """Facts of the kinds it reads, itself or through other rules, for a rule that was ruled out."""
