"""Golden files: cases that show what a rule answers. ``docs/rules.md`` says how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.engine.book import RuleBook
from bot.engine.documents import TYPE_WORDS, Document, Problem, line_of, quote, read_document, scalar, unknown
from bot.engine.plain import PlainEngine
from bot.engine.rule import ORDERINGS, Operator, Pattern, Rule, Test
from bot.engine.rules import read
from bot.engine.verdict import Outcome, Verdict
from bot.facts import FACT_TYPES, fields_of, values_of
from bot.facts.base import Fact, Reason, Unknown, Value

KEYS = ("case", "facts", "observed", "expect", "summary")
UNKNOWN_KEYS = ("of", "reason", "subject", "detail")

EDGES = {Operator.GT: (1, 0), Operator.GTE: (0, -1), Operator.LT: (-1, 0), Operator.LTE: (0, 1)}
"""Steps from a threshold to the last value that passes, and to the first that does not."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of a golden file."""

    name: str
    line: int
    facts: tuple[Fact, ...]
    observed: tuple[str, ...]
    expect: Outcome
    summaries: tuple[str, ...]


def check(rules_folder: Path, golden_folder: Path, *, beside: Sequence[Path] = ()) -> list[Problem]:
    """Return every mistake in the rules, and every way in which they and their golden files differ.

    ``beside`` are folders of other rules, which those of ``rules_folder`` may read.
    """
    rules, problems = read(*beside, rules_folder)
    book = RuleBook(rules, PlainEngine())
    golden = {file.relative_to(golden_folder): file for file in sorted(golden_folder.rglob("*.yaml"))}
    for path, file in golden.items():
        if not (rules_folder / path).is_file():
            problems.append(Problem(file, 1, f"there is no rule {rules_folder / path}"))
    for rule in rules:
        if not rule.path.is_relative_to(rules_folder):
            continue
        path = rule.path.relative_to(rules_folder)
        if path in golden:
            problems += check_rule(rule, book, golden[path])
        else:
            problems.append(Problem(rule.path, 1, f"has no golden file {golden_folder / path}"))
    return sorted(problems)


def check_rule(rule: Rule, book: RuleBook, file: Path) -> list[Problem]:
    """Return the mistakes in one golden file, and what the rule answers otherwise."""
    document = read_document(file)
    if isinstance(document, Problem):
        return [document]
    cases = read_cases(document)
    if document.problems:
        return document.problems
    run = [(case, {verdict.rule.id: verdict for verdict in book.evaluate(case.facts, case.observed)}) for case in cases]
    for case, verdicts in run:
        for message in differences(case, verdicts[rule.id]):
            document.problem(case.line, f"case {quote(case.name)}: {message}")
    for outcome in sorted(set(Outcome) - {case.expect for case in cases}):
        document.problem(1, f"no case shows that the rule can be {outcome}")
    for message in unshown_thresholds(rule, run):
        document.problem(1, message)
    return document.problems


def differences(case: Case, verdict: Verdict) -> Iterator[str]:
    """Give what a verdict has that the case does not expect."""
    if verdict.outcome is not case.expect:
        yield f"expected {case.expect}, but the rule is {verdict.outcome}{because(case, verdict)}"
    elif case.expect is Outcome.FOUND:
        summaries = tuple(finding.summary for finding in verdict.findings)
        if summaries != case.summaries:
            yield f"expected {listed(case.summaries)}, but the summary is {listed(summaries)}"


def because(case: Case, verdict: Verdict) -> str:
    """Return why a verdict is not what was expected, as far as it can be said."""
    if verdict.outcome is Outcome.FOUND:
        return f": {listed([finding.summary for finding in verdict.findings])}"
    if verdict.outcome is Outcome.NOT_CHECKED:
        return "".join(f"; {each.of} is missing ({each.reason}): {each.detail}" for each in verdict.missing)
    reasons = []
    for pattern in verdict.rule.when:
        facts = [fact for fact in case.facts if fact.kind == pattern.kind]
        failing = [
            f"{test} ({quote(str(values_of(fact)[test.field]))})"
            for fact in facts
            for test in pattern.tests
            if not test.holds(values_of(fact)[test.field])
        ]
        if pattern.kind in FACT_TYPES and not facts:
            reasons.append(f"; there is no {pattern.kind}")
        elif failing:
            reasons.append(f"; {pattern.kind} does not have {', '.join(failing)}")
    return "".join(reasons) or "; look at its same_as and unless"


def unshown_thresholds(rule: Rule, run: Sequence[tuple[Case, dict[str, Verdict]]]) -> Iterator[str]:
    """Give every threshold that is not shown from both sides, at the nearest values."""
    for section, pattern, test in thresholds(rule):
        inside, outside = (int(test.values[0]) + step for step in EDGES[test.operator])
        # Under `unless` it is the fact that passes which keeps the rule from being found.
        found, not_found = (inside, outside) if section == "when" else (outside, inside)
        for value, wanted in ((found, True), (not_found, False)):
            if not any(
                (case.expect is Outcome.FOUND) is wanted
                and case.expect is not Outcome.NOT_CHECKED
                and value in shown(pattern, test.field, case, verdicts)
                for case, verdicts in run
            ):
                outcome = "found" if wanted else "ruled_out"
                yield f"no case that is {outcome} has {pattern.kind}.{test.field} at {value}, next to the threshold"


