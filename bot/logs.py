"""Lines of the log: the incident each is about, JSON for machines, and no secret in any."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime

MASKED = "**********"
SHORTEST_SECRET = 6
"""Shorter ones would mask half of every word; who has such a password has none."""
SLACK_TOKEN = re.compile(r"\bx(?:ox[a-z]|app)-[\w-]{4,}")

_incident: ContextVar[str] = ContextVar("incident", default="")


def about(incident: str) -> None:
    """Let the lines of this task, and of all it starts from now on, carry the id of an incident."""
    _incident.set(incident)


def current() -> str:
    """Return the id of the incident that lines of this task carry; empty where there is none."""
    return _incident.get()


def masking(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return what replaces secrets in a text, and whatever looks like a token of Slack."""
    # The longest first: one may be a part of another.
    known = sorted({each for each in secrets if len(each) >= SHORTEST_SECRET}, key=len, reverse=True)
    pattern = re.compile("|".join([*map(re.escape, known), SLACK_TOKEN.pattern]))
    return lambda text: pattern.sub(MASKED, text)


class Lines(logging.Formatter):
    """Lines for people. ``cleaned`` is applied to each, the trace of an error included."""

    def __init__(self, cleaned: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._cleaned = cleaned

    def format(self, record: logging.LogRecord) -> str:
        """Return one record as text."""
        return self._cleaned(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line, in ASCII: whatever the text holds, it is one line and acts on no terminal."""

    def __init__(self, cleaned: Callable[[str], str]) -> None:
        super().__init__()
        self._cleaned = cleaned

    def format(self, record: logging.LogRecord) -> str:
        """Return one record; without an incident where the line is about none."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "incident": _incident.get(),
            "message": self._cleaned(record.getMessage()),
            "trace": self._cleaned(self.formatException(record.exc_info)) if record.exc_info else "",
        }
        return json.dumps({key: value for key, value in line.items() if value})
