"""Text in a picture: how wide it is, where it may break, what of it may be drawn at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from itertools import takewhile

ALT_LIMIT = 1000
"""Characters; Slack takes 2,000 in an image block and 1,000 with a file."""
LONGEST = 600
"""Characters that are looked at; no place in a picture has room for more."""
WIDE = 1.25
"""Of the size: the widest letters of other scripts in the font."""
_PLAIN = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
)  # fmt: skip
"""Advance widths of U+0020 to U+007E in DejaVu Sans, in thousandths of the size."""
BOLDER = 1.15
"""How much wider the bold letters are, the narrow ones left aside."""
_BREAK_AFTER = re.compile(r"(?<=[\s/,:;._=@-])")


def harmless(text: str) -> str:
    """Return text in which nothing acts: what XML forbids, controls and signs that turn directions become blanks."""
    return "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide text is at most, in units of the drawing."""
    thousandths = sum(_PLAIN[ord(c) - 32] if " " <= c <= "~" else 1000 * WIDE * (not combines(c)) for c in text)
    return thousandths / 1000 * size * (BOLDER if bold else 1)


def combines(character: str) -> bool:
    """Tell whether a character is drawn over the one before it."""
    return unicodedata.category(character) in ("Mn", "Me")


def cut(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Return text that is not wider than the room; what is missing of it is missing in the middle.

    Names differ at their ends: ``web-7f79b94d55-x2x8k``.
    """
    text = harmless(text if len(text) <= LONGEST else text[: LONGEST // 2] + text[-LONGEST // 2 :])
    if width(text, size, bold=bold) <= room:
        return text
    for kept in range(len(text) - 1, 1, -1):
        shorter = f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"
        if width(shorter, size, bold=bold) <= room:
            return shorter
    return "…"


def without_domain(names: Collection[str]) -> dict[str, str]:
    """Return names with what stands for them among each other: without the domain that all those with one share."""
    domains = [name.split(".")[:0:-1] for name in names if "." in name]
    shared = sum(1 for _ in takewhile(lambda labels: len(set(labels)) == 1, zip(*domains, strict=False)))
    kept = shared if len(domains) > 1 else 0
    return {name: ".".join(name.split(".")[:-kept]) if kept and "." in name else name for name in names}


def wrapped(text: str, room: float, size: float, *, most: int = 3, bold: bool = False) -> list[str]:
    """Return text in lines that fit the room; what is more than ``most`` lines ends in an ellipsis."""
    lines, line = [], ""
    for piece in _pieces(" ".join(harmless(text[:LONGEST]).split()), room, size, bold=bold):
        if line and width((line + piece).rstrip(), size, bold=bold) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    lines += [line.rstrip()] if line.strip() else []
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], _ended(lines[most - 1], room, size, bold=bold)]


def _pieces(text: str, room: float, size: float, *, bold: bool) -> list[str]:
    """Return the pieces between which a line may end; one that is wider than the room is broken anywhere."""
    found: list[str] = []
    for piece in _BREAK_AFTER.split(text):
        rest = piece
        while width(rest, size, bold=bold) > room:
            fits = next(n for n in range(len(rest), 0, -1) if n == 1 or width(rest[:n], size, bold=bold) <= room)
            found.append(rest[:fits])
            rest = rest[fits:]
        found.append(rest)
    return found


def _ended(line: str, room: float, size: float, *, bold: bool) -> str:
    while width(f"{line}…", size, bold=bold) > room:
        line = line[:-1]
    return f"{line.rstrip()}…"


def alt(*sentences: str) -> str:
    """Return the text of a picture for those who cannot see it."""
    text = " ".join(harmless(sentence).strip() for sentence in sentences if sentence)
    return text if len(text) <= ALT_LIMIT else f"{text[: ALT_LIMIT - 1].rstrip()}…"
