"""Random rule bases and hostile facts, for tests that hold two engines against each other."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

from bot.engine.matching import Match, Record
from bot.engine.rule import Confidence, Join, Operator, Pattern, Rule, Severity, Test
from bot.facts.base import Fact, Reason, Unknown, Value

Item = TypeVar("Item")

COLLIDING = ("pod-250176", "pod-1254140")
"""Two names with the same 32-bit FNV-1a hash."""
TEXTS = (
    *COLLIDING,
    *("", "n1", "n2", "N1", "a", "s000001", "000001", "sentinel", "not/one", "kind", "true", "0", "1e5", "{}", "[1]"),
    *('"', "\\", "é", "日本", "😀", "\x00\x1b[31m", "\n", "\ud800", "\u202e", "<!channel>", "it's", "$s", "z" * 70_000),
)
NUMBERS = (0, 1, -1, 2, 5, 899, 900, 901, 2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**63, -(2**63) - 1, 10**40)
LITERALS = (0, 1, 2, 5, 899, 900, 2**53 - 1, -(2**53) + 1)
FIELDS: dict[str, type] = {"node": str, "name": str, "count": int, "size": int, "up": bool}


@dataclass(frozen=True, kw_only=True)
class One(Fact):
    """A fact of no meaning."""

    kind: ClassVar[str] = "one"

    node: str = ""
    name: str = ""
    count: int = 0
    size: int = 0
    up: bool = False


@dataclass(frozen=True, kw_only=True)
class Two(One):
    """Another."""

    kind: ClassVar[str] = "two"


@dataclass(frozen=True, kw_only=True)
class Three(One):
    """A third."""

    kind: ClassVar[str] = "three"


KINDS: tuple[type[One], ...] = (One, Two, Three)


def value(draw: random.Random, declared: type, *, literal: bool = False) -> Value:
    """Return a value of a type; small choices, so that facts agree by chance."""
    if declared is str:
        return draw.choice(TEXTS[:6] if draw.random() < 0.7 else TEXTS)
    if declared is bool:
        return draw.random() < 0.5
    return draw.choice(LITERALS if literal else NUMBERS)


def facts(draw: random.Random, *, most: int = 14) -> list[Fact]:
    """Return hostile facts, some of them twice, now and then with an ``Unknown``."""
    found: list[Fact] = [
        draw.choice(KINDS)(
            node=str(value(draw, str)),
            name=str(value(draw, str)),
            count=int(value(draw, int)),
            size=int(value(draw, int)),
            up=bool(value(draw, bool)),
        )
        for _ in range(draw.randint(0, most))
    ]
    if found and draw.random() < 0.3:
        found.append(draw.choice(found))
    if draw.random() < 0.2:
        of = draw.choice(KINDS).kind
        found.append(Unknown(of=of, reason=Reason.FORBIDDEN, subject=draw.choice(("", "n1", "elsewhere"))))
    return found


def test(draw: random.Random, field: str) -> Test:
    """Return a condition on one field."""
    declared = FIELDS[field]
    choices = [Operator.EQUALS, Operator.NOT, Operator.IN]
    if declared is int:
        choices += [Operator.GT, Operator.GTE, Operator.LT, Operator.LTE] * 2
    if declared is str:
        choices.append(Operator.CONTAINS)
    operator = draw.choice(choices)
    several = draw.randint(1, 3) if operator is Operator.IN else 1
    return Test(
        field=field, operator=operator, values=tuple(value(draw, declared, literal=True) for _ in range(several))
    )


def pattern(draw: random.Random, key: str, kinds: list[str], others: list[str], *, negated: bool) -> Pattern:
    """Return a pattern; findings of other rules have the fields of a fact, too."""
    fields = list(FIELDS)
    joins = [
        Join(field=field, key=draw.choice(others), other=field, equal=draw.random() < 0.7)
        for field in draw.sample(fields, draw.choice((0, 1, 1, 1, 2)))
        if others
    ]
    if negated and not any(join.equal for join in joins):
        joins.append(Join(field="node", key=draw.choice(others), other="node"))
    return Pattern(
        key=key,
        kind=draw.choice(kinds),
        tests=tuple(test(draw, field) for field in draw.sample(fields, draw.choice((0, 0, 1, 1, 2)))),
        joins=tuple(joins),
    )


def rules(draw: random.Random, *, most: int = 6) -> list[Rule]:
    """Return rules that read facts and the findings of the rules before them."""
    made: list[Rule] = []
    for index in range(draw.randint(1, most)):
        kinds = [fact_type.kind for fact_type in KINDS] + [rule.id for rule in made]
        when: list[Pattern] = []
        for _ in range(draw.choice((1, 1, 2, 2, 3))):
            when.append(pattern(draw, f"k{len(when)}", kinds, [each.key for each in when], negated=False))
        keys = [each.key for each in when]
        unless = [
            pattern(draw, f"u{place}", kinds, keys, negated=True) for place in range(draw.choice((0, 0, 1, 1, 2)))
        ]
        made.append(rule(f"rule-{index}", when=when, unless=unless))
    return made


def rule(name: str, *, when: list[Pattern], unless: list[Pattern] | None = None) -> Rule:
    """Return a rule whose findings carry the fields of its first fact."""
    key = when[0].key
    return Rule(
        id=name,
        title=name,
        category="not-network",
        severity=Severity.ERROR,
        confidence=Confidence.PROVEN,
        hop="node",
        symptoms=(),
        when=tuple(when),
        unless=tuple(unless or ()),
        subject={"kind": "Node", "name": f"{{{key}.node}}"},
        details={field: f"{{{key}.{field}}}" for field in FIELDS},
        explains=tuple(each.kind for each in when if each.kind.startswith("rule-")),
        summary=f"{name}: {{{key}.name}}.",
        refuted_by="Nothing.",
        remedy="Nothing.",
        playbook="",
        docs="https://example.org/",
        path=Path(f"{name}.yaml"),
    )


def records(draw: random.Random, *, most: int) -> list[Record]:
    """Return facts as engines see them."""
    return [
        Record(number, draw.choice(KINDS).kind, {name: value(draw, declared) for name, declared in FIELDS.items()})
        for number in range(draw.randint(1, most))
    ]


def shuffled(items: Iterable[Item], seed: int) -> list[Item]:
    """Return the items in another order."""
    changed = list(items)
    random.Random(seed).shuffle(changed)
    return changed


def try_everything(rule: Rule, given: Sequence[Record]) -> Iterator[Match]:
    """Give the matches of a rule by trying every choice of facts: the words of ``docs/rules.md`` and nothing else."""

    def fits(pattern: Pattern, record: Record, bound: Mapping[str, Record]) -> bool:
        return (
            record.kind == pattern.kind
            and all(test.holds(record.values[test.field]) for test in pattern.tests)
            and all(
                (record.values[join.field] == bound[join.key].values[join.other]) is join.equal
                for join in pattern.joins
            )
        )

    for chosen in itertools.permutations(given, len(rule.when)):
        bound = {pattern.key: record for pattern, record in zip(rule.when, chosen, strict=True)}
        if all(fits(pattern, bound[pattern.key], bound) for pattern in rule.when) and not any(
            fits(pattern, record, bound) for pattern in rule.unless for record in given
        ):
            yield Match(rule.id, tuple(record.number for record in chosen))
