"""What keeps the bot from running."""

from __future__ import annotations


class CannotServe(Exception):
    """The bot cannot start; the text says what to look at."""
