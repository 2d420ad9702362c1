"""durable_rules against plain Python: the same verdicts for every rule base and every fact, however hostile."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from bot.engine.book import RuleBook, strata
from bot.engine.choose import choose_engine
from bot.engine.durable import DurableEngine
from bot.engine.matching import Match, Record
from bot.engine.plain import PlainEngine
from bot.engine.rule import Pattern
from tests.engine import WITHOUT, generate

pytest.importorskip("durable_rules_engine", reason=WITHOUT, exc_type=ImportError)

RULE_BASES = 100
"""Each with three sets of facts; 5,825 cases were compared once without a difference."""


@pytest.fixture(scope="module")
def durable() -> Iterator[DurableEngine]:
    engine = DurableEngine()
    yield engine
    engine.close()


@pytest.mark.parametrize("seed", range(RULE_BASES))
def test_both_engines_give_the_same_verdicts(durable: DurableEngine, seed: int) -> None:
    draw = random.Random(seed)
    rules = generate.rules(draw)
    plain, quick = RuleBook(rules, PlainEngine()), RuleBook(rules, durable)

    for _ in range(3):
        facts = generate.facts(draw)
        verdicts = quick.evaluate(generate.shuffled(facts, seed))

        assert durable.take_notes() == ()
        assert verdicts == plain.evaluate(facts)


@pytest.mark.parametrize("seed", range(RULE_BASES))
def test_both_engines_find_the_same_matches(durable: DurableEngine, seed: int) -> None:
    """Without the book, which hides a match that an ``Unknown`` keeps back."""
    draw = random.Random(seed)
    [rules, *_] = strata(generate.rules(draw))
    records = generate.records(draw, most=30)

    found = durable.compile(rules)(records)

    assert durable.take_notes() == ()
    assert found == PlainEngine().compile(rules)(generate.shuffled(records, seed))


@pytest.mark.parametrize("seed", range(40))
def test_plain_python_finds_what_trying_everything_finds(seed: int) -> None:
    """The oracle has an oracle: three loops and the words of ``docs/rules.md``."""
    draw = random.Random(seed)
    [rules, *_] = strata(generate.rules(draw))
    given = generate.records(draw, most=9)

    found = PlainEngine().compile(rules)(given).found

    assert found == tuple(sorted(match for rule in rules for match in generate.try_everything(rule, given)))


def test_durable_rules_is_chosen_where_it_is_installed() -> None:
    assert isinstance(choose_engine(), DurableEngine)


def test_matches_are_sorted() -> None:
    rule = generate.rule("rule-0", when=[Pattern(key="a", kind="one")])
    records = [Record(number, "one", {"node": ""}) for number in (3, 1, 2)]

    assert PlainEngine().compile([rule])(records).found == tuple(Match("rule-0", (n,)) for n in (1, 2, 3))
