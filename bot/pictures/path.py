"""The path as a picture: the hops in packet order, top to bottom, the first broken one standing out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from bot.diagnosis.hops import STATUS_WORDS, name_of, objects_of
from bot.diagnosis.report import Diagnosis, Hop, HopStatus
from bot.pictures.canvas import AMBER, BLUSH, FAINT, GREEN, GREY, MARGIN, PAPER, RED, WIDTH, Canvas
from bot.pictures.frame import foot, head
from bot.pictures.picture import Picture
from bot.pictures.words import alt, cut, width, wrapped

COLOURS = {
    HopStatus.OK: GREEN,
    HopStatus.BROKEN: RED,
    HopStatus.SUSPICIOUS: AMBER,
    HopStatus.NOT_CHECKED: GREY,
}
MARKS = {HopStatus.OK: "✓", HopStatus.BROKEN: "✗", HopStatus.SUSPICIOUS: "!", HopStatus.NOT_CHECKED: "?"}
RAIL = MARGIN + 20
"""Where the line runs that packets follow."""
TEXT = RAIL + 24
RIGHT = WIDTH - MARGIN - 6
DISC = 11
PADDING = 9
MOST_OBJECTS = 3


@dataclass(frozen=True, kw_only=True)
class Row:
    """One hop, laid out."""

    hop: Hop
    objects: list[str]
    detail: list[str]

    @property
    def height(self) -> float:
        """How much of the paper it takes."""
        return 2 * PADDING + 20 + 16.2 * len(self.objects) + 15.5 * len(self.detail)

    @property
    def state(self) -> str:
        """What is known of it, in words: a colour alone says nothing to many people."""
        return "first broken hop" if self.hop.first_broken else STATUS_WORDS[self.hop.status]


def path_picture(diagnosis: Diagnosis) -> Picture:
    """Return the path of a diagnosis."""
    canvas = Canvas()
    top = head(canvas, diagnosis.headline, said=diagnosis.symptom.text)
    rows = [row_of(hop, headline=diagnosis.headline) for hop in diagnosis.path]
    tops = [top + sum(row.height for row in rows[:number]) for number in range(len(rows) + 1)]
    broken = next((number for number, row in enumerate(rows) if row.hop.first_broken), len(rows))
    for number, (above, below) in enumerate(pairwise(tops[:-1])):
        # Beyond the first broken hop packets may not get.
        canvas.line(RAIL, centre(above), RAIL, centre(below), width=3, dashed=number >= broken)
    for row, y in zip(rows, tops, strict=False):
        draw(canvas, row, y)
    return Picture(svg=canvas.svg(foot(canvas, tops[-1], diagnosis), title="Path"), alt_text=in_words(diagnosis))


def row_of(hop: Hop, *, headline: str) -> Row:
    """Return a hop laid out; what the headline says is not said again."""
    room = RIGHT - TEXT
    named = objects_of(hop)[:MOST_OBJECTS]
    detail = "" if headline.startswith(hop.detail) else hop.detail
    return Row(
        hop=hop,
        objects=[line for each in named for line in wrapped(each, room, 12, most=2)],
        detail=wrapped(detail, room, 11.5, most=3),
    )


def centre(top: float) -> float:
    """Return where the mark of a hop is."""
    return top + PADDING + DISC


def draw(canvas: Canvas, row: Row, top: float) -> None:
    """Draw one hop."""
    colour, middle = COLOURS[row.hop.status], centre(top)
    if row.hop.first_broken:
        canvas.box(MARGIN, top + 1, canvas.room, row.height - 3, fill=BLUSH, stroke=RED, corner=8)
    canvas.disc(RAIL, middle, DISC, fill=colour)
    canvas.text(RAIL, middle + 5, MARKS[row.hop.status], size=14, ink=PAPER, bold=True, at="middle")
    room = RIGHT - TEXT - width(row.state, 12, bold=True) - 8
    canvas.text(TEXT, middle + 5, cut(name_of(row.hop), room, 14, bold=True), size=14, bold=True)
    canvas.text(RIGHT, middle + 5, row.state, size=12, ink=colour, bold=True, at="end")
    below = canvas.lines(TEXT, top + PADDING + 20, row.objects, size=12)
    canvas.lines(TEXT, below, row.detail, size=11.5, ink=FAINT)


def in_words(diagnosis: Diagnosis) -> str:
    """Return the picture for those who cannot see it."""
    hops = [
        f"{number}. {name_of(hop)} {hop.subject}: "
        f"{'first broken hop' if hop.first_broken else STATUS_WORDS[hop.status]}."
        for number, hop in enumerate(diagnosis.path, start=1)
    ]
    return alt(f"Path of “{diagnosis.symptom.text}”. {diagnosis.headline}", *hops)
