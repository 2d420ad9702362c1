"""The working memory of one diagnosis: facts in the order of their content, numbered, and findings after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.engine.matching import Record
from bot.engine.verdict import Finding
from bot.facts.base import Fact, Reason, Unknown, Value, fields_of

Declared = dict[type[Fact], Mapping[str, type[Value]]]
"""The fields of every kind of fact seen so far, with their types: looking them up takes as long as judging."""


class WorkingMemory:
    """Facts and findings, what could not be looked at, and the records engines see."""

    def __init__(self, facts: Iterable[Fact], observed: Collection[str], declared: Declared) -> None:
        self.records: list[Record] = []
        self.facts: dict[int, Fact] = {}
        self.findings: dict[int, Finding] = {}
        self.by_kind: defaultdict[str, list[Fact]] = defaultdict(list)
        self._unknown: defaultdict[str, set[Unknown]] = defaultdict(set)
        self._observed = set(observed)
        self._declared = declared
        self._add(facts)
        self.nodes = {str(record.values["node"]) for record in self.records if record.values.get("node")}
        """Names of Nodes: what facts say under ``node``."""

    def _add(self, facts: Iterable[Fact]) -> None:
        sortable: dict[tuple[str, tuple[Value, ...]], Fact] = {}
        for fact in facts:
            if isinstance(fact, Unknown):
                self._unknown[fact.of].add(fact)
                continue
            self._observed.add(fact.kind)
            values = self._values(fact)
            if isinstance(values, Unknown):
                self._unknown[fact.kind].add(values)
                continue
            content = (fact.kind, values)
            known = sortable.get(content)
            if known is None or (fact.source, fact.at) < (known.source, known.at):
                sortable[content] = fact
        for content in sorted(sortable):
            fact = sortable[content]
            self.facts[len(self.records)] = fact
            self.by_kind[fact.kind].append(fact)
            by_name = dict(zip(self._declared[type(fact)], content[1], strict=True))
            self.records.append(Record(len(self.records), fact.kind, by_name))

    def _values(self, fact: Fact) -> tuple[Value, ...] | Unknown:
        """Return a fact's values in the order of its fields, or what it is when they are not what its type says.

        Engines compare values of one type only; a None among them would never match and read as health.
        """
        fact_type = type(fact)
        if fact_type not in self._declared:
            self._declared[fact_type] = fields_of(fact_type)
        values: list[Value] = []
        for name, wanted in self._declared[fact_type].items():
            value = getattr(fact, name)
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                detail = f"{name} holds {type(value).__name__} instead of {wanted.__name__}; read from {fact.source}"
                return Unknown(of=fact.kind, reason=Reason.MALFORMED, detail=detail[:256], at=fact.at)
            values.append(value)
        return tuple(values)

    def add_findings(self, findings: Sequence[Finding]) -> None:
        """Make findings facts for the rules that come after."""
        for finding in findings:
            subject = finding.subject
            self.findings[len(self.records)] = finding
            values = {
                "subject_kind": subject.kind,
                "subject_namespace": subject.namespace,
                "subject_name": subject.name,
                **finding.details,
            }
            self.records.append(Record(len(self.records), finding.rule.id, values))

    def missing(self, kind: str) -> tuple[Unknown, ...]:
        """Return why a kind of fact is not fully known; empty when it was looked at everywhere."""
        if kind in self._unknown:
            return tuple(sorted(self._unknown[kind], key=lambda each: (each.subject, each.reason, each.detail)))
        if kind in self._observed:
            return ()
        return (Unknown(of=kind, reason=Reason.OUT_OF_SCOPE, detail=f"nothing looked at {kind} for this symptom"),)
