"""How much the rule engine can hold. Beyond these durable_rules loses facts, refuses to run or hangs while loading."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from bot.engine.rule import ORDERINGS, Operator, Pattern, Rule
from bot.engine.syntax import Place

MAX_KEYS = 16
"""Of when and unless together: one more and the C engine fails while it runs (error 304)."""
MAX_JOINS = 25
"""A pattern: it fails at 30."""
MAX_PATTERNS = 60
"""That one fact could match: it drops a fact with 65 pending matches (error 303)."""
MAX_LITERALS = 500
"""Different values one field is compared with, and kinds that are read: it hangs at 513."""


class Limits:
    """Counts what rules ask of the engine; a rule that asks too much is not counted."""

    def __init__(self) -> None:
        self._patterns: defaultdict[tuple[str, str], list[Pattern]] = defaultdict(list)
        self._literals: defaultdict[str, set[object]] = defaultdict(set)

    def add(self, rule: Rule) -> Iterator[tuple[Place, str]]:
        """Count a rule, or give the reasons not to."""
        messages = list(self._exceeded(rule))
        if not messages:
            for section, pattern in _patterns(rule):
                self._patterns[section, pattern.kind].append(pattern)
                for field, literal in literals(pattern):
                    self._literals[field].add(literal)
        yield from messages

    def _exceeded(self, rule: Rule) -> Iterator[tuple[Place, str]]:
        if len(rule.when) + len(rule.unless) > MAX_KEYS:
            yield Place("when"), f"when and unless have more than {MAX_KEYS} keys: split the rule"
        added: defaultdict[tuple[str, str], list[Pattern]] = defaultdict(list)
        fields: defaultdict[str, set[object]] = defaultdict(set)
        for section, pattern in _patterns(rule):
            place = Place(section, pattern.key)
            if len(pattern.joins) > MAX_JOINS:
                yield place, f"more than {MAX_JOINS} same_as and differs_from in one key"
            added[section, pattern.kind].append(pattern)
            if most_at_once(self._patterns[section, pattern.kind] + added[section, pattern.kind]) > MAX_PATTERNS:
                yield place, f"more than {MAX_PATTERNS} conditions on {pattern.kind} could hold for one fact"
            for field, literal in literals(pattern):
                fields[field].add(literal)
                if len(self._literals[field] | fields[field]) > MAX_LITERALS:
                    what = "kinds are read" if field == "" else f"values are compared with fields named {field}"
                    yield place, f"more than {MAX_LITERALS} different {what}"


def _patterns(rule: Rule) -> list[tuple[str, Pattern]]:
    return [("when", pattern) for pattern in rule.when] + [("unless", pattern) for pattern in rule.unless]


def most_at_once(patterns: Sequence[Pattern]) -> int:
    """Return an upper bound of the patterns one fact can match.

    Patterns that want different values of the same field exclude each other.
    """
    bound = len(patterns)
    for field in {test.field for pattern in patterns for test in pattern.tests if test.operator is Operator.EQUALS}:
        wanted: Counter[object] = Counter()
        for pattern in patterns:
            equal = [test for test in pattern.tests if test.field == field and test.operator is Operator.EQUALS]
            wanted[equal[0].values if equal else None] += 1
        anyway = wanted.pop(None, 0)
        bound = min(bound, anyway + max(wanted.values(), default=0))
    return bound


def literals(pattern: Pattern) -> Iterator[tuple[str, object]]:
    """Give the tests the C engine makes, by the name of the field it sees; the empty name is the kind."""
    yield "", pattern.kind
    for test in pattern.tests:
        if test.operator is Operator.EQUALS or test.operator in ORDERINGS:
            yield test.field, (test.operator, test.values)
