"""Everything that outlives the process: one object with the few questions and answers the rest of the bot has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Self

from bot.store.alerts import AlertThreads
from bot.store.answers import Answers
from bot.store.conversation import Conversation
from bot.store.database import Database
from bot.store.incidents import Incidents
from bot.store.leases import Leases
from bot.store.outbox import Outbox
from bot.store.plans import Plans
from bot.store.shelf import utc_now
from bot.store.steps import Steps
from bot.store.trail import Trail


class Store(Incidents, Plans, Leases, Steps, Trail):
    """Incidents, diagnoses, plans, decisions, steps and the audit trail.

    Every method may raise :class:`bot.store.records.StoreError`; then nothing was changed.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(database, now=now)
        self.conversation = Conversation(database, now=now)
        self.outbox = Outbox(database, now=now)
        self.alerts = AlertThreads(database, now=now)
        self.answers = Answers(database, now=now)

    @classmethod
    async def open(cls, url: str, *, now: Callable[[], datetime] = utc_now) -> Self:
        """Return a store whose schema is up to date; ``url`` is SQLAlchemy's, with an asyncio driver."""
        return cls(await Database.open(url), now=now)

    async def close(self) -> None:
        """Close all connections."""
        await self._database.close()
