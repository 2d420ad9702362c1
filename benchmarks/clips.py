"""The same rules in CLIPS (``clipspy``), behind the interface of our engines: what another rule engine would take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import clips

from bot.engine.matching import Match, Matcher, Matches, Record
from bot.engine.rule import ORDERINGS, Join, Operator, Pattern, Rule, Test
from bot.facts.base import Value

SIGNS = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}


class ClipsEngine:
    """One environment a stratum, reset for each diagnosis."""

    def __init__(self) -> None:
        """Start with none."""
        self._environments: list[clips.Environment] = []

    def compile(self, rules: Sequence[Rule]) -> Matcher:
        """Define a template for each kind with the fields that are read, and the rules."""
        environment = clips.Environment()
        self._environments.append(environment)
        fields = fields_read(rules)
        for kind, names in fields.items():
            slots = " ".join(f"(slot {name})" for name in ("number", *sorted(names)))
            environment.build(f"(deftemplate {kind} {slots})")
        for rule in rules:
            environment.build(text_of(rule))
        templates = {kind: environment.find_template(kind) for kind in fields}

        def match(records: Sequence[Record]) -> Matches:
            environment.reset()
            for record in records:
                if record.kind in templates:
                    values = {name: encoded(record.values[name]) for name in fields[record.kind]}
                    templates[record.kind].assert_fact(number=record.number, **values)
            environment.run()
            fired = (list(fact) for fact in environment.facts() if fact.template.name == "fired")
            return Matches(found=tuple(sorted(Match(str(rule), tuple(numbers)) for rule, *numbers in fired)))

        return match

    def take_notes(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()

    def close(self) -> None:
        """Forget all facts and rules."""
        for environment in self._environments:
            environment.reset()
            environment.clear()


def fields_read(rules: Sequence[Rule]) -> dict[str, set[str]]:
    """Return the fields that rules read, by kind."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for rule in rules:
        kinds = {pattern.key: pattern.kind for pattern in rule.when}
        for pattern in (*rule.when, *rule.unless):
            found[pattern.kind] |= {test.field for test in pattern.tests}
            for join in pattern.joins:
                found[pattern.kind].add(join.field)
                found[kinds[join.key]].add(join.other)
    return dict(found)


def text_of(rule: Rule) -> str:
    """Return a rule as CLIPS reads it."""
    joined = {(join.key, join.other) for pattern in (*rule.when, *rule.unless) for join in pattern.joins}
    lines, earlier = [], dict[str, list[str]]()
    for pattern in rule.when:
        lines.append(pattern_text(pattern, joined, number=f"?n-{pattern.key}"))
        # Two keys never stand for the same fact.
        lines += [f"(test (<> ?n-{pattern.key} ?n-{key}))" for key in earlier.get(pattern.kind, ())]
        earlier.setdefault(pattern.kind, []).append(pattern.key)
    lines += [f"(not {pattern_text(pattern, joined)})" for pattern in rule.unless]
    numbers = " ".join(f"?n-{pattern.key}" for pattern in rule.when)
    return f"(defrule {rule.id} {' '.join(lines)} => (assert (fired {rule.id} {numbers})))"


def pattern_text(pattern: Pattern, joined: set[tuple[str, str]], *, number: str = "") -> str:
    """Return one pattern; fields that others are joined to are bound to variables."""
    constraints: defaultdict[str, list[str]] = defaultdict(list)
    for key, field in sorted(joined):
        if number and key == pattern.key:
            constraints[field].append(variable(key, field))
    for place, test in enumerate(pattern.tests):
        # A second variable of a field would only be compared with the first.
        bound = bool(number) and (pattern.key, test.field) in joined
        name = variable(pattern.key, test.field) if bound else f"?t-{pattern.key}-{place}"
        constraints[test.field].append(constraint(test, name))
    for join in pattern.joins:
        constraints[join.field].append(joining(join))
    slots = [f"({field} {'&'.join(parts)})" for field, parts in constraints.items()]
    return f"({pattern.kind} {' '.join([f'(number {number})' if number else '', *slots])})"


def variable(key: str, field: str) -> str:
    """Return the variable of a field of a key."""
    return f"?v-{key}-{field}"


def joining(join: Join) -> str:
    """Return a join as a constraint."""
    return f"{'' if join.equal else '~'}{variable(join.key, join.other)}"


def constraint(test: Test, name: str) -> str:
    """Return a test as a constraint."""
    wanted = [literal(value) for value in test.values]
    if test.operator in ORDERINGS:
        return f"{name}&:({SIGNS[test.operator]} {name} {wanted[0]})"
    if test.operator is Operator.CONTAINS:
        return f"{name}&:(str-index (lowcase {wanted[0]}) (lowcase {name}))"
    return f"~{wanted[0]}" if test.operator is Operator.NOT else "|".join(wanted)


def literal(value: Value) -> str:
    """Return a value as it is written in a rule."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, int) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def encoded(value: Value) -> Any:
    """Return a value as clipspy takes it."""
    return clips.Symbol("TRUE" if value else "FALSE") if isinstance(value, bool) else value
