"""What is said until there is an answer."""

from __future__ import annotations

from bot.slack.escape import words
from bot.slack.messages.pieces import NAME, WHITE


def starting() -> str:
    """Return the first line of progress."""
    return "⏳ Looking at the cluster …"


def waiting() -> str:
    """Return the progress of a diagnosis that has not begun."""
    return "⏳ Other diagnoses are running; yours is next in line …"


def progress(*, doing: str, done: int, total: int) -> str:
    """Return how far a diagnosis is."""
    return f"⏳ {words(doing, NAME)} …" + (f" ({done} of {total} done)" if total else "")


def stopped() -> str:
    """Return what becomes of a diagnosis when the bot is shut down."""
    return f"{WHITE} I was stopped before I was done. Please ask again in a minute."


def unfinished() -> str:
    """Return what becomes of a message when something breaks before it is an answer."""
    return f"{WHITE} I could not finish this."
