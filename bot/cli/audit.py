"""``netmedic audit``: see :mod:`bot.cli.history`."""

from __future__ import annotations

from bot.cli.history import audit

__all__ = ["audit"]
