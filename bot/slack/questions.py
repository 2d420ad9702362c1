"""Questions that wait for an answer. They live as long as the process: after a restart people ask again."""

from __future__ import annotations

import secrets

from bot.slack.ports import Question

KEPT = 1_000
"""Open questions; the oldest is dropped (ours)."""


class Questions:
    """The open questions of this process."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._kept = kept
        self._open: dict[str, Question] = {}

    def keep(self, question: Question) -> str:
        """Keep a question, and return its id."""
        question_id = secrets.token_hex(8)
        self._open[question_id] = question
        if len(self._open) > self._kept:
            del self._open[next(iter(self._open))]
        return question_id

    def take(self, question_id: str) -> Question | None:
        """Return a question once."""
        return self._open.pop(question_id, None)
