"""Time of the rule engines on the shipped rules: the durable_rules worker against plain Python and CLIPS.

Run: ``python -m benchmarks.engine``. Baseline of every ratio: plain Python in the same process. All have to give the
same verdicts.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.engine.book import RuleBook
from bot.engine.choose import choose_engine
from bot.engine.documents import Document, read_document
from bot.engine.golden import read_cases
from bot.engine.matching import Engine
from bot.engine.plain import PlainEngine
from bot.engine.rule import Rule
from bot.engine.rules import load
from bot.engine.verdict import Outcome, Verdict
from bot.facts import FACT_TYPES, fields_of
from bot.facts.base import Fact, Unknown, Value

ROOT = Path(__file__).resolve().parent.parent
RULES, GOLDEN = ROOT / "rules", ROOT / "tests" / "rules"
NODES = 50


def scope_facts(nodes: int) -> list[Fact]:
    """Return the facts of a scope with so many Nodes: each kind as golden files show it where nothing is wrong.

    One Node has everything at once that golden files show as a fault.
    """
    ill = {kind: facts[0] for kind, facts in examples(Outcome.FOUND).items()}
    book = RuleBook(load(RULES), PlainEngine())
    well = {kind: harmless(facts, book) for kind, facts in examples(Outcome.RULED_OUT).items()}
    found = [fact for fact in well.values() if "node" not in fields_of(type(fact))]
    for fact in well.values():
        if "node" in fields_of(type(fact)):
            found += [renamed(fact, f"node{number}") for number in range(1, nodes)]
    return found + [renamed(fact, "node0") for fact in ill.values() if "node" in fields_of(type(fact))]


def harmless(shown: Sequence[Fact], book: RuleBook) -> Fact:
    """Return the first fact that no rule finds anything in; what rules out one cause may be another."""
    return next((fact for fact in shown if not any(verdict.findings for verdict in book.evaluate([fact]))), shown[0])


def examples(outcome: Outcome) -> dict[str, list[Fact]]:
    """Return the facts of each kind in cases with this outcome, golden file by golden file."""
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    for file in sorted(GOLDEN.rglob("*.yaml")):
        document = read_document(file)
        if isinstance(document, Document):
            for case in read_cases(document):
                for fact in case.facts if case.expect is outcome else ():
                    if not isinstance(fact, Unknown):
                        found[fact.kind].append(fact)
    return found


def renamed(fact: Fact, node: str) -> Fact:
    """Return what a fact says of another Node."""
    change: Callable[..., Fact] = dataclasses.replace
    return change(fact, node=node)


def facts(number: int) -> list[Fact]:
    """Return facts of all kinds in equal parts, on both sides of thresholds; one of what a cluster has once."""
    draw, kinds = random.Random(1), list(FACT_TYPES.values())
    several = [each for each in kinds if {"node", "namespace"} & set(fields_of(each))]
    found: list[Fact] = []
    for fact_type in (kinds + several * (number // len(several)))[:number]:
        values: dict[str, Value] = {}
        for name, declared in fields_of(fact_type).items():
            if declared is bool:
                values[name] = draw.random() < 0.8
            elif declared is int:
                values[name] = draw.choice((0, 0, 0, 1, 50, 950, 1500, 20_000))
            else:
                values[name] = f"{name}-{draw.randrange(max(1, number // 20))}"
        make: Callable[..., Fact] = fact_type
        found.append(make(**values))
    return found


def median_seconds(work: Callable[[], object], *, repeat: int) -> float:
    """Return the median of several runs."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def diagnosis_seconds(
    rules: Sequence[Rule], engine: Engine, given: Sequence[Fact], *, repeat: int, expected: Sequence[Verdict]
) -> float:
    """Return the median time of one diagnosis by a warm engine."""
    book = RuleBook(rules, engine)
    if book.evaluate(given) != expected:
        print(f"{type(engine).__name__} gives other verdicts")
    seconds = median_seconds(lambda: book.evaluate(given), repeat=repeat)
    for note in book.take_notes():
        print(note)
    book.close()
    return seconds


def first_answer_seconds() -> float:
    """Return the time to start a worker and have one fact judged."""
    engine = choose_engine()
    book = RuleBook(load(RULES), engine)
    started = time.perf_counter()
    book.evaluate(facts(len(FACT_TYPES)))
    seconds = time.perf_counter() - started
    book.close()
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    rules = load(RULES)
    load_ms = median_seconds(lambda: load(RULES), repeat=repeat) * 1e3
    print(f"{len(rules)} rules; reading them takes {load_ms:.1f} ms (median of {repeat})")
    first_ms = statistics.median(first_answer_seconds() for _ in range(repeat)) * 1e3
    print(f"first answer of {type(choose_engine()).__name__}, process start included: {first_ms:.1f} ms")
    print(f"{'facts':<28}  {'engine':<14} {'ms a diagnosis':>14} {'us a fact':>10} {'of plain':>9}")
    given = {f"{number} random": facts(number) for number in (200, 2_000, 20_000)}
    scope = scope_facts(NODES)
    for name, these in {f"{len(scope)} of {NODES} Nodes": scope, **given}.items():
        expected, baseline = RuleBook(rules, PlainEngine()).evaluate(these), 0.0
        for engine in (PlainEngine(), choose_engine(), *other_engines()):
            seconds = diagnosis_seconds(rules, engine, these, repeat=repeat, expected=expected)
            baseline = baseline or seconds
            each = f"{seconds * 1e3:>14.1f} {seconds / len(these) * 1e6:>10.1f} {seconds / baseline:>8.2f}x"
            print(f"{name:<28}  {type(engine).__name__:<14} {each}")


def other_engines() -> list[Engine]:
    """Return CLIPS where it is installed."""
    try:
        from benchmarks.clips import ClipsEngine  # noqa: PLC0415 - only measured, and only here
    except ImportError:
        print("CLIPS: skipped, clipspy is not installed")
        return []
    return [ClipsEngine()]


if __name__ == "__main__":
    main()
