"""The diagnosis hangs on what was seen, and not on the order it was seen in, nor on how often, nor on how long ago."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.judge import judge
from bot.engine import golden
from bot.engine.book import RuleBook
from bot.engine.choose import choose_engine
from bot.engine.documents import Document, read_document
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.engine.verdict import Verdict
from bot.facts.base import Fact
from bot.facts.scope import Scope
from tests.test_rules import GOLDEN, RULES

SCOPES = (Scope(cluster_wide=True), Scope())
CASES_AT_ONCE = 12
"""Of golden files of all kinds of faults: together they contradict each other about the same objects."""


@pytest.fixture(scope="module")
def plain() -> RuleBook:
    return RuleBook(load(RULES), PlainEngine())


@pytest.fixture(scope="module")
def shipped() -> Iterator[RuleBook]:
    book = RuleBook(load(RULES), choose_engine())
    yield book
    book.close()


@cache
def cases() -> Sequence[tuple[Fact, ...]]:
    """Return the facts of every case of every golden file."""
    documents = [read_document(file) for file in sorted(GOLDEN.rglob("*.yaml"))]
    return [
        case.facts for document in documents if isinstance(document, Document) for case in golden.read_cases(document)
    ]


def mixed(draw: random.Random) -> list[Fact]:
    """Return the facts of several cases, as if all that were one cluster."""
    return [fact for each in draw.sample(cases(), CASES_AT_ONCE) for fact in each]


def seen_again(fact: Fact, draw: random.Random) -> Fact:
    """Return the same fact, read elsewhere and later."""
    at = f"2026-11-22T10:{draw.randrange(60):02}:00.000+00:00"
    return dataclasses.replace(fact, source=f"seen again, {draw.randrange(100)}", at=at)


def told(verdicts: Sequence[Verdict]) -> list[object]:
    return [judge(verdicts, scope) for scope in SCOPES]


@settings(max_examples=25)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_facts_in_any_order_give_the_same_diagnosis(plain: RuleBook, seed: int) -> None:
    draw = random.Random(seed)
    facts = mixed(draw)
    first = plain.evaluate(facts)

    draw.shuffle(facts)

    assert told(plain.evaluate(facts)) == told(first)


@settings(max_examples=15)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_the_engine_that_is_shipped_finds_the_same_in_any_order(plain: RuleBook, shipped: RuleBook, seed: int) -> None:
    draw = random.Random(seed)
    facts = mixed(draw)
    first = plain.evaluate(facts)

    draw.shuffle(facts)

    assert told(shipped.evaluate(facts)) == told(first)
    assert shipped.take_notes() == ()


@settings(max_examples=15)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_a_fact_that_was_read_twice_counts_once(plain: RuleBook, seed: int) -> None:
    draw = random.Random(seed)
    facts = mixed(draw)
    first = [(verdict.rule.id, verdict.outcome, verdict.findings) for verdict in plain.evaluate(facts)]

    twice = [*facts, *(seen_again(fact, draw) for fact in draw.sample(facts, len(facts) // 2)), *facts]
    draw.shuffle(twice)

    assert [(verdict.rule.id, verdict.outcome, verdict.findings) for verdict in plain.evaluate(twice)] == first


@settings(max_examples=15)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_of_one_fact_read_at_several_times_one_reading_is_shown_in_any_order(plain: RuleBook, seed: int) -> None:
    draw = random.Random(seed)
    facts = mixed(draw)
    facts += [seen_again(fact, draw) for fact in facts]
    first = plain.evaluate(facts)

    draw.shuffle(facts)

    assert told(plain.evaluate(facts)) == told(first)
