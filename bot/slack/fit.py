"""Making a list fit: what comes first is kept, and what is left out is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, takewhile

from bot.slack.kit import Block
from bot.slack.limits import length, size

COMMA = len(", ")


def lines_that_fit(lines: Sequence[str], limit: int, more: Callable[[int], str]) -> str:
    """Return lines as one text; those without room become one line that counts them."""
    ends = list(accumulate(length(line + "\n") for line in lines))
    if not lines or ends[-1] - length("\n") <= limit:
        return "\n".join(lines)
    shown = sum(1 for _ in takewhile(lambda end: end <= limit - length(more(len(lines))), ends))
    return "\n".join([*lines[:shown], more(len(lines) - shown)])


def paragraphs(lines: Iterable[str], limit: int) -> Iterator[str]:
    """Yield lines joined to as few texts as the limit of each allows."""
    text = ""
    for line in lines:
        joined = f"{text}\n{line}" if text else line
        if text and length(joined) > limit:
            yield text
            joined = line
        text = joined
    if text:
        yield text


def groups_that_fit(
    groups: Iterable[Sequence[Block]], *, beside: Sequence[Block], blocks: int, total: int
) -> Iterator[Sequence[Block]]:
    """Yield groups of blocks as long as there is room for them beside others; no further group is made then."""
    room, places = total - size(list(beside)), blocks - len(beside)
    for group in groups:
        room -= sum(size(block) + COMMA for block in group)
        places -= len(group)
        if room < 0 or places < 0:
            return
        yield group
