"""Deliveries that were taken, questions that wait for an answer, and what people think of a diagnosis."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from bot.store import audit
from bot.store.chat_records import Feedback, Opinion
from bot.store.chat_tables import deliveries, feedback, questions
from bot.store.database import Database

REMEMBERED = timedelta(hours=1)
"""Slack delivers again for about five minutes (docs.slack.dev, Events API, retries); clocks may differ (ours)."""
OPEN_FOR = timedelta(days=7)
"""A question nobody answered; by then the cluster is another one (ours)."""


class Conversation:
    """What the replicas of a bot have to know of each other.

    Every method may raise :class:`bot.store.records.StoreError`; then nothing was changed.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def claim(self, delivery: str) -> bool:
        """Take a delivery; False where it was taken before, by this replica or another."""
        now = self._now()
        async with self._database.transaction() as connection:
            await connection.execute(delete(deliveries).where(deliveries.c.at < now - REMEMBERED))
            try:
                async with connection.begin_nested():
                    await connection.execute(deliveries.insert().values(key=delivery[:255], at=now))
            except IntegrityError:
                return False
        return True

    async def keep_question(self, document: str) -> str:
        """Keep a question, and return its id."""
        now, question = self._now(), uuid.uuid4().hex
        async with self._database.transaction() as connection:
            await connection.execute(delete(questions).where(questions.c.made < now - OPEN_FOR))
            await connection.execute(questions.insert().values(id=question, document=document, made=now))
        return question

    async def take_question(self, question: str) -> str | None:
        """Return a question once."""
        here = questions.c.id == question
        async with self._database.transaction() as connection:
            document: str | None = (await connection.execute(select(questions.c.document).where(here))).scalar()
            taken = await connection.execute(delete(questions).where(here))
            return document if taken.rowcount == 1 else None

    async def add_feedback(self, incident: str, *, by: str, opinion: Opinion) -> None:
        """Keep what somebody thinks of a diagnosis; a later opinion replaces an earlier one."""
        now = self._now()
        here = (feedback.c.incident == incident) & (feedback.c.by == by)
        async with self._database.transaction() as connection:
            changed = await connection.execute(update(feedback).where(here).values(opinion=opinion, at=now))
            if changed.rowcount == 0:
                await connection.execute(feedback.insert().values(incident=incident, by=by, opinion=opinion, at=now))
            await audit.append(connection, at=now, actor=by, action=f"feedback {opinion}", incident=incident)

    async def feedback(self, incident: str) -> list[Feedback]:
        """Return what people think of an incident's diagnosis, oldest first."""
        wanted = select(feedback.c.incident, feedback.c.by, feedback.c.opinion, feedback.c.at)
        async with self._database.transaction() as connection:
            rows = await connection.execute(wanted.where(feedback.c.incident == incident).order_by(feedback.c.at))
            return [Feedback(**{**row, "opinion": Opinion(row["opinion"])}) for row in rows.mappings()]
