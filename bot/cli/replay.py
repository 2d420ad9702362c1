"""``netmedic replay``: see :mod:`bot.cli.history`."""

from __future__ import annotations

from bot.cli.history import replay

__all__ = ["replay"]