def thresholds(rule: Rule) -> Iterator[tuple[str, Pattern, Test]]:
    """Give the comparisons of a rule that carry a source."""
    for section, patterns in (("when", rule.when), ("unless", rule.unless)):
        for pattern in patterns:
            for test in pattern.tests:
                if test.operator in ORDERINGS and test.source:
                    yield section, pattern, test


def shown(pattern: Pattern, field: str, case: Case, verdicts: dict[str, Verdict]) -> set[Value]:
    """Return the values of a field in a case: those of its facts, or of the findings of its rules."""
    if pattern.kind in verdicts:
        return {finding.details[field] for finding in verdicts[pattern.kind].findings if field in finding.details}
    return {values_of(fact)[field] for fact in case.facts if fact.kind == pattern.kind}


def read_cases(document: Document) -> list[Case]:
    """Return the cases of a golden file; mistakes are noted in the document."""
    cases: list[Case] = []
    for node in document.items(document.root, "a golden file"):
        entries = document.mapping(node, "a case")
        for key, entry in entries.items():
            if key not in KEYS:
                document.problem(entry.line, unknown("key of a case", key, KEYS))
        for key in ("case", "expect"):
            if key not in entries:
                document.problem(node, f"missing key {quote(key)} in a case")
        name = document.text(entries["case"].node, "case") if "case" in entries else ""
        if name in [case.name for case in cases]:
            document.problem(node, f"two cases are named {quote(name)}")
        expect = document.choice(entries["expect"].node, "expect", list(Outcome)) if "expect" in entries else ""
        facts = document.items(entries["facts"].node, "facts") if "facts" in entries else []
        observed = document.items(entries["observed"].node, "observed") if "observed" in entries else []
        case = Case(
            name=name,
            line=line_of(node),
            facts=tuple(fact for each in facts for fact in read_facts(document, each)),
            observed=tuple(document.choice(each, "kind of fact", list(FACT_TYPES)) for each in observed),
            expect=Outcome(expect or Outcome.FOUND),
            summaries=read_summaries(document, entries["summary"].node) if "summary" in entries else (),
        )
        if expect and (case.expect is Outcome.FOUND) != bool(case.summaries):
            document.problem(
                node, "a case that is found needs its summary" if not case.summaries else "only found has a summary"
            )
        cases.append(case)
    return cases


def read_summaries(document: Document, node: yaml.Node) -> tuple[str, ...]:
    """Return the one sentence, or a list of them when a case has several findings."""
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return tuple(document.text(each, "summary") for each in nodes)


def read_facts(document: Document, node: yaml.Node) -> Iterator[Fact]:
    """Give the facts of one item; fields that are left out are zero."""
    for kind, entry in document.mapping(node, "a fact").items():
        given = document.mapping(entry.node, kind)
        if kind == Unknown.kind:
            yield from read_unknown(document, entry.node)
        elif kind not in FACT_TYPES:
            document.problem(entry.line, unknown("kind of fact", kind, [*FACT_TYPES, Unknown.kind]))
        else:
            fields = fields_of(FACT_TYPES[kind])
            values: dict[str, Value] = {name: declared() for name, declared in fields.items()}
            for name, field in given.items():
                if name not in fields:
                    document.problem(field.line, unknown(f"field of {kind}", name, fields))
                elif type(value := scalar(field.node)) is fields[name]:
                    values[name] = value
                else:
                    document.problem(field.line, f"{name} of {kind} is {TYPE_WORDS[fields[name]]}")
            make: Callable[..., Fact] = FACT_TYPES[kind]
            yield make(**values)


def read_unknown(document: Document, node: yaml.Node) -> Iterator[Unknown]:
    """Give the fact that something could not be looked at."""
    given = document.mapping(node, "unknown")
    for key, entry in given.items():
        if key not in UNKNOWN_KEYS:
            document.problem(entry.line, unknown("key of unknown", key, UNKNOWN_KEYS))
    for key in ("of", "reason"):
        if key not in given:
            document.problem(node, f"missing key {quote(key)} in unknown")
            return
    of = document.choice(given["of"].node, "kind of fact", list(FACT_TYPES))
    reason = document.choice(given["reason"].node, "reason", list(Reason))
    if of and reason:
        rest = {key: document.text(given[key].node, key) for key in ("subject", "detail") if key in given}
        yield Unknown(of=of, reason=Reason(reason), **rest)


def listed(summaries: Sequence[str]) -> str:
    """Return sentences in quotes."""
    return " and ".join(map(quote_whole, summaries)) or "no summary"


def quote_whole(sentence: str) -> str:
    """Return a sentence in quotes, in full."""
    return f'"{sentence}"'
