"""The compact lists: what was seen besides, what was ruled out, what could not be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.render.causes import tree
from bot.cli.render.pieces import LABEL, heading, indented, mark, short, signed, values
from bot.diagnosis.report import Cause, HopStatus, NotChecked, RuledOut
from bot.facts.base import Value


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
    """Yield what is not wrong, one line each, with the values that show it."""
    if not rules:
        return
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False, expand=True)
    table.add_column(width=1)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=36)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for rule in rules:
        told = values(telling(rule.evidence[0].value)) if rule.evidence else Text(rule.summary, style=LABEL)
        if rule.evidence:
            told = Text.assemble((f"{whose(rule.evidence[0].value)} ", LABEL), told)
        table.add_row(mark(HopStatus.OK), Text(rule.rule), told)
    yield heading("Ruled out", str(len(rules)))
    yield indented(table)


def whose(fields: Mapping[str, Value]) -> str:
    """Return the object a fact is about: ``shop/cart`` or a Node's name."""
    name = fields.get("name") or fields.get("pod") or fields.get("node") or ""
    return "/".join(str(part) for part in (fields.get("namespace"), name) if part)


def telling(fields: Mapping[str, Value]) -> dict[str, Value]:
    """Return what was counted or found true; names and the length of the window tell nothing by themselves."""
    return {key: value for key, value in fields.items() if not isinstance(value, str) and key != "window_ms"}


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
        reasons = dict.fromkeys(short(rule.reason) for rule in group)
        yield indented(Group(*(Text(reason, style=LABEL) for reason in reasons)), 4)
        yield indented(Text(f"→ {how_to_enable}"), 4)
