"""What could not be said in Slack yet: kept, sent in order by one replica at a time, and not forgotten by a restart.

A message that was not posted yet has no timestamp, which is what others refer to it by. Until it has, a name stands
for it, :func:`name_of` its letter, as the thread of replies, as the message of edits, and with incidents and alerts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.chat_records import Letter, LetterKind
from bot.store.chat_tables import alerts, letters
from bot.store.database import Database
from bot.store.tables import incidents

LEASE = timedelta(seconds=60)
"""For sending one letter: longer than the longest call of the Web API with its retries (ours)."""
KEPT = timedelta(days=1)
"""Letters, sent or not: a day later nobody waits for them (ours)."""
WAITING = "~"
"""Begins the name of a message that was not posted yet; no timestamp of Slack begins so."""


def name_of(key: str) -> str:
    """Return what stands for the timestamp of a letter's message."""
    return f"{WAITING}{key}"


def is_waiting(timestamp: str) -> bool:
    """Tell whether a timestamp is the name of a message that was not posted when it was given."""
    return timestamp.startswith(WAITING)


class Outbox:
    """The letters that wait. Every method may raise :class:`bot.store.records.StoreError`."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def add(self, kind: LetterKind, *, channel: str, thread: str, message: str = "", document: str) -> str:
        """Keep a letter, and return the name of its message.

        An edit replaces what waits already for the same message: only the newest is sent.
        """
        now = self._now()
        same = (letters.c.message == message) if kind is LetterKind.EDIT else None
        async with self._database.transaction() as connection:
            await connection.execute(delete(letters).where(letters.c.made < now - KEPT))
            if same is not None and await self._replaced(connection, message, document, now):
                return message
            key = uuid.uuid4().hex
            await connection.execute(
                letters.insert().values(
                    key=key,
                    kind=kind,
                    channel=channel,
                    thread=thread,
                    message=message,
                    document=document,
                    sent_as="",
                    leased_until=now,
                    made=now,
                )
            )
        return name_of(key)

    async def timestamp(self, name: str) -> str:
        """Return the timestamp of a message by its name, once it was posted; before that its name."""
        if not is_waiting(name):
            return name
        wanted = select(letters.c.sent_as).where(letters.c.key == name.removeprefix(WAITING))
        async with self._database.transaction() as connection:
            return (await connection.execute(wanted)).scalar() or name

    async def take(self) -> Letter | None:
        """Return the letter that is next, which nobody else gets for a minute; None while another one is being sent."""
        now = self._now()
        unsent = letters.c.sent_as == ""
        columns = (letters.c.key, letters.c.kind, letters.c.channel, letters.c.thread, letters.c.message)
        ready = ~letters.c.thread.startswith(WAITING) & ~letters.c.message.startswith(WAITING)
        wanted = select(*columns, letters.c.document, letters.c.made).where(unsent & ready)
        async with self._database.transaction() as connection:
            busy = select(letters.c.id).where(unsent & (letters.c.leased_until > now)).limit(1)
            if (await connection.execute(busy)).first() is not None:
                return None
            row = (await connection.execute(wanted.order_by(letters.c.id).limit(1))).mappings().first()
            if row is None:
                return None
            await connection.execute(
                update(letters).where(letters.c.key == row["key"]).values(leased_until=now + LEASE)
            )
            return Letter(**{**row, "kind": LetterKind(row["kind"])})

    async def sent(self, letter: Letter, *, timestamp: str) -> None:
        """Note that a letter was sent, and under which timestamp; what referred to it by its name refers to that."""
        name = name_of(letter.key)
        async with self._database.transaction() as connection:
            await connection.execute(
                update(letters).where(letters.c.key == letter.key).values(sent_as=timestamp or "-", document="")
            )
            for table in (letters, incidents, alerts):
                await connection.execute(update(table).where(table.c.thread == name).values(thread=timestamp))
            await connection.execute(update(letters).where(letters.c.message == name).values(message=timestamp))

    async def put_back(self, letter: Letter) -> None:
        """Let a letter be taken again."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(letters).where(letters.c.key == letter.key).values(leased_until=self._now())
            )

    async def _replaced(self, connection: AsyncConnection, message: str, document: str, now: datetime) -> bool:
        """Put a newer content in the place of what waits for a message, be it an edit or the message itself."""
        waiting = (letters.c.sent_as == "") & (letters.c.leased_until <= now)
        edits = (letters.c.message == message) & (letters.c.kind == LetterKind.EDIT)
        itself = letters.c.key == message.removeprefix(WAITING)
        changed = await connection.execute(update(letters).where(waiting & (edits | itself)).values(document=document))
        return changed.rowcount > 0
