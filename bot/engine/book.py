"""The rule book: facts in, one verdict per rule out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from bot.engine.holes import Bindings, fill, fill_typed, tell
from bot.engine.matching import MAX_MATCHES, Engine, Match
from bot.engine.rule import Pattern, Rule
from bot.engine.verdict import Finding, Outcome, Verdict
from bot.engine.working import Declared, WorkingMemory
from bot.facts.base import Fact, Reason, Unknown, Value
from bot.facts.scope import Subject


class RuleBook:
    """All rules, ready to judge facts. Judging is safe from several threads."""

    def __init__(self, rules: Iterable[Rule], engine: Engine) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.id))
        self._engine = engine
        self._declared: Declared = {}
        self._strata = [(stratum, engine.compile(stratum)) for stratum in strata(self.rules)]

    def evaluate(self, facts: Iterable[Fact], observed: Collection[str] = ()) -> list[Verdict]:
        """Return one verdict for each rule, by id; the order of the facts makes no difference.

        Facts and ``observed`` say which kinds were looked at; a kind in neither is not checked.
        """
        memory = WorkingMemory(facts, observed, self._declared)
        verdicts: dict[str, Verdict] = {}
        for rules, match in self._strata:
            matches = match(memory.records)
            by_rule: defaultdict[str, list[Match]] = defaultdict(list)
            for each in matches.found:
                by_rule[each.rule].append(each)
            for rule in rules:
                judge = Judge(rule, memory, verdicts)
                verdicts[rule.id] = judge.verdict(by_rule[rule.id], cut=rule.id in matches.cut)
            for rule in rules:
                memory.add_findings(verdicts[rule.id].findings)
        return [verdicts[rule.id] for rule in self.rules]

    def take_notes(self) -> tuple[str, ...]:
        """Return what a reader of the last diagnosis has to know about the engine; each note is given once."""
        return self._engine.take_notes()

    def close(self) -> None:
        """End what the engine runs."""
        self._engine.close()


class LateRuleBook:
    """A rule book that is read when facts are there to be judged: until then its reader waits for a cluster anyway."""

    def __init__(self, read: Callable[[], RuleBook]) -> None:
        """Read with a function that gives the same book each time."""
        self._read = read

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, by id."""
        return self._read().rules

    def evaluate(self, facts: Iterable[Fact], observed: Collection[str] = ()) -> list[Verdict]:
        """Return one verdict for each rule; see :meth:`RuleBook.evaluate`.

        Raises:
            RuleError: The rules cannot be read.
        """
        return self._read().evaluate(facts, observed)

    def take_notes(self) -> tuple[str, ...]:
        """Return what a reader has to know about the engine; see :meth:`RuleBook.take_notes`."""
        return self._read().take_notes()


