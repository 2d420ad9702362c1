"""The compact lists: what was seen besides, what was ruled out, what could not be checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from bot.cli.render.causes import tree
from bot.cli.render.pieces import LABEL, heading, indented, one_line, short, signed, values
from bot.diagnosis.report import Cause, Evidence, HopStatus, NotChecked, RuledOut
from bot.facts.base import Value

BETWEEN_REASONS = re.compile(r"(?<=\)); ")
"""Between ``node_cpu: no_helper (…)`` and the next; a semicolon inside the brackets is text."""

OWN_NAMES = ("namespace", "name", "node", "pod")
"""Fields that say of which object a fact is."""


def briefly(title: str, why: str, findings: Sequence[Cause], *, explain: bool) -> Iterator[RenderableType]:
    """Yield findings that are not told in full, some lines each."""
    if not findings:
        return
    yield heading(title, f"{len(findings)}: {why}")
    for finding in findings:
        yield indented(signed(HopStatus.SUSPICIOUS, Text(finding.summary)))
        about = f"{finding.subject} · {finding.severity}, {finding.confidence} · {finding.rule}"
        yield indented(Text(about, style=LABEL), 4)
        yield indented(Text(finding.remedy), 4)
        if explain:
            yield indented(tree(finding.proof), 4)


def ruled_out(rules: Sequence[RuledOut]) -> Iterator[RenderableType]:
    """Yield what is not wrong: a line for each fact with its values, and below it the faults that it speaks against."""
    if not rules:
        return
    facts: dict[str, tuple[Text, list[str]]] = {}
    for rule in rules:
        fact = telling(rule.evidence) if rule.evidence else Text("nothing of the kind exists", style=LABEL)
        facts.setdefault(fact.plain, (fact, []))[1].append(rule.rule)
    yield heading("Ruled out", str(len(rules)))
    for fact, names in facts.values():
        yield indented(signed(HopStatus.OK, one_line(fact)))
        yield indented(Text(", ".join(names)), 4)


def telling(evidence: Sequence[Evidence]) -> Text:
    """Return the first of some facts in short: of what, then what was counted or found true, then the rest."""
    first = evidence[0]
    others = sum(each.fact == first.fact for each in evidence) - 1
    rest = {key: value for key, value in first.value.items() if key not in (*OWN_NAMES, "window_ms")}
    numbers_first = sorted(rest.items(), key=lambda field: isinstance(field[1], str))
    of = f" of {whose(first.value)}" if whose(first.value) else ""
    more = f" and {others} more" if others else ""
    return Text.assemble(f"{first.fact}{of}{more}: ", values(dict(numbers_first)))


def whose(fields: Mapping[str, Value]) -> str:
    """Return the object a fact is about: ``shop/cart``, ``node1 eth0``."""
    named = "/".join(str(fields[key]) for key in ("namespace", "name") if fields.get(key))
    return " ".join(str(part) for part in (fields.get("node"), named or fields.get("pod")) if part)


def not_checked(rules: Sequence[NotChecked]) -> Iterator[RenderableType]:
    """Yield what could not be looked at, those with the same way out together."""
    if not rules:
        return
    yield heading("Could not check", f"{len(rules)}: these faults may or may not be there")
    ways: dict[str, list[NotChecked]] = {}
    for rule in rules:
        ways.setdefault(rule.how_to_enable, []).append(rule)
    for how_to_enable, group in ways.items():
        yield indented(signed(HopStatus.NOT_CHECKED, Text(", ".join(rule.rule for rule in group))))
        yield indented(Group(*(Text(short(reason), style=LABEL) for reason in reasons(group))), 4)
        yield indented(Text(f"→ {how_to_enable}"), 4)


def reasons(rules: Sequence[NotChecked]) -> list[str]:
    """Return why rules could not be checked, each reason once with all facts it keeps away."""
    kept_away: dict[str, list[str]] = {}
    for rule in rules:
        for reason in BETWEEN_REASONS.split(rule.reason):
            fact, _, why = reason.partition(": ")
            facts = kept_away.setdefault(why, [])
            facts += [fact] if fact not in facts else []
    return [f"{', '.join(facts)}: {why}" if why else ", ".join(facts) for why, facts in kept_away.items()]
