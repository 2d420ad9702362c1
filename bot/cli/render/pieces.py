"""Small pieces that all sections share: marks, headings, tables of labels, times, values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Span, Text

from bot.diagnosis.report import HopStatus
from bot.facts.base import Value

MARKS = {HopStatus.OK: "✓", HopStatus.BROKEN: "✗", HopStatus.SUSPICIOUS: "!", HopStatus.NOT_CHECKED: "?"}
STYLES = {
    HopStatus.OK: "green",
    HopStatus.BROKEN: "bold red",
    HopStatus.SUSPICIOUS: "yellow",
    HopStatus.NOT_CHECKED: "cyan",
}
LABEL = "dim"
LABEL_COLUMNS = 10
"""Width of the column of labels: that of the longest, ``Confidence``."""


def mark(status: HopStatus) -> Text:
    """Return the sign of a status."""
    return Text(MARKS[status], style=STYLES[status])


def heading(title: str, rest: str = "") -> RenderableType:
    """Return the first line of a section, with the blank line above it."""
    table = grid()
    table.add_row(Text(title, style="bold"), Text(rest))
    return Group(Text(""), table)


def indented(what: RenderableType, columns: int = 2) -> RenderableType:
    """Return something moved to the right."""
    return Padding(what, (0, 0, 0, columns))


def grid(*, label_columns: int = 0, gap: int = 2) -> Table:
    """Return an empty table without lines: a column that keeps its width, and one that wraps."""
    table = Table.grid(padding=(0, gap, 0, 0), pad_edge=False)
    table.add_column(min_width=label_columns or None, overflow="fold")
    table.add_column(overflow="fold")
    return table


def labelled(rows: Mapping[str, RenderableType | str]) -> RenderableType:
    """Return labels with what they stand for; rows without content are left out."""
    table = grid(label_columns=LABEL_COLUMNS)
    for label, content in rows.items():
        if content:
            table.add_row(Text(label, style=LABEL), Text(content) if isinstance(content, str) else content)
    return indented(table)


def unbroken(label: str, content: str) -> RenderableType:
    """Return a label with a link or a hash, on one line however long: it is to be copied."""
    return verbatim(f"  {label:<{LABEL_COLUMNS}}  {content}", [(LABEL, 2, 2 + len(label))])


def verbatim(text: str, styles: Iterable[tuple[str, int, int]] = ()) -> RenderableType:
    """Return text whose lines stay as long as they are."""
    spans = [Span(start, end, style) for style, start, end in styles]
    return Group(Text(text, no_wrap=True, overflow="ignore", spans=spans))


def one_line(text: Text) -> RenderableType:
    """Return text that is cut where the line ends."""
    table = Table.grid(expand=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_row(text)
    return table


def bullets(lines: Sequence[str]) -> RenderableType | str:
    """Return sentences, one a line; a mark before each where there are several."""
    if len(lines) < 2:  # noqa: PLR2004 - several
        return "".join(lines)
    table = grid(gap=1)
    for line in lines:
        table.add_row("-", Text(line))
    return table


def signed(status: HopStatus, what: RenderableType) -> RenderableType:
    """Return something behind the sign of its status; its lines start under each other."""
    table = grid(gap=1)
    table.add_row(mark(status), what)
    return table


def shown(value: Value) -> str:
    """Return a value as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value != "" else '""'


def short(text: str, most: int = 240) -> str:
    """Return text that is not longer than three lines or so; ``-o json`` has all of it."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def values(fields: Mapping[str, Value], *, key_style: str = LABEL) -> Text:
    """Return fields on one line: ``port=80 declared=no``."""
    text = Text()
    for key, value in fields.items():
        text.append(" " if text else "").append(f"{key}=", style=key_style).append(
            f'"{value}"' if " " in str(value) else shown(value)
        )
    return text


def moment(iso: str) -> str:
    """Return a time as ``2026-03-02 09:15:04 UTC``; what is no time stays as it is."""
    try:
        time = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def time_of_day(iso: str) -> str:
    """Return a time as ``09:15:04.512``; what is no time stays as it is."""
    try:
        time = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return time.strftime("%H:%M:%S.%f")[:-3]


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 probe``, ``3 probes``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
