"""A second event loop in a thread of its own, for work that computes.

Twenty diagnoses side by side compute for a second between two looks at their event loop. Slack wants an answer within
three, and people sooner: what receives has a loop to itself, which the interpreter gives a turn every few milliseconds.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar("T")


class Beside:
    """The second loop. What is made in it is used in it: pass everything through :meth:`run`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what work returns that is done in the second loop; cancelling this cancels it."""

        async def done() -> T:
            return await work()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(done(), self._loop))

    async def iterate(self, make: Callable[[], AsyncIterator[T]]) -> AsyncIterator[T]:
        """Yield what an iterator yields that runs in the second loop."""
        iterator = make()

        async def step() -> list[T]:
            return [item async for item in first_of(iterator)]

        while found := await self.run(step):
            yield found[0]


async def first_of(iterator: AsyncIterator[T]) -> AsyncIterator[T]:
    """Yield the next item of an iterator, if there is one; its end would not pass from one loop to the other."""
    with suppress(StopAsyncIteration):
        yield await anext(iterator)


@contextmanager
def beside() -> Iterator[Beside]:
    """Give a second loop; at the end what still runs in it is cancelled."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="beside", daemon=True)
    thread.start()
    try:
        yield Beside(loop)
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.get_running_loop().shutdown_default_executor()
