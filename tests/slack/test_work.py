"""Work after the acknowledgement: once for each delivery, some of it in turn, finished before the end."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.slack.ports import Person, Place, Question, Request
from bot.slack.questions import Questions
from bot.slack.work import Recent, Work


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def question(word: str) -> Question:
    request = Request(symptom="x", requester=Person(team="T", user="U"), place=Place(channel="C"))
    return Question(request=request, word=word, candidates=())


async def test_a_delivery_is_worked_on_once() -> None:
    work = Work()

    async with work.on("event/1") as first, work.on("event/1") as second, work.on("event/2") as other:
        assert (first, second, other) == (True, False, True)


def test_the_oldest_deliveries_are_forgotten() -> None:
    recent = Recent(kept=2)

    assert [recent.add(key) for key in ("a", "b", "c", "b", "a")] == [True, True, True, False, True]


async def test_turns_are_limited_and_others_wait() -> None:
    work, leave = Work(at_once=1), asyncio.Event()
    began: list[int] = []

    async def diagnose(number: int) -> None:
        async with work.turn():
            began.append(number)
            await leave.wait()

    tasks = [asyncio.create_task(diagnose(number)) for number in (1, 2)]
    await settle()
    assert (began, work.is_full) == ([1], True)

    leave.set()
    await asyncio.gather(*tasks)
    assert (began, work.is_full) == ([1, 2], False)


async def test_the_end_waits_for_what_was_begun() -> None:
    work, leave, ended = Work(), asyncio.Event(), []

    async def errand() -> None:
        async with work.on("a"):
            await leave.wait()
            ended.append(True)

    task = asyncio.create_task(errand())
    await settle()
    asyncio.get_running_loop().call_soon(leave.set)
    await work.finish(within_seconds=5)

    assert ended == [True]
    await task


async def test_what_does_not_end_in_time_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()

    async def errand() -> None:
        async with work.on("a"):
            await asyncio.Event().wait()

    task = asyncio.create_task(errand())
    await settle()
    await work.finish(within_seconds=0.01)

    assert task.cancelled()
    assert "1 requests were not finished in 0.01 s and were stopped" in caplog.text


async def test_an_errand_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()

    async def errand() -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        work.start(errand())
        await settle()

    assert "work that went on by itself failed" in caplog.text


def test_a_question_is_answered_once() -> None:
    questions = Questions()
    question_id = questions.keep(question("cart"))

    assert questions.take(question_id) == question("cart")
    assert questions.take(question_id) is None


def test_the_oldest_question_is_dropped() -> None:
    questions = Questions(kept=1)
    first, second = questions.keep(question("a")), questions.keep(question("b"))

    assert questions.take(first) is None
    assert questions.take(second) == question("b")
