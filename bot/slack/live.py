"""One message that shows progress and then becomes the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from bot.slack import messages
from bot.slack.api import CannotWrite
from bot.slack.kit import Block
from bot.slack.limits import UPDATE_EVERY_SECONDS
from bot.slack.mail import Mail
from bot.slack.ports import Place

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often a message may be edited, and the clock that is measured with."""

    every_seconds: float = UPDATE_EVERY_SECONDS
    now: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class LiveMessage:
    """A message of ours that is edited at most once per pace; what comes faster is merged, the newest wins.

    As a context it never stays behind half said: left before :meth:`become`, it says that it was not finished.
    """

    def __init__(self, mail: Mail, place: Place, ts: str, *, pace: Pace) -> None:
        self.ts = ts
        self._mail = mail
        self._place = place
        self._pace = pace
        self._edited = pace.now()
        self._turn = asyncio.Lock()
        self._next = ""
        self._updating: asyncio.Task[None] | None = None
        self._is_done = False

    @classmethod
    async def post(cls, mail: Mail, place: Place, text: str, *, pace: Pace) -> Self:
        """Post it.

        Raises:
            CannotWrite: Slack does not take it.
        """
        return cls(mail, place, await mail.post(place, text), pace=pace)

    def show(self, text: str) -> None:
        """Show progress when its turn comes."""
        if self._is_done:
            return
        self._next = text
        if self._updating is None or self._updating.done():
            self._updating = asyncio.create_task(self._update())

    async def become(self, text: str, blocks: Sequence[Block] = ()) -> None:
        """Be the answer. It is posted anew where the message is gone, and sent later while Slack cannot be reached.

        Raises:
            CannotWrite: Slack does not take it.
        """
        self._is_done, self._next = True, ""
        async with self._turn:
            await self._wait()
            try:
                await self._mail.edit(self._place, self.ts, text, blocks)
            except CannotWrite as problem:
                if not problem.is_gone:
                    raise
                self.ts = await self._mail.post(self._place, text, blocks)

    async def _update(self) -> None:
        while self._next:
            async with self._turn:
                await self._wait()
                text, self._next = self._next, ""
                if not text:
                    return
                try:
                    await self._mail.try_edit(self._place, self.ts, text)
                except CannotWrite as problem:
                    log.info("progress could not be shown: %s", problem)
                self._edited = self._pace.now()

    async def _wait(self) -> None:
        early = self._edited + self._pace.every_seconds - self._pace.now()
        if early > 0:
            await self._pace.sleep(early)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_done:
            await self.become(
                messages.progress.stopped() if kind is asyncio.CancelledError else messages.progress.unfinished()
            )
        if self._updating is not None:
            await self._updating
