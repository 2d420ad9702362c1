"""The shipped rules against their golden files, in both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.engine import golden
from bot.engine.book import RuleBook
from bot.engine.choose import choose_engine
from bot.engine.documents import Document, read_document
from bot.engine.plain import PlainEngine
from bot.engine.rules import Rule, load

ROOT = Path(__file__).parent.parent
RULES = ROOT / "rules"
GOLDEN = ROOT / "tests" / "rules"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return RuleBook(load(RULES), PlainEngine())


@pytest.fixture(scope="module")
def shipped_engine() -> Iterator[RuleBook]:
    book = RuleBook(load(RULES), choose_engine())
    yield book
    book.close()


def names(folder: Path) -> set[Path]:
    return {file.relative_to(folder) for file in folder.rglob("*.yaml")}


def golden_file(rule: Rule) -> Path:
    return GOLDEN / rule.path.relative_to(RULES)


def test_every_rule_has_a_golden_file_and_every_golden_file_a_rule() -> None:
    assert names(RULES) == names(GOLDEN)


@pytest.mark.parametrize("rule", load(RULES), ids=lambda rule: rule.id)
def test_a_rule_answers_as_its_golden_file_says(book: RuleBook, rule: Rule) -> None:
    problems = golden.check_rule(rule, book, golden_file(rule))

    assert [str(problem) for problem in problems] == []


def test_the_engine_that_is_shipped_answers_like_the_plain_one(book: RuleBook, shipped_engine: RuleBook) -> None:
    for rule in book.rules:
        document = read_document(golden_file(rule))
        assert isinstance(document, Document)
        for case in golden.read_cases(document):
            facts = (case.facts, case.observed)

            assert shipped_engine.evaluate(*facts) == book.evaluate(*facts), f"{rule.id}: {case.name}"
