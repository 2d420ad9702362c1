"""The path hop by hop, in packet order."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.render.pieces import LABEL, STYLES, heading, indented, mark
from bot.diagnosis.hops import STATUS_WORDS, name_of, objects_of
from bot.diagnosis.report import Diagnosis, Hop, HopStatus

NAME_COLUMNS = 14
SUBJECT_COLUMNS = 34
"""Room for the objects of a hop; longer names wrap, so that what is known of the hop has room beside them (ours)."""


def path(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """Yield the hops from client to target, each with its sign, and the first broken one pointed at."""
    if not diagnosis.path:
        return
    names = [name_of(hop) for hop in diagnosis.path]
    objects = [line for hop in diagnosis.path for line in objects_of(hop)]
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False, expand=True)
    table.add_column(overflow="fold", width=2 + min(NAME_COLUMNS, max(map(cell_len, names))))
    table.add_column(overflow="fold", width=min(SUBJECT_COLUMNS, max(map(cell_len, objects))))
    table.add_column(overflow="fold", ratio=1)
    for hop, name in zip(diagnosis.path, names, strict=True):
        table.add_row(
            Text.assemble(mark(hop.status), " ", (name, "bold" if hop.first_broken else "")),
            Text("\n".join(objects_of(hop))),
            state(hop, diagnosis),
        )
    yield heading("Path")
    yield indented(table)


def state(hop: Hop, diagnosis: Diagnosis) -> Text:
    """Return what is known of a hop; a cause that is told below is referred to, not repeated."""
    text = Text("first broken hop" if hop.first_broken else STATUS_WORDS[hop.status], style=STYLES[hop.status])
    told = {cause.summary: f"cause {number}" for number, cause in enumerate(diagnosis.causes, start=1)}
    told |= {finding.summary: "see “Also seen”" for finding in diagnosis.also_seen}
    detail = told.get(hop.detail, hop.detail)
    return Text.assemble(text, (f": {detail}" if detail else "", LABEL if hop.status is HopStatus.OK else ""))
