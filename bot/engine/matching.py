"""The thin interface behind which an engine finds the facts that satisfy rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from bot.engine.rule import Rule
from bot.facts.base import Value

MAX_MATCHES = 10_000
"""A rule. More is a product of unrelated facts that nobody reads (ours); durable_rules takes 12 us for each."""


@dataclass(frozen=True, slots=True)
class Record:
    """A fact or a finding as an engine sees it."""

    number: int
    """Its place among all facts, sorted by content: the same in any order, and no text of the cluster."""
    kind: str
    values: Mapping[str, Value]


class Match(NamedTuple):
    """Facts that together satisfy ``when`` of a rule, while none satisfies its ``unless``."""

    rule: str
    numbers: tuple[int, ...]
    """One for each key of ``when``, in order. Two keys never stand for the same fact."""


@dataclass(frozen=True, kw_only=True)
class Matches:
    """All matches of one stratum, sorted."""

    found: tuple[Match, ...]
    cut: frozenset[str] = frozenset()
    """Ids of rules with so many matches that the rest was not looked for."""


class Matcher(Protocol):
    """The rules of one stratum, ready to run. None of them reads the findings of another."""

    def __call__(self, records: Sequence[Record]) -> Matches:
        """Return all matches among the records."""


class Engine(Protocol):
    """Something that matches rules."""

    def compile(self, rules: Sequence[Rule]) -> Matcher:
        """Make a stratum ready."""

    def take_notes(self) -> tuple[str, ...]:
        """Return what a reader of the diagnosis has to know about the engine, once."""

    def close(self) -> None:
        """End what the engine runs. It can be used again, and then starts again."""
