"""Text from a cluster, or from a person, made harmless for Slack.

Whatever goes into a message goes through one of the functions here, and is cut by it: a cut after escaping could
leave half an entity or an open code span. None of them lets a value ping anybody, link anywhere, format, or start a
line of its own. Limits are in the unit of :func:`bot.slack.limits.length`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.slack.limits import length

ELLIPSIS = "…"
NOTHING = "-"
"""Stands for a text that is empty: Slack refuses empty ones."""
WORD_JOINER = "\u2060"
"""Has no width; parts ``@here`` and ``:emoji:`` so that they are shown, not acted on."""
ISOLATE, END_ISOLATE = "\u2068", "\u2069"

HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that are not shown but act: control, direction and joining marks, surrogates, line separators."""
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})

ENTITY = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
BACKTICK = "\u02cb"
LOOK_ALIKE = {"`": BACKTICK, "*": "\u2217", "~": "\u223c"}
"""mrkdwn has no escape for what formats; these look the same and do nothing."""
UNDERSCORE = "\u02cd"
ANGLES = {"<": "\u2039", ">": "\u203a"}
"""plain_text knows no entities."""
PIECE = re.compile(
    r"""(?P<mark>[&<>`*~])
      | (?P<edge>(?<![^\W_])_|_(?![^\W_]))          # not inside a word: would set in italics
      | (?P<at>@(?=here|channel|everyone|group))
      | (?P<colon>:(?=(?!\d\d?:)[\w+'-]+:))        # :fire:, also in an IPv6 address; 12:15:00 is a time
      | .""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

FENCE, LINE_FEED = "```", "\n"
WEB_ADDRESS = re.compile(r"https://[\w.-]+(?::\d+)?(?:/[\w./?&=%#~:@+,;-]*)?", re.ASCII)


def clean(raw: str) -> str:
    """Return a text with nothing in it that acts without being seen; line feeds and tabs stay."""
    return "".join(_visible(character) for character in raw)


def words(raw: str, limit: int) -> str:
    """Return a text for a sentence in mrkdwn."""
    return _fill([_escaped(piece) for piece in PIECE.finditer(_one_line(raw, limit))], limit)


def code(raw: str, limit: int) -> str:
    """Return a value as a code span."""
    pieces = [ENTITY.get(character, BACKTICK if character == "`" else character) for character in _one_line(raw, limit)]
    return f"`{_fill(pieces, limit - 2)}`"


def plain(raw: str, limit: int) -> str:
    """Return a text for a ``plain_text`` object."""
    return _fill([ANGLES.get(character, character) for character in _one_line(raw, limit)], limit)


def typed(raw: str, limit: int) -> str:
    """Return a text as the content of an input field, whose limit counts UTF-16 units; nothing in it is markup."""
    return clean(raw).encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")


def fits_block(raw: str, limit: int) -> bool:
    """Tell whether a text can stand in a code block unchanged; if not, it is a file's."""
    return FENCE not in raw and clean(raw) == raw and length(block(raw)) <= limit


def block(raw: str) -> str:
    """Return lines as a code block; see :func:`fits_block`."""
    escaped = "".join(ENTITY.get(character, character) for character in clean(raw))
    return f"{FENCE}\n{escaped.replace(FENCE, 3 * BACKTICK).strip(LINE_FEED) or NOTHING}\n{FENCE}"


def link(url: str, label: str, limit: int) -> str:
    """Return a link with our own label, or the label alone where the address is too long or none of the web."""
    linked = f"<{url.replace('&', '&amp;')}|{label}>"
    return linked if WEB_ADDRESS.fullmatch(url) and length(linked) <= limit else label


def _one_line(raw: str, limit: int) -> str:
    """Return as much of a text as can matter for a limit, on one line."""
    return clean(" ".join(raw.split())[: limit + 1])


def _visible(character: str) -> str:
    if unicodedata.category(character) in HARMFUL and character not in "\n\t":
        return "\N{REPLACEMENT CHARACTER}"
    return character


def _escaped(piece: re.Match[str]) -> str:
    match piece.lastgroup:
        case "mark":
            return ENTITY.get(piece[0]) or LOOK_ALIKE[piece[0]]
        case "edge":
            return UNDERSCORE
        case "at" | "colon":
            return piece[0] + WORD_JOINER
        case _:
            return piece[0]


def _fill(pieces: Sequence[str], limit: int) -> str:
    """Return as many whole pieces as there is room for, an ellipsis where some are left out; never nothing.

    Right-to-left text is isolated, so that it cannot change the order of what stands around it.
    """
    if any(unicodedata.bidirectional(piece[0]) in RIGHT_TO_LEFT for piece in pieces):
        return ISOLATE + _taken(pieces, limit - length(ISOLATE + END_ISOLATE)) + END_ISOLATE
    return _taken(pieces, limit) or NOTHING


def _taken(pieces: Sequence[str], limit: int) -> str:
    room, fitting = limit, 0
    for count, piece in enumerate(pieces):
        room -= length(piece)
        if room < 0:
            return "".join(pieces[:fitting]) + ELLIPSIS
        if room >= length(ELLIPSIS):
            fitting = count + 1
    return "".join(pieces)
