"""A plan: what it touches, what it changes, and the YAML as it would be sent."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from bot.cli.render.pieces import bullets, heading, labelled, unbroken, verbatim
from bot.diagnosis.report import PlanReport
from bot.diagnosis.serialise import yaml_text

DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def plan(plan: PlanReport, *, number: int, of: int) -> Iterator[RenderableType]:
    """Yield one plan. Its YAML is never wrapped: it can be copied and applied."""
    yield heading(f"Remedy {number} of {of}" if of > 1 else "Remedy", plan.title)
    yield labelled(
        {
            "Playbook": plan.playbook,
            "Touches": plan.blast_radius,
            "Risk": f"{plan.risk}, {'reversible' if plan.reversible else 'cannot be undone'}",
            "Foreseen": bullets(plan.foreseen),
            "By hand": plan.by_hand,
        }
    )
    if plan.commands:
        yield Text("")
        yield verbatim("\n".join(f"  $ {command}" for command in plan.commands))
    yield unbroken("Plan", plan.hash)
    if plan.diff:
        yield Text("")
        yield diff(plan.diff)
    for item in plan.objects:
        yield Text("")
        yield verbatim(f"---\n{yaml_text(item)}".rstrip())


def diff(text: str) -> RenderableType:
    """Return a unified diff, coloured."""
    lines = [f"  {line}" for line in text.rstrip("\n").split("\n")]
    styles, at = [], 0
    for line in lines:
        styles.append((DIFF_STYLES.get(line[2:3], ""), at, at + len(line)))
        at += len(line) + 1
    return verbatim("\n".join(lines), styles)
