"""``netmedic undo``: see :mod:`bot.cli.plan`."""

from __future__ import annotations

from bot.cli.plan import undo

__all__ = ["undo"]
