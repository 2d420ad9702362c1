"""Answers that are being worked out: signs of life, and who takes what was left."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.store.chat_records import LeftAnswer
from bot.store.store import Store

LEFT = [LeftAnswer(document="{}", message="1.2")]


class Clock:
    """A present that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def test_an_answer_is_left_when_its_process_says_no_more_that_it_lives(tmp_path: Path) -> None:
    clock = Clock()
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", now=clock)
    await store.answers.begin("{}", message="1.2", holder="one", seconds=30)
    ended = await store.answers.begin("{}", message="3.4", holder="one", seconds=30)
    await store.answers.end(ended)

    clock.wait(29)
    assert await store.answers.take_left(holder="other") == []
    await store.answers.renew(holder="one", seconds=30)
    clock.wait(29)
    assert await store.answers.take_left(holder="other") == []
    clock.wait(1)
    assert await store.answers.take_left(holder="one") == []
    assert await store.answers.take_left(holder="other") == LEFT
    assert await store.answers.take_left(holder="third") == []
    await store.close()


async def test_two_that_look_at_once_do_not_both_get_it(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    stores = [await Store.open(url) for _ in range(2)]
    await stores[0].answers.begin("{}", message="1.2", holder="gone", seconds=-1)

    found = await asyncio.gather(*(store.answers.take_left(holder=str(id(store))) for store in stores))

    assert sorted(found, key=len) == [[], LEFT]
    for store in stores:
        await store.close()
