"""Rules and records in the form durable_rules can be trusted with.

Its C code compares texts by a 32-bit hash and reads out of bounds when two of them collide, takes texts of 64 KiB for
empty ones, loses floats and reads memory that is not there for a missing field. So it sees none of that:

- Every text, every kind and every value that is compared for equality becomes a symbol, ``s000123``. The first million
  symbols have a million hashes.
- Whole numbers stay numbers only where they are put in order, cut to what it compares exactly.
- ``not``, ``in`` and ``contains`` are decided here and become flags.
- Every fact of a kind has every field any rule reads of that kind.
- An equality on symbols is the last condition of every join; a key without one is joined by ``ONE``.
- Negated patterns read copies of facts, under a kind of their own, that are asserted before everything else.
- Rules, keys and fields have our names, not the author's.
- A fact that no pattern could take by itself is not sent: of a large cluster's, most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.engine.matching import Match, Matches, Record
from bot.engine.rule import MAX_INT, ORDERINGS, Join, Operator, Pattern, Rule, Test
from bot.facts.base import Value

MAX_SYMBOLS = 1_000_000
"""Measured: no two of the first million have the same hash."""
MAX_FIELDS = 240
"""Of one fact; the C code holds 251."""

Properties = dict[str, str | int]
Sent = tuple[int, Properties]
"""A fact as it is sent: its number and its properties."""
Expression = dict[str, Any]
"""A condition in the JSON of durable_rules."""


class Symbols(dict[object, str]):
    """Gives every value, and every ``("kind", …)``, a symbol when it is first asked for."""

    def __missing__(self, value: object) -> str:
        if len(self) >= MAX_SYMBOLS:
            raise OverflowError("more than a million different values")
        self[value] = symbol = f"s{len(self):06d}"
        return symbol


class Needs:
    """What the rules of a stratum need to know of one kind."""

    def __init__(self) -> None:
        self.symbols: dict[str, None] = {}
        """Fields that are compared for equality."""
        self.numbers: dict[str, None] = {}
        """Fields that are put in order."""
        self.flags: dict[Test, str] = {}
        """Tests that are decided here, and the names of their flags."""
        self.positive: dict[tuple[Test, ...], None] = {}
        """What its patterns ask of one fact alone; a fact that passes none of them is not sent."""
        self.negated: dict[tuple[Test, ...], None] = {}
        """The same of negated patterns."""


class Program:
    """The rules of one stratum, compiled."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.symbols = Symbols()
        self.needs: defaultdict[str, Needs] = defaultdict(Needs)
        self._flags: dict[Test, str] = {}
        for rule in rules:
            for pattern in rule.when:
                self._need(pattern, rule.when)
                self.needs[pattern.kind].positive[tuple(pattern.tests)] = None
            for pattern in rule.unless:
                self._need(pattern, rule.when)
                self.needs[pattern.kind].negated[tuple(pattern.tests)] = None
        self.definition: Mapping[str, Expression] = {
            f"r{index}": {"all": list(self._keys(rule))} for index, rule in enumerate(rules)
        }

    def _need(self, pattern: Pattern, when: Sequence[Pattern]) -> None:
        needs = self.needs[pattern.kind]
        for test in pattern.tests:
            if test.operator is Operator.EQUALS:
                needs.symbols[test.field] = None
            elif test.operator in ORDERINGS:
                needs.numbers[test.field] = None
            else:
                needs.flags[test] = self._flags.setdefault(test, f"w{len(self._flags)}")
        for join in pattern.joins:
            needs.symbols[join.field] = None
            [other] = [each for each in when if each.key == join.key]
            self.needs[other.kind].symbols[join.other] = None

    def _keys(self, rule: Rule) -> Iterable[Expression]:
        names = {pattern.key: f"p{index}" for index, pattern in enumerate(rule.when)}
        for index, pattern in enumerate(rule.when):
            joins = self._joins(pattern.joins, names, alone=index == 0)
            yield {f"p{index}": self._pattern(pattern.kind, "", pattern, joins)}
        for index, pattern in enumerate(rule.unless):
            joins = self._joins(pattern.joins, names, alone=False)
            yield {f"u{index}$not": self._pattern(pattern.kind, "not/", pattern, joins)}

    def _pattern(self, kind: str, prefix: str, pattern: Pattern, joins: list[Expression]) -> Expression:
        tests = [self._test(test) for test in pattern.tests]
        return {"$and": [{"k": self.symbols["kind", prefix + kind]}, *tests, *joins]}

    def _test(self, test: Test) -> Expression:
        if test.operator is Operator.EQUALS:
            return {f"s_{test.field}": self.symbols[test.values[0]]}
        if test.operator in ORDERINGS:
            return {f"${test.operator}": {f"n_{test.field}": test.values[0]}}
        return {self._flags[test]: 1}

    def _joins(self, joins: Sequence[Join], names: Mapping[str, str], *, alone: bool) -> list[Expression]:
        """Return the joins, equalities last; a key that has none is joined to the first by a constant."""
        if alone:
            return []
        equal = [{f"s_{join.field}": {names[join.key]: f"s_{join.other}"}} for join in joins if join.equal]
        unequal = [
            {"$neq": {f"s_{join.field}": {names[join.key]: f"s_{join.other}"}}} for join in joins if not join.equal
        ]
        return [*unequal, *(equal or [{"one": {"p0": "one"}}])]

    def encode(self, records: Iterable[Record]) -> list[Sent]:
        """Return the facts to assert, in order: those that negate first.

        Raises:
            OverflowError: There are more different values than symbols.
        """
        symbols = Symbols(self.symbols)
        one = symbols["one",]
        negating: list[Sent] = []
        positive: list[Sent] = []
        for record in records:
            needs = self.needs.get(record.kind)
            if needs is None:
                continue
            positive_fits, negated_fits = passes(record, needs.positive), passes(record, needs.negated)
            if not (positive_fits or negated_fits):
                continue
            properties = self._properties(needs, record, symbols)
            properties["one"] = one
            if negated_fits:
                negating.append((record.number, {**properties, "k": symbols["kind", "not/" + record.kind]}))
            if positive_fits:
                positive.append((record.number, {**properties, "k": symbols["kind", record.kind]}))
        return negating + positive

    def _properties(self, needs: Needs, record: Record, symbols: Symbols) -> Properties:
        properties: Properties = {}
        for field in needs.symbols:
            properties[f"s_{field}"] = symbols[record.values[field]]
        for field in needs.numbers:
            properties[f"n_{field}"] = exact(record.values[field])
        for test, name in needs.flags.items():
            properties[name] = int(test.holds(record.values[test.field]))
        return properties

    def decode(self, answer: Iterable[Sequence[int]], sent: Iterable[Sent]) -> Matches:
        """Return the matches of an answer: for each the index of its rule, then the numbers of its facts.

        Raises:
            ValueError: It names a rule or a fact that does not exist.
        """
        numbers = {number for number, _ in sent}
        found: set[Match] = set()
        for index, *bound in answer:
            rule = self.rules[index] if index < len(self.rules) else None
            if rule is None or len(bound) != len(rule.when) or not numbers.issuperset(bound):
                raise ValueError("a match of rules or facts that do not exist")
            found.add(Match(rule.id, tuple(bound)))
        return Matches(found=tuple(sorted(found)))


def passes(record: Record, patterns: Iterable[tuple[Test, ...]]) -> bool:
    """Tell whether a fact passes what one of the patterns asks of it alone."""
    values = record.values
    return any(all(test.holds(values[test.field]) for test in tests) for tests in patterns)


def exact(value: Value) -> int:
    """Return a number cut to what is compared exactly; the rules compare with nothing beyond it."""
    return max(-MAX_INT, min(MAX_INT, int(value)))
