"""Several replicas with one database: each request is answered once, whoever gets it, however often it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from tests.slack.conftest import Bot
from tests.slack.edge import Edge
from tests.slack.fakes import FakeStore
from tests.slack.fixtures import wrong_port
from tests.slack.test_flows import said, thread_of_the_only_message

Two = tuple[Bot, Bot]


@pytest.fixture
async def two(edge: Edge) -> AsyncIterator[Two]:
    """Two replicas that run, in Socket Mode: Slack gives each request to one of them in turn."""
    one = Bot(edge)
    other = Bot(edge, store=FakeStore(one.store.path))
    async with one.runs(), other.runs():
        yield one, other


def asked(two: Two) -> list[str]:
    return sorted(symptom for bot in two for symptom, _ in bot.diagnose.asked)


def kept(two: Two) -> int:
    return sum(len(bot.store.documents) for bot in two)


async def test_an_event_that_reaches_both_is_answered_once(two: Two, edge: Edge) -> None:
    event = edge.mention_payload("dns is slow")

    for retry in range(4):
        await edge.deliver("events_api", event, retry=retry)
    await edge.mention("web cannot reach cart")
    await edge.until(lambda: kept(two) == 2)

    assert asked(two) == ["dns is slow", "web cannot reach cart"]


async def test_a_command_that_reaches_both_at_once_is_answered_once(two: Two, edge: Edge) -> None:
    trigger = await edge.workspace.trigger("U0000ALICE")

    await asyncio.gather(*(edge.slash("dns is slow", trigger_id=trigger) for _ in range(6)))
    await edge.until(lambda: kept(two) == 1)

    assert asked(two) == ["dns is slow"]
    assert len(await edge.messages()) == 1


async def test_many_commands_are_answered_once_each(two: Two, edge: Edge) -> None:
    await asyncio.gather(*(edge.slash(f"symptom {number}") for number in range(40)))
    await edge.until(lambda: kept(two) == 40)

    assert asked(two) == sorted(f"symptom {number}" for number in range(40))
    assert {len(bot.diagnose.asked) for bot in two} == {20}


async def test_a_question_of_one_is_answered_at_the_other(two: Two, edge: Edge) -> None:
    for bot in two:
        bot.diagnose.answer = Ambiguous(word="cart", candidates=(Subject("Service", "shop", "cart"),))
    await edge.slash("web cannot reach cart")
    await edge.until_said("Which one is meant?")
    _, [question] = await thread_of_the_only_message(two[0])
    for bot in two:
        bot.diagnose.answer = wrong_port()
    await edge.click(question, "netmedic.choose")
    await edge.until(lambda: kept(two) == 1)

    assert [len(bot.diagnose.asked) for bot in two] == [1, 1]


async def test_a_question_that_is_answered_at_both_at_once_is_answered_once(two: Two, edge: Edge) -> None:
    for bot in two:
        bot.diagnose.answer = Ambiguous(word="cart", candidates=(Subject("Service", "shop", "cart"),))
    await edge.slash("web cannot reach cart")
    await edge.until_said("Which one is meant?")
    _, [question] = await thread_of_the_only_message(two[0])
    for bot in two:
        bot.diagnose.answer = wrong_port()
    await asyncio.gather(*(edge.click(question, "netmedic.choose") for _ in range(2)))
    await edge.until(lambda: kept(two) == 1)
    await edge.until_whispered("answered already")

    assert len(asked(two)) == 2


async def test_when_slack_asks_both_to_reconnect_nothing_is_lost_or_doubled(two: Two, edge: Edge) -> None:
    await edge.disconnect("warning")
    commands = [asyncio.create_task(edge.slash(f"symptom {number}")) for number in range(5)]
    await asyncio.gather(*commands)
    await edge.disconnect("refresh_requested")
    await edge.until(lambda: edge.opened >= 4 and edge.connected >= 2)
    await asyncio.gather(*(edge.slash(f"symptom {number}") for number in range(5, 10)))
    await edge.until(lambda: kept(two) == 10)

    assert asked(two) == [f"symptom {number}" for number in range(10)]


async def test_without_the_store_each_answers_what_it_gets(edge: Edge) -> None:
    bot = Bot(edge)

    async with bot.runs():
        bot.store.problem = "The database netmedic.db is busy."
        await edge.slash("web cannot reach checkout")
        await edge.until_said("This diagnosis could not be kept")

        _, [answer] = await thread_of_the_only_message(bot)
    assert said(answer).startswith("🔴")
