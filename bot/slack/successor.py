"""Going on with the answers of a replica that is gone."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace

import msgspec

from bot.slack import messages
from bot.slack.api import CannotWrite
from bot.slack.investigate import Investigator
from bot.slack.ledger import LOOK_SECONDS
from bot.slack.ports import Request
from bot.store.chat_records import LeftAnswer
from bot.store.records import StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Successor:
    """Looks for answers that were left, and gives them."""

    investigator: Investigator
    every_seconds: float = LOOK_SECONDS

    async def take_up(self) -> None:
        """Begin with what was left, each answer in the message that promised it."""
        for left in await self.investigator.ledger.take_left():
            request = request_of(left)
            if request is None:
                log.warning("an answer that another version left cannot be gone on with: message %s", left.message)
            elif request.was_left:
                # It may be what ended its process; a third try could end the next.
                await self._give_up(request, left.message)
            else:
                log.warning("an answer was left by a process that is gone: going on with it")
                again = replace(request, was_left=True)
                self.investigator.work.start(self.investigator.answer(again, message=left.message))

    async def watch(self, stop: asyncio.Event) -> None:
        """Look again and again, and say that this process lives."""
        while not stop.is_set():
            try:
                await self.take_up()
            except StoreError as problem:
                log.warning("looking for answers that were left: %s", problem)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.every_seconds)

    async def _give_up(self, request: Request, message: str) -> None:
        try:
            await self.investigator.mail.edit(request.place, message, messages.progress.stopped())
        except CannotWrite as problem:
            log.warning("an answer is given up without a word: %s", problem)


def request_of(left: LeftAnswer) -> Request | None:
    """Return what was asked; none where another version of the bot kept it."""
    try:
        return msgspec.json.decode(left.document, type=Request)
    except msgspec.ValidationError:
        return None
