"""Commands for a person to run: what fills a hole is one word to a shell, wherever in the command it stands."""

from __future__ import annotations

import re
import shlex

from bot.diagnosis.report import Cause
from bot.remediation.holes import HOLE, fill
from bot.remediation.values import WrongValue, shown

HARMLESS = re.compile(r"[A-Za-z0-9@%+:,./-]*")
"""Means itself to a shell, quoted or not; an equals sign is left out, which sets a variable."""
QUOTES = "'\""


def command(template: str, cause: Cause) -> str:
    """Return a command with its holes filled.

    Raises:
        NothingToFill: The cause has no value for one.
        WrongValue: A value stands between quotes, where it cannot be quoted, and is not harmless.
    """
    told, at, quote = "", 0, ""
    for hole in HOLE.finditer(template):
        before = template[at : hole.start()]
        quote = _quote_after(before, quote)
        value = fill(hole[0], cause)
        if quote and not HARMLESS.fullmatch(value):
            raise WrongValue(f"{shown(value)} cannot stand in a command")
        told += before + (value if quote else shlex.quote(value))
        at = hole.end()
    return told + template[at:]


def _quote_after(text: str, quote: str) -> str:
    """Return the quotation mark that is open after a text; empty for none."""
    for character in text:
        if character == quote:
            quote = ""
        elif not quote and character in QUOTES:
            quote = character
    return quote
