"""The log on stderr: warnings, or with ``NETMEDIC_DEBUG=1`` all that netmedic itself says."""

from __future__ import annotations

import logging
import os

from bot.cli.text import clean_lines

DEBUG = "NETMEDIC_DEBUG"


class Harmless(logging.Formatter):
    """A formatter whose lines cannot act on a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one record as text."""
        return clean_lines(super().format(record))


def debugging() -> bool:
    """Tell whether a person wants to look inside."""
    return os.environ.get(DEBUG) == "1"


def set_up(level: int = logging.WARNING) -> None:
    """Send the log of netmedic to stderr from this level on, and of all else the warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(Harmless("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("bot").setLevel(logging.DEBUG if debugging() else level)
