"""Reading rule files. What a rule is: :mod:`bot.engine.rule`; how it is written: ``docs/rules.md``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.engine.check import check
from bot.engine.documents import Problem, read_documents
from bot.engine.rule import HOPS, Confidence, Join, Operator, Pattern, Rule, Severity, Test
from bot.engine.syntax import parse

__all__ = [
    "HOPS",
    "Confidence",
    "Join",
    "Operator",
    "Pattern",
    "Problem",
    "Rule",
    "RuleError",
    "Severity",
    "Test",
    "load",
    "read",
]


class RuleError(ValueError):
    """Rule files that cannot be used; ``str`` gives a line for every mistake."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def load(*folders: Path) -> list[Rule]:
    """Return the rules of every ``*.yaml`` below the folders, by id.

    Raises:
        RuleError: At least one file has a mistake; it carries all of them.
    """
    rules, problems = read(*folders)
    if problems:
        raise RuleError(problems)
    return rules


def read(*folders: Path) -> tuple[list[Rule], list[Problem]]:
    """Return the rules that are right, by id, and the mistakes in the other files, by file and line.

    A rule that reads a refused rule is refused too.
    """
    documents, unreadable = read_documents(folders)
    rules, problems = check(
        (parse(document) for document in documents), unreadable=(problem.file.stem for problem in unreadable)
    )
    return rules, sorted(unreadable + problems)
