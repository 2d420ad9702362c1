"""Time of the rule engines on the shipped rules: the durable_rules worker against plain Python.

Run: ``python -m benchmarks.engine``. Baseline of every ratio: plain Python in the same process.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.engine.book import RuleBook
from bot.engine.choose import choose_engine
from bot.engine.matching import Engine
from bot.engine.plain import PlainEngine
from bot.engine.rule import Rule
from bot.engine.rules import load
from bot.facts import FACT_TYPES, fields_of
from bot.facts.base import Fact, Value

RULES = Path(__file__).resolve().parent.parent / "rules"


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


def diagnosis_seconds(rules: Sequence[Rule], engine: Engine, given: Sequence[Fact], *, repeat: int) -> float:
    """Return the median time of one diagnosis by a warm engine."""
    book = RuleBook(rules, engine)
    book.evaluate(given)
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
    print(f"{'facts':>7}  {'engine':<14} {'ms a diagnosis':>14} {'us a fact':>10} {'of plain':>9}")
    for number in (200, 2_000, 20_000):
        given = facts(number)
        baseline = 0.0
        for engine in (PlainEngine(), choose_engine()):
            seconds = diagnosis_seconds(rules, engine, given, repeat=repeat)
            baseline = baseline or seconds
            each = f"{seconds * 1e3:>14.2f} {seconds / number * 1e6:>10.1f} {seconds / baseline:>8.2f}x"
            print(f"{number:>7}  {type(engine).__name__:<14} {each}")


if __name__ == "__main__":
    main()
