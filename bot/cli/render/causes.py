"""One cause: what is wrong with what, how sure that is, by which evidence, what would refute it, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from bot.cli.render.pieces import (
    LABEL,
    bullets,
    grid,
    heading,
    indented,
    labelled,
    shown,
    time_of_day,
    unbroken,
    values,
)
from bot.diagnosis.report import Cause, Diagnosis, Evidence, Proof
from bot.facts.base import Value

EVIDENCE_SHOWN = 6
"""Pieces of evidence shown without ``--explain``: what fits on a screen beside the rest (ours)."""
SEVERITY_STYLES = {"error": "red", "warning": "yellow", "info": "cyan"}


def cause(cause: Cause, *, number: int, diagnosis: Diagnosis, explain: bool) -> Iterator[RenderableType]:
    """Yield everything about one cause."""
    of = f" of {len(diagnosis.causes)}" if len(diagnosis.causes) > 1 else ""
    yield heading(f"Cause {number}{of}", cause.title)
    yield indented(Text(cause.summary, style="bold"))
    yield labelled(
        {
            "Subject": str(cause.subject),
            "Confidence": confidence(cause),
            "Rule": f"{cause.rule} ({cause.category})",
            "Details": table_of(cause.details),
            "Evidence": "" if explain else evidence(cause.evidence),
            "Why": tree(cause.proof) if explain else "",
            "Explains": bullets(cause.explains),
            "Refuted by": cause.refuted_by,
            "Remedy": cause.remedy,
            "Playbook": playbook(cause, diagnosis),
        }
    )
    yield unbroken("Docs", cause.docs)


def confidence(cause: Cause) -> Text:
    """Return how sure and how bad it is."""
    return Text.assemble(cause.confidence, ", severity ", (cause.severity, SEVERITY_STYLES.get(cause.severity, "")))


def playbook(cause: Cause, diagnosis: Diagnosis) -> str:
    """Return the playbook, and whether its plan is below."""
    if not cause.playbook:
        return ""
    made = any(plan.playbook == cause.playbook for plan in diagnosis.plans)
    return f"{cause.playbook}, planned below" if made else cause.playbook


def table_of(fields: Mapping[str, Value]) -> RenderableType | str:
    """Return fields one a line."""
    if not fields:
        return ""
    table = grid()
    for key, value in fields.items():
        table.add_row(Text(key, style=LABEL), Text(shown(value), style="bold"))
    return table


def evidence(pieces: Sequence[Evidence]) -> RenderableType | str:
    """Return the facts with their values, where and when they were read; of many the first few."""
    if not pieces:
        return ""
    lines: list[RenderableType] = []
    for piece in pieces[:EVIDENCE_SHOWN]:
        lines += [read(piece), indented(values(piece.value))]
    if len(pieces) > EVIDENCE_SHOWN:
        lines.append(Text(f"and {len(pieces) - EVIDENCE_SHOWN} more; --explain or -o json shows all", style=LABEL))
    return Group(*lines)


def read(piece: Evidence) -> Text:
    """Return which fact was read where and when."""
    where = ", ".join(part for part in (piece.source, piece.at and f"at {time_of_day(piece.at)}") if part)
    return Text.assemble(piece.fact, (f" from {where}" if where else "", LABEL))


def tree(proof: Proof) -> Tree:
    """Return the chain of rules and facts that led to a finding."""
    root = Tree(node(proof), guide_style=LABEL, highlight=False)
    grow(root, proof)
    return root


def grow(branch: Tree, proof: Proof) -> None:
    """Hang a proof's facts and the findings below it on a branch."""
    for piece in proof.evidence:
        branch.add(Group(read(piece), values(piece.value)))
    for below in proof.because:
        grow(branch.add(node(below)), below)


def node(proof: Proof) -> RenderableType:
    """Return one finding of a chain."""
    return Text.assemble(("rule ", LABEL), (proof.rule, "bold"), (": ", LABEL), proof.summary)
