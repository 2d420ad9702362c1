"""Answers that are being worked out, each by one process; when that says no more that it lives, another goes on."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import delete, select, update

from bot.store.chat_records import LeftAnswer
from bot.store.chat_tables import answers
from bot.store.shelf import Shelf


class Answers(Shelf):
    """The answers that people wait for."""

    async def begin(self, document: str, *, message: str, holder: str, seconds: float) -> str:
        """Note what is being answered, and in which message; returns its key."""
        key, until = uuid.uuid4().hex, self._now() + timedelta(seconds=seconds)
        async with self._database.transaction() as connection:
            await connection.execute(
                answers.insert().values(key=key, document=document, message=message, holder=holder, until=until)
            )
        return key

    async def renew(self, *, holder: str, seconds: float) -> None:
        """Say that a process lives."""
        until = self._now() + timedelta(seconds=seconds)
        async with self._database.transaction() as connection:
            await connection.execute(update(answers).where(answers.c.holder == holder).values(until=until))

    async def end(self, key: str) -> None:
        """Note that an answer was given."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(answers).where(answers.c.key == key))

    async def take_left(self, *, holder: str) -> list[LeftAnswer]:
        """Return what processes left that say no more that they live; each to one caller."""
        found = []
        left = (answers.c.holder != holder) & (answers.c.until <= self._now())
        async with self._database.transaction() as connection:
            columns = (answers.c.key, answers.c.document, answers.c.message)
            for row in (await connection.execute(select(*columns).where(left))).mappings().all():
                taken = await connection.execute(delete(answers).where((answers.c.key == row["key"]) & left))
                if taken.rowcount == 1:
                    found.append(LeftAnswer(document=row["document"], message=row["message"]))
        return found
