"""The catalogue of rules, ``rules/README.md``: made from the rule files, never by hand.

``python -m bot.engine.catalogue`` writes it, with ``--check`` it only tells whether it is fresh.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from bot.engine.rule import Rule
from bot.engine.rules import load

FOLDER = Path("rules")
NAME = "README.md"

INTRODUCTION = """\
# Catalogue of rules

Written by `make catalogue` from the files beside it; how to write one: [docs/rules.md](../docs/rules.md).

An error explains a symptom by itself, a warning where nothing worse is found, an info links a cause to what it takes
along."""


def catalogue(rules: Iterable[Rule], folder: Path) -> str:
    """Return the catalogue of the rules below a folder, as Markdown."""
    ordered = sorted(rules, key=lambda rule: rule.path.relative_to(folder))
    parts = [INTRODUCTION, f"{len(ordered)} rules."]
    for subject, group in groupby(ordered, key=lambda rule: rule.path.relative_to(folder).parent.as_posix()):
        parts.append("\n".join((f"## {subject}", "", *table(list(group), folder))))
    return "\n\n".join(parts) + "\n"


def table(rules: Sequence[Rule], folder: Path) -> Iterator[str]:
    """Yield the lines of one subject's table."""
    yield "| rule | finds | category | severity | reads | remedy |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for rule in rules:
        cells = (
            f"[{rule.id}]({rule.path.relative_to(folder).as_posix()})",
            rule.title,
            rule.category,
            f"{rule.severity}, {rule.confidence}",
            ", ".join(f"`{kind}`" for kind in rule.reads),
            f"{rule.remedy} ([docs]({rule.docs}))",
        )
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def main(arguments: Sequence[str]) -> int:
    """Write the catalogue, or with ``--check`` only compare; return the exit status."""
    file, fresh = FOLDER / NAME, catalogue(load(FOLDER), FOLDER)
    if "--check" not in arguments:
        file.write_text(fresh, encoding="utf-8")
        return 0
    if file.is_file() and file.read_text(encoding="utf-8") == fresh:
        return 0
    sys.stderr.write(f"{file} is out of date: run `make catalogue`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
