"""Work that goes on after Slack was answered: begun once for each delivery, and finished before the program ends.

It runs in tasks of our own and not in Bolt's listeners: Bolt takes back an acknowledgement when its listener fails
within the same few milliseconds (slack_bolt 1.30, AsyncioListenerRunner), and keeps no list of what runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial

from bot.slack.failures import Tell, nobody, report

log = logging.getLogger(__name__)

Errand = Coroutine[None, None, None]
Claim = Callable[[str], Awaitable[bool]]
"""Takes a delivery for this process; False where another one has it."""

AT_ONCE = 20
"""Diagnoses that run side by side; further ones wait their turn (ours: each reads the whole scope from the API)."""
KEPT = 10_000
"""Deliveries that are remembered; Slack delivers again for about five minutes (docs.slack.dev, Events API, retries)."""


class Recent:
    """The latest deliveries, of this process."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._kept = kept
        self._keys: dict[str, None] = {}

    def add(self, key: str) -> bool:
        """Remember a delivery; False where it is remembered already."""
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > self._kept:
            del self._keys[next(iter(self._keys))]
        return True


async def always(delivery: str) -> bool:  # noqa: ARG001
    """Take every delivery: there is no other process."""
    return True


class Work:
    """Everything that is being done."""

    def __init__(self, *, at_once: int = AT_ONCE, claim: Claim = always) -> None:
        self._seen = Recent()
        self._claim = claim
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(at_once)
        self._running = 0

    def begin(self, delivery: str, errand: Callable[[], Errand], *, tell: Tell) -> None:
        """Begin what a delivery asks for, unless it was begun before; ``tell`` reaches the person should it fail."""
        if self._seen.add(delivery):
            self.start(self._once(delivery, errand), tell=tell)
        else:
            log.info("%s was delivered again and is taken care of", delivery)

    def start(self, errand: Errand, *, tell: Tell = nobody) -> None:
        """Begin something."""
        task = asyncio.create_task(errand)
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, tell=tell))

    async def _once(self, delivery: str, errand: Callable[[], Errand]) -> None:
        if await self._claim(delivery):
            await errand()
        else:
            log.info("%s is taken care of by another replica", delivery)

    @property
    def running(self) -> int:
        """How many diagnoses run."""
        return self._running

    @property
    def is_full(self) -> bool:
        """Another diagnosis would have to wait."""
        return self._turns.locked()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn among the diagnoses that run side by side."""
        async with self._turns:
            self._running += 1
            try:
                yield
            finally:
                self._running -= 1

    @asynccontextmanager
    async def finished(self, *, within_seconds: float) -> AsyncIterator[None]:
        """Give control, and afterwards let what is being done finish; see :meth:`finish`."""
        try:
            yield
        finally:
            await self.finish(within_seconds=within_seconds)

    async def finish(self, *, within_seconds: float) -> None:
        """Let what is being done finish; what does not in time is cancelled, and says so where it was asked."""
        try:
            async with asyncio.timeout(within_seconds):
                await self._all_done()
        except TimeoutError:
            log.warning("%d requests were not finished in %g s and are stopped", len(self._tasks), within_seconds)
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=within_seconds)

    async def _all_done(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[None], *, tell: Tell) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.start(report(error, tell))
