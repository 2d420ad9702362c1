"""The second event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.beside import Beside, beside


@pytest.fixture
def second() -> Iterator[Beside]:
    with beside() as loop:
        yield loop


async def test_work_is_done_in_another_thread_and_its_result_returned(second: Beside) -> None:
    async def work() -> str:
        return threading.current_thread().name

    assert await second.run(work) == "beside"


async def test_an_error_comes_back(second: Beside) -> None:
    async def work() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await second.run(work)


async def test_who_cancels_cancels_the_work(second: Beside) -> None:
    began, ended = threading.Event(), threading.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(second.run(work))
    await asyncio.to_thread(began.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await asyncio.to_thread(ended.wait, 5)


async def test_what_an_iterator_yields_comes_one_by_one(second: Beside) -> None:
    async def count() -> AsyncIterator[int]:
        for number in range(3):
            yield number

    assert [number async for number in second.iterate(count)] == [0, 1, 2]


async def test_an_iterator_that_fails_fails_here(second: Beside) -> None:
    async def fail() -> AsyncIterator[int]:
        yield 1
        raise LookupError("gone")

    found: list[int] = []

    async def read() -> None:
        async for number in second.iterate(fail):
            found.append(number)  # noqa: PERF401 - what came before the error matters

    with pytest.raises(LookupError, match="gone"):
        await read()

    assert found == [1]


async def test_work_that_computes_leaves_this_loop_free(second: Beside) -> None:
    async def compute() -> None:
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            sum(range(1000))

    turns = 0
    task = asyncio.create_task(second.run(compute))
    while not task.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns > 3


async def test_what_still_runs_is_cancelled_at_the_end() -> None:
    cancelled = threading.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with beside() as second:
        task = asyncio.create_task(second.run(work))
        await asyncio.sleep(0.01)

    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()
