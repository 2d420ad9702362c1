"""The engine in plain Python: the oracle of the tests, and the stand-in where durable_rules cannot run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bot.engine.matching import MAX_MATCHES, Match, Matcher, Matches, Record
from bot.engine.rule import Join, Pattern, Rule
from bot.facts.base import Value

MAX_STEPS = 2_000_000
"""Facts tried for one rule; about a second (ours)."""

Bound = Mapping[str, Record]


class PlainEngine:
    """Finds matches by walking the keys of ``when`` in order."""

    def compile(self, rules: Sequence[Rule]) -> Matcher:
        """Return a function of the records; there is nothing to prepare."""

        def match(records: Sequence[Record]) -> Matches:
            by_kind: defaultdict[str, list[Record]] = defaultdict(list)
            for record in sorted(records, key=lambda record: record.number):
                by_kind[record.kind].append(record)
            found: list[Match] = []
            cut: set[str] = set()
            for rule in rules:
                search = Search(rule, by_kind)
                found += search.matches()
                if search.cut:
                    cut.add(rule.id)
            return Matches(found=tuple(sorted(found)), cut=frozenset(cut))

        return match

    def take_notes(self) -> tuple[str, ...]:
        """Return nothing: there is nothing that can fail."""
        return ()

    def close(self) -> None:
        """Do nothing: nothing runs."""


class TooMuch(Exception):
    """The search for one rule has taken its share of time."""


class Search:
    """The search for the matches of one rule."""

    def __init__(self, rule: Rule, by_kind: Mapping[str, Sequence[Record]]) -> None:
        self.rule = rule
        self.steps = 0
        self.cut = False
        self.when = [Candidates(pattern, by_kind.get(pattern.kind, ())) for pattern in rule.when]
        self.unless = [Candidates(pattern, by_kind.get(pattern.kind, ())) for pattern in rule.unless]

    def matches(self) -> list[Match]:
        """Return the matches, the first ones when there are too many."""
        found: list[Match] = []
        try:
            for bound in self.bindings({}, 0):
                if len(found) == MAX_MATCHES:
                    self.cut = True
                    break
                found.append(Match(self.rule.id, tuple(record.number for record in bound.values())))
        except TooMuch:
            self.cut = True
        return found

    def bindings(self, bound: dict[str, Record], depth: int) -> Iterator[dict[str, Record]]:
        """Give every way to fill the keys from ``depth`` on."""
        if depth == len(self.when):
            if not any(True for candidates in self.unless for _ in self.fitting(candidates, bound)):
                yield bound
            return
        candidates = self.when[depth]
        for record in self.fitting(candidates, bound):
            if all(record is not taken for taken in bound.values()):
                yield from self.bindings({**bound, candidates.pattern.key: record}, depth + 1)

    def fitting(self, candidates: Candidates, bound: Bound) -> Iterator[Record]:
        """Give the records that satisfy a pattern's joins, by number."""
        for record in candidates.index.get(tuple(other(join, bound) for join in candidates.equal), ()):
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise TooMuch
            if all(record.values[join.field] != other(join, bound) for join in candidates.different):
                yield record


class Candidates:
    """The records that pass a pattern's own tests, by the values they must share with other keys."""

    def __init__(self, pattern: Pattern, records: Sequence[Record]) -> None:
        self.pattern = pattern
        self.equal = [join for join in pattern.joins if join.equal]
        self.different = [join for join in pattern.joins if not join.equal]
        self.index: defaultdict[tuple[Value, ...], list[Record]] = defaultdict(list)
        for record in records:
            if all(test.holds(record.values[test.field]) for test in pattern.tests):
                self.index[tuple(record.values[join.field] for join in self.equal)].append(record)


def other(join: Join, bound: Bound) -> Value:
    """Return the value a join compares with."""
    return bound[join.key].values[join.other]
