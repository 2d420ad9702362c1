"""What this replica is answering, kept so that another one, or the next process, goes on should it be killed."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec

from bot.slack.ports import Request
from bot.store.answers import Answers
from bot.store.chat_records import LeftAnswer
from bot.store.records import StoreError

log = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
"""After this silence of a process another one goes on with its answers (ours)."""
LOOK_SECONDS = 5.0
"""Between two signs of life, and two looks for what was left (ours): some may be late before the lease is over."""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What this process is answering, kept where the others see it."""

    answers: Answers
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    seconds: float = LEASE_SECONDS

    @asynccontextmanager
    async def kept(self, request: Request, message: str) -> AsyncIterator[None]:
        """Have a request gone on with should this process end within the block; without the store, nobody does."""
        key = ""
        try:
            document = msgspec.json.encode(request).decode()
            key = await self.answers.begin(document, message=message, holder=self.holder, seconds=self.seconds)
        except StoreError as problem:
            log.warning("nobody will go on with this answer should the process end: %s", problem)
        try:
            yield
        finally:
            with suppress(StoreError):
                await self.answers.end(key)

    async def take_left(self) -> list[LeftAnswer]:
        """Say that this process lives, and return what others left."""
        await self.answers.renew(holder=self.holder, seconds=self.seconds)
        return await self.answers.take_left(holder=self.holder)
