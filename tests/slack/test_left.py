"""A replica that is killed while it looks: the next one answers in the message that promised it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
from sqlalchemy import create_engine, select, update

from bot.slack.ledger import LEASE_SECONDS
from bot.slack.ports import Person, Place, Request
from bot.store.chat_tables import answers
from bot.store.shelf import utc_now
from tests.slack.conftest import Bot
from tests.slack.edge import Edge
from tests.slack.test_flows import said, thread_of_the_only_message

SYMPTOM = "web cannot reach checkout"
STOPPED = "⚪ I was stopped before I was done. Please ask again in a minute."


@asynccontextmanager
async def another_replica(edge: Edge, database: Path) -> AsyncIterator[None]:
    """Have a bot in another process, which never comes to answer and is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.slack.killed_bot", edge.url, str(database)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
        yield
    finally:
        process.kill()
        await process.wait()


def let_leases_end(database: Path) -> int:
    """Have it be later for what is being answered; returns how much that is."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        changed = connection.execute(update(answers).values(until=utc_now() - timedelta(seconds=LEASE_SECONDS)))
    engine.dispose()
    return changed.rowcount


def waiting(database: Path) -> int:
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        found = len(connection.execute(select(answers)).all())
    engine.dispose()
    return found


async def test_what_a_killed_replica_left_is_answered_in_the_same_message(edge: Edge) -> None:
    bot = Bot(edge)
    async with another_replica(edge, bot.store.path):
        await edge.slash(SYMPTOM)
        await edge.until_said("⏳")
        await edge.until(lambda: waiting(bot.store.path) == 1)
    assert let_leases_end(bot.store.path) == 1

    async with bot.runs():
        await edge.until_said("🔴 *Service shop/checkout")
        _, [answer, *_] = await thread_of_the_only_message(bot)

    assert said(answer).startswith("🔴 *Service shop/checkout sends to port 9999")
    assert [symptom for symptom, _ in bot.diagnose.asked] == [SYMPTOM]
    assert waiting(bot.store.path) == 0


async def test_what_is_being_answered_is_left_to_who_answers_it(edge: Edge) -> None:
    one = Bot(edge)
    one.diagnose.may_answer.clear()
    async with one.runs():
        await edge.slash(SYMPTOM)
        await edge.until(lambda: one.diagnose.running)

        assert await one.store.answers.take_left(holder="another") == []
        one.diagnose.may_answer.set()
        await edge.until_said("🔴")
        await edge.until(lambda: waiting(one.store.path) == 0)


async def test_what_ended_two_processes_is_given_up_in_words(edge: Edge) -> None:
    bot = Bot(edge)
    ts = (await edge.workspace.call("chat.postMessage", channel=edge.workspace.channel, text="⏳"))["ts"]
    request = Request(
        symptom=SYMPTOM, requester=Person(team="T", user="U"), place=Place(channel=edge.workspace.channel)
    )
    for message, kept in ((ts, msgspec.json.encode(replace(request, was_left=True)).decode()), ("1.2", "{}")):
        await bot.store.answers.begin(kept, message=message, holder="gone", seconds=-1)

    async with bot.runs():
        await edge.until_said(STOPPED)

    assert bot.diagnose.asked == []
    assert waiting(bot.store.path) == 0


async def test_without_the_store_people_are_answered_all_the_same(edge: Edge) -> None:
    bot = Bot(edge)

    async with bot.runs():
        bot.store.problem = "the disk is full"
        await edge.slash(SYMPTOM)
        await edge.until_said("🔴")

    bot.store.problem = ""
    assert waiting(bot.store.path) == 0
