"""Round trips and loss between Nodes as a heat map: a Node in trouble shows as a cross of dark cells."""

from __future__ import annotations

import heapq
import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.diagnosis.measurements import Way
from bot.diagnosis.report import Diagnosis
from bot.pictures.canvas import FAINT, INK, MARGIN, PANEL, PAPER, WIDTH, Canvas
from bot.pictures.frame import foot, head
from bot.pictures.picture import Picture
from bot.pictures.words import alt, cut, width, without_domain

MOST_NODES = 60
"""More cells than this cannot be told apart on a phone: zones are shown instead."""
MOST_NAMED = 16
"""Rows with room for a name; where there are more, they have numbers."""
WORST = 6
"""Pairs named below the map."""
NO_ZONE = "no zone"
LATE_US = ((0, "#d7e6f7"), (500, "#a9c8ec"), (2_000, "#6aa0d8"), (10_000, "#2f6fb5"), (50_000, "#12407f"))
"""Round trips from so many microseconds on. 0.5 ms: within a data centre; 2 ms: within a region; 50 ms: far away."""
LOST_PERMILLE = ((1, "#f6b8ae"), (100, "#e36a5c"), (300, "#b3211b"))
SILENT = "#2b2b2e"
LEGEND = (
    *zip(("< 0.5 ms", "0.5", "2", "10", "≥ 50 ms"), (colour for _, colour in LATE_US), strict=True),
    *zip(("loss < 10 %", "10", "≥ 30 %"), (colour for _, colour in LOST_PERMILLE), strict=True),
    ("silent", SILENT),
)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is known from one place to another: one way, or all between two zones."""

    ways: tuple[Way, ...]

    @property
    def lost_permille(self) -> int:
        """Of all that was tried."""
        return sum(way.lost for way in self.ways) * 1000 // max(sum(way.tried for way in self.ways), 1)

    @property
    def median_us(self) -> int:
        """Of the ways that were answered; 0 if none was."""
        answered = [way.median_us for way in self.ways if way.median_us]
        return round(statistics.median(answered)) if answered else 0

    @property
    def silent(self) -> bool:
        """Nothing came back at all."""
        return not self.median_us and self.lost_permille > 0

    @property
    def colour(self) -> str:
        """Loss counts more than lateness."""
        if self.silent:
            return SILENT
        scale, value = (LOST_PERMILLE, self.lost_permille) if self.lost_permille else (LATE_US, self.median_us)
        return next(colour for start, colour in reversed(scale) if value >= start)

    def __str__(self) -> str:
        lost = f"{self.lost_permille / 10:g} % lost"
        if self.silent:
            return "no answer"
        return f"{self.median_us / 1000:.1f} ms" + (f", {lost}" if self.lost_permille else "")


Cells = Mapping[tuple[str, str], Cell]


def ways_picture(diagnosis: Diagnosis, *, layer: str = "") -> Picture:
    """Return the heat map of the ``underlay`` or the ``overlay``; by default of the overlay, if it was measured."""
    layer = layer or ("overlay" if any(way.layer == "overlay" for way in diagnosis.ways) else "underlay")
    ways = [way for way in diagnosis.ways if way.layer == layer]
    by_zone = len({end for way in ways for end in (way.node, way.peer)}) > MOST_NODES
    cells = grouped(ways, by_zone=by_zone)
    worst = heapq.nsmallest(WORST, ways, key=trouble_first)
    places = sorted({end for pair in cells for end in pair})
    of = "zones" if by_zone else "Nodes"
    title = f"Round trips and loss between {of}, {layer}"
    canvas = Canvas()
    y = head(canvas, title, said=f"{len(ways)} ways measured, from the row to the column." if ways else "")
    if not ways:
        y = canvas.lines(MARGIN, y, ["No ways were measured: no node helpers, or one Node only."], size=12)
    else:
        y = legend(canvas, draw_map(canvas, cells, places, y))
        y = named_below(canvas, worst, y, names=without_domain({way.node for way in ways}))
    alt_text = in_words(f"{title}: {len(ways)} ways measured.", worst)
    return Picture(svg=canvas.svg(foot(canvas, y, diagnosis), title=title), alt_text=alt_text)


def grouped(ways: Sequence[Way], *, by_zone: bool) -> Cells:
    """Return the ways by their ends, or by the zones of these."""
    found: dict[tuple[str, str], list[Way]] = defaultdict(list)
    for way in ways:
        ends = (way.zone or NO_ZONE, way.peer_zone or NO_ZONE) if by_zone else (way.node, way.peer)
        found[ends].append(way)
    return {ends: Cell(ways=tuple(between)) for ends, between in found.items()}


def draw_map(canvas: Canvas, cells: Cells, places: Sequence[str], top: float) -> float:
    """Draw the cells, and the names or numbers of their rows; return where they end."""
    named = len(places) <= MOST_NAMED
    left = MARGIN + (118 if named else 26)
    side = min((WIDTH - MARGIN - left) / len(places), 34)
    gap = 1.5 if named else 0.4
    top += 14
    names = without_domain(places)
    for number, place in enumerate(places):
        every = 1 if named else 5
        y, x = top + side * number, left + side * number
        if number % every == 0:
            label = f"{number + 1}"
            canvas.text(x + side / 2, top - 4, label, size=9, ink=FAINT, at="middle")
            row = cut(f"{label} {names[place]}" if named else label, left - MARGIN - 6, 10.5)
            canvas.text(left - 6, y + side / 2 + 4, row, size=10.5, at="end")
        canvas.box(x, y, side - gap, side - gap, fill=PANEL)
    numbers = {place: number for number, place in enumerate(places)}
    for (node, peer), cell in cells.items():
        x, y = left + side * numbers[peer], top + side * numbers[node]
        canvas.box(x, y, side - gap, side - gap, fill=cell.colour)
        if side >= 26:  # noqa: PLR2004 - room for a number
            ink = INK if cell.colour in (LATE_US[0][1], LATE_US[1][1], LOST_PERMILLE[0][1]) else PAPER
            canvas.text(x + (side - gap) / 2, y + side / 2 + 3, briefly(cell), size=8.5, ink=ink, at="middle")
    return top + side * len(places) + 8


def briefly(cell: Cell) -> str:
    """Return what a cell shows, in four characters: ``0.4``, ``12``, ``15%``, ``✗``."""
    if cell.silent:
        return "✗"
    if cell.lost_permille:
        return f"{math.ceil(cell.lost_permille / 10)}%"
    ms = cell.median_us / 1000
    return f"{ms:.1f}" if ms < 10 else f"{ms:.0f}"  # noqa: PLR2004 - one digit more would not fit


def legend(canvas: Canvas, y: float) -> float:
    """Say what the colours mean."""
    x = float(MARGIN)
    for text, colour in LEGEND:
        if x > MARGIN and text == "loss < 10 %":
            x, y = float(MARGIN), y + 16
        canvas.box(x, y, 11, 11, fill=colour, corner=2)
        canvas.text(x + 15, y + 9.5, text, size=10, ink=FAINT)
        x += 15 + 7 * len(text) + 9
    return y + 22


def trouble_first(way: Way) -> tuple[bool, float, int, str, str]:
    """Return the sort key of a way: silent, lossy, late, then by name."""
    return bool(way.median_us or not way.lost), -way.lost / max(way.tried, 1), -way.median_us, way.node, way.peer


def named_below(canvas: Canvas, worst: Sequence[Way], y: float, *, names: Mapping[str, str]) -> float:
    """Name the worst pairs."""
    y = canvas.lines(MARGIN, y, ["Worst pairs"], size=12, bold=True)
    for way in worst:
        told = str(Cell(ways=(way,)))
        canvas.text(WIDTH - MARGIN, y + 13, told, size=11, at="end")
        room = canvas.room - width(told, 11) - 36
        ends = (cut(names.get(end, end), room / 2, 11) for end in (way.node, way.peer))
        canvas.text(MARGIN, y + 13, " → ".join(ends), size=11)
        y += 16
    return y + 2


def in_words(title: str, worst: Sequence[Way]) -> str:
    """Return the picture for those who cannot see it."""
    named = [f"{way.node} to {way.peer}: {Cell(ways=(way,))}." for way in worst]
    return alt(title, "Worst pairs:" if named else "", *named)