class Judge:
    """Makes the verdict of one rule from its matches."""

    def __init__(self, rule: Rule, memory: WorkingMemory, verdicts: dict[str, Verdict]) -> None:
        self.rule = rule
        self.memory = memory
        self.verdicts = verdicts
        """Those of all rules that this one reads."""

    def verdict(self, matches: Sequence[Match], *, cut: bool) -> Verdict:
        """Return the verdict; ``cut`` says that there are more matches."""
        missing = dict.fromkeys(each for pattern in self.rule.when for each in self.missing(pattern.kind))
        standing: list[Match] = []
        for match in matches:
            reasons = [each for pattern in self.rule.unless for each in self.holding_back(pattern, match)]
            missing |= dict.fromkeys(reasons)
            if not reasons:
                standing.append(match)
        if cut:
            missing[too_many(self.rule)] = None
        if standing:
            return Verdict(
                rule=self.rule, outcome=Outcome.FOUND, findings=self.findings(standing), missing=tuple(missing)
            )
        if missing:
            return Verdict(rule=self.rule, outcome=Outcome.NOT_CHECKED, missing=tuple(missing))
        return Verdict(rule=self.rule, outcome=Outcome.RULED_OUT, looked_at=tuple(self.looked_at(self.rule)))

    def missing(self, kind: str) -> tuple[Unknown, ...]:
        """Return why facts or findings of a kind may exist that nobody saw."""
        return self.verdicts[kind].missing if kind in self.verdicts else self.memory.missing(kind)

    def holding_back(self, pattern: Pattern, match: Match) -> list[Unknown]:
        """Return why a fact may exist that would block a match.

        What is unknown about one Node says nothing about a match that is joined to another.
        """
        bindings = self.bindings(match)
        joined = {bindings[join.key][join.other] for join in pattern.joins if join.equal and join.field == "node"}
        return [
            each
            for each in self.missing(pattern.kind)
            if not joined or each.subject in joined or each.subject not in self.memory.nodes
        ]

    def findings(self, matches: Sequence[Match]) -> tuple[Finding, ...]:
        """Return the findings of matches, one for each subject and details, in their order."""
        merged: defaultdict[tuple[Subject, tuple[tuple[str, Value], ...]], list[Match]] = defaultdict(list)
        for match in matches:
            bindings = self.bindings(match)
            parts = {key: fill(text, bindings) for key, text in self.rule.subject.items()}
            subject = Subject(parts["kind"], parts.get("namespace", ""), parts["name"])
            details = {name: fill_typed(text, bindings) for name, text in self.rule.details.items()}
            merged[subject, tuple(details.items())].append(match)
        return tuple(self.finding(*conclusion, merged[conclusion]) for conclusion in sorted(merged))

    def finding(self, subject: Subject, details: tuple[tuple[str, Value], ...], matches: Sequence[Match]) -> Finding:
        """Return one finding with everything it rests on."""
        # By key of `when`, then by content: numbers are in the order of the content.
        columns = zip(*(match.numbers for match in matches), strict=True)
        numbers = dict.fromkeys(number for column in columns for number in sorted(column))
        findings = tuple(self.memory.findings[number] for number in numbers if number in self.memory.findings)
        return Finding(
            rule=self.rule,
            subject=subject,
            details=dict(details),
            summary=tell(self.rule.summary, self.bindings(min(matches))),
            facts=tuple(self.memory.facts[number] for number in numbers if number in self.memory.facts),
            findings=findings,
            explains=tuple(finding for finding in findings if finding.rule.id in self.rule.explains),
        )

    def bindings(self, match: Match) -> Bindings:
        """Return the values of a match by the keys of ``when``."""
        records = (self.memory.records[number] for number in match.numbers)
        return {pattern.key: record.values for pattern, record in zip(self.rule.when, records, strict=True)}

    def looked_at(self, rule: Rule) -> dict[Fact, None]:
        """Return the facts of every kind a rule reads, itself or through other rules, in the order of reading."""
        found: dict[Fact, None] = {}
        for kind in rule.reads:
            if kind in self.verdicts:
                found |= self.looked_at(self.verdicts[kind].rule)
            else:
                found |= dict.fromkeys(self.memory.by_kind[kind])
        return found


def strata(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Return the rules in layers; each reads only facts and findings of the layers before it.

    So a negation never meets a finding that comes later, and the order of firing within a layer makes no difference.

    Raises:
        ValueError: Rules depend on each other in a circle.
    """
    ids = {rule.id for rule in rules}
    left, done, layers = list(rules), set[str](), list[list[Rule]]()
    while left:
        layer = [rule for rule in left if all(kind in done or kind not in ids for kind in rule.reads)]
        if not layer:
            raise ValueError(f"rules depend on each other in a circle: {', '.join(rule.id for rule in left)}")
        done |= {rule.id for rule in layer}
        left = [rule for rule in left if rule.id not in done]
        layers.append(layer)
    return layers


def too_many(rule: Rule) -> Unknown:
    """Return why a rule was not looked through to the end."""
    detail = f"more than {MAX_MATCHES} combinations of facts, the rest was left out; name a narrower symptom"
    return Unknown(of=rule.when[0].kind, reason=Reason.TIMEOUT, detail=detail)
