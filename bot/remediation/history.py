"""What happened before: whether a fault has come back, and what today's rules say of facts that were kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.diagnosis.report import Cause, Diagnosis, Evidence, Proof
from bot.diagnosis.serialise import NotADiagnosis, from_json
from bot.engine.book import RuleBook
from bot.engine.verdict import Outcome
from bot.facts import FACT_TYPES, fields_of
from bot.facts.base import Fact
from bot.facts.scope import Subject
from bot.remediation.plan import SHORT_HASH, Plan
from bot.store.records import PlanState, StoredPlan
from bot.store.store import Store

RECURRENCE = timedelta(days=30)
"""How far back a fault counts as the same trouble (ours)."""
ORDINALS = ("", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")
FIXED = (PlanState.CONFIRMED, PlanState.UNDONE)


async def recurrence(store: Store, diagnosis: Diagnosis, *, now: datetime, incident: str) -> str:
    """Return in a sentence how often the first cause was there before, and what helped; empty the first time."""
    if not diagnosis.causes:
        return ""
    first = diagnosis.causes[0]
    since = now - RECURRENCE
    before = {
        kept.incident
        for kept in await store.diagnoses_since(since)
        if kept.incident != incident and _is_about(kept.document, first, diagnosis.access.context)
    }
    if not before:
        return ""
    count = len(before) + 1
    word = ORDINALS[count] if count < len(ORDINALS) else f"{count}th"
    return f"{word} time in {RECURRENCE.days} days{await _last_fix(store, first, before, now)}."


async def _last_fix(store: Store, cause: Cause, incidents: Iterable[str], now: datetime) -> str:
    fixes = [
        (ended, stored)
        for stored in await store.plans_of(incidents)
        if stored.state in FIXED and _remedies(stored, cause) and (ended := await store.ended(stored.hash)) is not None
    ]
    if not fixes:
        return ", never fixed by a plan"
    at, plan = max(fixes, key=lambda fix: fix[0])
    return f"; last fixed by plan {plan.hash[:SHORT_HASH]}, held {in_words(now - at)}"


def in_words(time: timedelta) -> str:
    """Return a length of time in its largest unit."""
    for seconds, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if (count := int(time.total_seconds() // seconds)) > 0:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"


def _is_about(document: str, cause: Cause, context: str) -> bool:
    try:
        kept = from_json(document)
    except NotADiagnosis:
        return False
    found = [(each.rule, each.subject) for each in kept.causes]
    return kept.access.context == context and (cause.rule, cause.subject) in found


def _remedies(stored: StoredPlan, cause: Cause) -> bool:
    try:
        plan = Plan.from_json(stored.content)
    except ValueError:
        return False
    return plan.rule == cause.rule and plan.check.subject == cause.subject and not plan.undoes


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What today's rules say of one diagnosis that was kept."""

    incident: str
    made: datetime
    symptom: str
    same: tuple[str, ...]
    """Findings that are still found: ``rule at Service shop/web``."""
    gone: tuple[str, ...]
    new: tuple[str, ...]


async def replay(store: Store, book: RuleBook, *, since: datetime) -> list[Replayed]:
    """Judge the facts that diagnoses kept as evidence once more, oldest first.

    A rule that reads kinds of facts of which none was kept cannot be judged and is left out.
    """
    told: list[Replayed] = []
    for kept in await store.diagnoses_since(since):
        try:
            diagnosis = from_json(kept.document)
        except NotADiagnosis:
            continue
        facts = tuple(facts_of(diagnosis))
        verdicts = book.evaluate(facts, {fact.kind for fact in facts})
        unknown = {verdict.rule.id for verdict in verdicts if verdict.outcome is Outcome.NOT_CHECKED}
        now = {_name(verdict.rule.id, finding.subject) for verdict in verdicts for finding in verdict.findings}
        then = {name for name in _found(diagnosis) if name.partition(" at ")[0] not in unknown}
        told.append(
            Replayed(
                incident=kept.incident,
                made=kept.made,
                symptom=diagnosis.symptom.text,
                same=tuple(sorted(then & now)),
                gone=tuple(sorted(then - now)),
                new=tuple(sorted(now - then - _rules_below(diagnosis, now))),
            )
        )
    return told


def facts_of(diagnosis: Diagnosis) -> Iterator[Fact]:
    """Yield the facts that a diagnosis kept as evidence, each once; those of another version are left out."""
    everything = [
        *(item for cause in (*diagnosis.causes, *diagnosis.also_seen) for item in cause.evidence),
        *(item for rule in diagnosis.ruled_out for item in rule.evidence),
    ]
    seen: set[Fact] = set()
    for item in everything:
        fact = _fact(item)
        if fact is not None and fact not in seen:
            seen.add(fact)
            yield fact


def _fact(item: Evidence) -> Fact | None:
    kind = FACT_TYPES.get(item.fact)
    if kind is None or fields_of(kind).keys() != dict(item.value).keys():
        return None
    return kind(**item.value, source=item.source, at=item.at)


def _found(diagnosis: Diagnosis) -> set[str]:
    return {_name(cause.rule, cause.subject) for cause in (*diagnosis.causes, *diagnosis.also_seen)}


def _rules_below(diagnosis: Diagnosis, names: Iterable[str]) -> set[str]:
    """Return the names of findings that were there as part of another's proof, where they have no object."""
    below = {
        proof.rule for cause in (*diagnosis.causes, *diagnosis.also_seen) for proof in _proofs(cause.proof.because)
    }
    return {name for name in names if name.partition(" at ")[0] in below}


def _proofs(proofs: Iterable[Proof]) -> Iterator[Proof]:
    for proof in proofs:
        yield proof
        yield from _proofs(proof.because)


def _name(rule: str, subject: Subject) -> str:
    return f"{rule} at {subject}"
