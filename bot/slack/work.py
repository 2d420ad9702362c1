"""Work that goes on after Slack was answered: tracked, done once, and finished before the program ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

log = logging.getLogger(__name__)

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


class Work:
    """Everything that is being done."""

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self._seen = Recent()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(at_once)

    @property
    def is_full(self) -> bool:
        """Another diagnosis would have to wait."""
        return self._turns.locked()

    @asynccontextmanager
    async def on(self, delivery: str) -> AsyncIterator[bool]:
        """Track the running task as work on one delivery; gives False where that delivery was worked on before."""
        task: asyncio.Task[None] | None = asyncio.current_task()
        if task is None:
            raise RuntimeError("work is done in a task")
        self._tasks.add(task)
        try:
            yield self._seen.add(delivery)
        finally:
            self._tasks.discard(task)

    def start(self, errand: Coroutine[None, None, None]) -> None:
        """Begin work that nobody's request asked for."""
        task = asyncio.create_task(errand)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work that went on by itself failed", exc_info=error)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn among the diagnoses that run side by side."""
        async with self._turns:
            yield

    @asynccontextmanager
    async def finished(self, *, within_seconds: float) -> AsyncIterator[None]:
        """Give control, and afterwards let what is being done finish; see :meth:`finish`."""
        try:
            yield
        finally:
            await self.finish(within_seconds=within_seconds)

    async def finish(self, *, within_seconds: float) -> None:
        """Let what is being done finish; what does not in time is cancelled, and says so where it was asked."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=within_seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("%d requests were not finished in %g s and were stopped", len(late), within_seconds)
            await asyncio.wait(late, timeout=within_seconds)
