"""A diagnosis as text: pure functions from the value to what `rich` can draw. It reads without colours as well."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from bot.cli.render import causes, lists, path, plans, summary
from bot.cli.text import cleaned
from bot.diagnosis.report import Diagnosis

__all__ = ["report"]

FULL_CAUSES = 5
"""Causes told in full; the rest in three lines each, so that a broken cluster still fits into a head (ours)."""


def report(diagnosis: Diagnosis, *, explain: bool = False) -> Iterator[RenderableType]:
    """Yield the parts of the report from the verdict to the small print; ``explain`` adds the proofs."""
    diagnosis = cleaned(diagnosis)
    yield from summary.verdict(diagnosis)
    yield from path.path(diagnosis)
    for number, cause in enumerate(diagnosis.causes, start=1):
        if number <= FULL_CAUSES or explain:
            yield from causes.cause(cause, number=number, diagnosis=diagnosis, explain=explain)
    if not explain:
        rest = diagnosis.causes[FULL_CAUSES:]
        yield from lists.briefly("More causes", "--explain or -o json shows all of them", rest, explain=False)
    yield from lists.briefly("Also seen", "not blamed for this symptom", diagnosis.also_seen, explain=explain)
    yield from lists.ruled_out(diagnosis.ruled_out)
    yield from lists.not_checked(diagnosis.not_checked)
    for number, plan in enumerate(diagnosis.plans, start=1):
        yield from plans.plan(plan, number=number, of=len(diagnosis.plans))
    yield from summary.footer(diagnosis)
