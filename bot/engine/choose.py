"""Which engine runs the rules here."""

from __future__ import annotations

from bot.engine.matching import Engine
from bot.engine.plain import PlainEngine


def choose_engine() -> Engine:
    """Return the best engine this Python can run."""
    return PlainEngine()
