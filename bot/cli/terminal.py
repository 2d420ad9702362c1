"""Drawing on a terminal, or as plain text into a pipe."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.cli.output import write
from bot.cli.text import clean

PIPE_COLUMNS = 80
FEWEST_COLUMNS = 40
"""Narrower, nothing fits beside anything; the terminal wraps then (ours)."""
MOST_COLUMNS = 120
"""Longer lines are tiring to read (ours)."""


class Tick(Protocol):
    """Shows how far the work is."""

    def __call__(self, doing: str, *, done: int = 0, total: int = 0) -> None:
        """Show what is being done; ``total`` 0: nobody knows how much there is."""
        ...


def draw(parts: Iterable[RenderableType], stream: TextIO | None = None) -> None:
    """Draw parts below each other; without a stream, on stdout."""
    to = stream or sys.stdout
    write(drawn(parts, columns=columns(to), terminal=to.isatty()), to)


def drawn(parts: Iterable[RenderableType], *, columns: int, terminal: bool) -> str:
    """Return parts as text: with colours for a terminal that has them, unless ``NO_COLOR`` is set."""
    page = io.StringIO()
    console = Console(
        file=page,
        width=columns,
        # None: rich looks at FORCE_COLOR.
        force_terminal=True if terminal else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(Group(*parts), crop=False)
    text = page.getvalue()
    return text if console.is_terminal else "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def columns(stream: TextIO) -> int:
    """Return how wide to draw: what ``COLUMNS`` says, else the terminal's width within reason, else 80."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal():
        return max(FEWEST_COLUMNS, int(told))
    if not stream.isatty():
        return PIPE_COLUMNS
    return max(FEWEST_COLUMNS, min(MOST_COLUMNS, shutil.get_terminal_size().columns))


@contextmanager
def progress(console: Console | None = None) -> Iterator[Tick]:
    """Show on stderr how far the work is, while it is done and only on a terminal; nothing stays behind."""
    console = console or Console(stderr=True, highlight=False, markup=False)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or console.is_dumb_terminal,
    ) as shown:
        task = shown.add_task("Connecting", total=None)

        def tick(doing: str, *, done: int = 0, total: int = 0) -> None:
            shown.update(task, description=clean(doing), completed=done, total=total or None)

        yield tick
