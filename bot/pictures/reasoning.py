"""How a cause is known, as a picture: its rule, its facts, and the findings it rests on, down to facts alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.diagnosis.report import Cause, Diagnosis, Evidence, Proof
from bot.facts.base import Value
from bot.pictures.canvas import BLUE, BLUSH, FAINT, INK, LINE, MARGIN, PANEL, PAPER, RED, WIDTH, Canvas
from bot.pictures.frame import foot, head
from bot.pictures.picture import Picture
from bot.pictures.words import alt, cut, wrapped

STEP = 18
"""How far a finding stands to the right of the one that rests on it."""
DEEPEST = 6
"""Steps to the right; chains are three deep (ours)."""
MOST_FACTS = 4
"""Of one finding; the text has all."""
MOST_PIECES = 40
GAP = 7


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One box of the chain."""

    depth: int
    title: str
    lines: list[str]
    fact: bool = False

    @property
    def height(self) -> float:
        """How much of the paper it takes, the gap below it included."""
        return 16 + (0 if self.fact else 6) + 14.9 * len(self.lines) + 8 + GAP


def reasoning_picture(diagnosis: Diagnosis, cause: Cause) -> Picture:
    """Return the rule chain of one finding of a diagnosis."""
    canvas = Canvas()
    top = head(canvas, "How this is known", said="Rules rest on facts, and on what other rules found.")
    pieces = list(pieces_of(cause.proof, depth=0, seen=set()))
    shown, more = pieces[:MOST_PIECES], len(pieces) - MOST_PIECES
    tops = [top + sum(piece.height for piece in shown[:number]) for number in range(len(shown) + 1)]
    for number, piece in enumerate(shown):
        connect(canvas, shown, tops, number)
        draw(canvas, piece, tops[number], main=number == 0)
    end = tops[-1]
    if more > 0:
        end = canvas.lines(MARGIN, end, [f"and {more} more: see the text"], size=11, ink=FAINT)
    return Picture(svg=canvas.svg(foot(canvas, end, diagnosis), title="Reasoning"), alt_text=in_words(cause))


def pieces_of(proof: Proof, *, depth: int, seen: set[str]) -> Iterator[Piece]:
    """Yield a finding, its facts, and what it rests on; what is there already is named, not drawn again."""
    depth = min(depth, DEEPEST)
    again = proof.summary in seen
    seen.add(proof.summary)
    said = "see above" if again else proof.summary
    yield Piece(depth=depth, title=proof.rule, lines=wrapped(said, room_at(depth), 11.5, most=4))
    if again:
        return
    for item in proof.evidence[:MOST_FACTS]:
        about = wrapped(values_in_words(item.value), room_at(depth + 1), 11, most=3)
        yield Piece(
            depth=depth + 1, title=item.fact, lines=[*about, cut(source_of(item), room_at(depth + 1), 11)], fact=True
        )
    if len(proof.evidence) > MOST_FACTS:
        left = f"and {len(proof.evidence) - MOST_FACTS} more facts"
        yield Piece(depth=depth + 1, title=left, lines=[], fact=True)
    for below in proof.because:
        yield from pieces_of(below, depth=depth + 1, seen=seen)


def room_at(depth: int) -> float:
    """Return the width of the text in a box."""
    return WIDTH - 2 * MARGIN - STEP * depth - 20


def values_in_words(value: Mapping[str, Value]) -> str:
    """Return the fields of a fact; what is empty, zero or not so says little and is left out."""
    told = {key: item for key, item in value.items() if item} or value
    return ", ".join(f"{key} {'yes' if item is True else item}" for key, item in told.items())


def source_of(item: Evidence) -> str:
    """Return where a fact was read."""
    return f"from {item.source}" if item.source else "source not recorded"


def connect(canvas: Canvas, pieces: list[Piece], tops: list[float], number: int) -> None:
    """Draw the line to a piece from the finding that rests on it."""
    depth = pieces[number].depth
    above = next((n for n in range(number - 1, -1, -1) if pieces[n].depth < depth and not pieces[n].fact), None)
    if above is None:
        return
    x = MARGIN + STEP * pieces[above].depth + 8
    middle = tops[number] + 13
    canvas.line(x, tops[above] + pieces[above].height - GAP, x, middle, stroke=LINE, width=1.5)
    canvas.line(x, middle, MARGIN + STEP * depth, middle, stroke=LINE, width=1.5)


def draw(canvas: Canvas, piece: Piece, top: float, *, main: bool) -> None:
    """Draw one box: a finding with a border, a fact on grey."""
    left = MARGIN + STEP * piece.depth
    fill, stroke = (BLUSH, RED) if main else (PANEL, "none") if piece.fact else (PAPER, BLUE)
    canvas.box(left, top, WIDTH - MARGIN - left, piece.height - GAP, fill=fill, stroke=stroke, corner=6)
    size, ink = (11, FAINT) if piece.fact else (12.5, RED if main else BLUE)
    title = [cut(piece.title, room_at(piece.depth), size, bold=True)]
    y = canvas.lines(left + 10, top + 3, title, size=size, ink=ink, bold=True)
    canvas.lines(left + 10, y + 1, piece.lines, size=11 if piece.fact else 11.5, ink=INK)


def in_words(cause: Cause) -> str:
    """Return the picture for those who cannot see it."""

    def told(proof: Proof) -> Iterator[str]:
        facts = ", ".join(dict.fromkeys(item.fact for item in proof.evidence))
        yield f"{proof.rule}: {proof.summary}" + (f" Facts: {facts}." if facts else "")
        for below in proof.because:
            yield from told(below)

    return alt("How this is known.", *told(cause.proof))
