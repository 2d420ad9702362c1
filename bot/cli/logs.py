"""The log on stderr: warnings, or with ``NETMEDIC_DEBUG=1`` all that netmedic itself says."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable

from bot.cli.text import clean_lines
from bot.logs import JsonLines, Lines, masking

DEBUG = "NETMEDIC_DEBUG"


def debugging() -> bool:
    """Tell whether a person wants to look inside."""
    return os.environ.get(DEBUG) == "1"


def set_up(level: int = logging.WARNING, *, as_json: bool = False, secrets: Iterable[str] = ()) -> None:
    """Send the log of netmedic to stderr from this level on, and of all else the warnings; secrets are masked.

    Lines for people cannot act on a terminal, and nor can JSON.
    """
    masked = masking(secrets)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(masked) if as_json else Lines(lambda text: clean_lines(masked(text))))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("bot").setLevel(logging.DEBUG if debugging() else level)
