"""Work after the acknowledgement: once for each delivery, some of it in turn, finished before the end."""

from __future__ import annotations

import asyncio
import re
from functools import partial

import pytest

from bot.slack.api import CannotWrite
from bot.slack.failures import nobody
from bot.slack.ports import Person, Place, Question, Request
from bot.slack.questions import Questions
from bot.slack.work import Recent, Work
from tests.slack.fakes import FakeStore


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def question(word: str) -> Question:
    request = Request(symptom="x", requester=Person(team="T", user="U"), place=Place(channel="C"))
    return Question(request=request, word=word, candidates=())


async def test_a_delivery_is_worked_on_once() -> None:
    work, done = Work(), []

    async def errand(number: int) -> None:
        done.append(number)

    for number, delivery in enumerate(("event/1", "event/1", "event/2")):
        work.begin(delivery, partial(errand, number), tell=nobody)
    await work.finish(within_seconds=5)

    assert done == [0, 2]


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
        await leave.wait()
        ended.append(True)

    work.start(errand())
    await settle()
    asyncio.get_running_loop().call_soon(leave.set)
    await work.finish(within_seconds=5)

    assert ended == [True]


async def test_what_does_not_end_in_time_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    work, stopped = Work(), []

    async def errand() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(True)

    work.start(errand())
    await work.finish(within_seconds=0.01)

    assert stopped == [True]
    assert "1 requests were not finished in 0.01 s and are stopped" in caplog.text


async def test_work_that_fails_is_logged_and_the_person_is_told_its_id(caplog: pytest.LogCaptureFixture) -> None:
    work, told = Work(), []

    async def errand() -> None:
        raise ZeroDivisionError

    async def tell(text: str) -> None:
        told.append(text)

    work.begin("event/1", errand, tell=tell)
    await work.finish(within_seconds=5)

    [text] = told
    found = re.search(r"under `([0-9a-f]{8})`", text)
    assert found
    assert f"{found[1]}: a request of Slack could not be handled" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_who_cannot_be_told_is_no_reason_to_fail_again(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()

    async def errand() -> None:
        raise ZeroDivisionError

    async def refused(text: str) -> None:
        raise CannotWrite("not_in_channel")

    async def broken(text: str) -> None:
        raise LookupError

    work.start(errand(), tell=refused)
    await work.finish(within_seconds=5)
    work.start(errand(), tell=broken)
    await work.finish(within_seconds=5)

    assert "nobody could be told: not_in_channel" in caplog.text
    assert caplog.text.count("a request of Slack could not be handled") == 3


async def test_a_question_is_answered_once() -> None:
    store = FakeStore()
    questions = Questions(conversation=store.conversation)
    asked = question("cart")
    question_id = await questions.keep(asked)

    assert await questions.take(question_id) == asked
    assert await questions.take(question_id) is None
    await store.close()


async def test_a_question_of_another_version_is_gone() -> None:
    store = FakeStore()
    question_id = await store.conversation.keep_question('{"request": 1}')

    assert await Questions(conversation=store.conversation).take(question_id) is None
    await store.close()


async def test_what_another_replica_has_taken_is_left_to_it() -> None:
    done: list[str] = []

    async def claim(delivery: str) -> bool:
        return delivery == "event/1"

    async def errand(delivery: str) -> None:
        done.append(delivery)

    work = Work(claim=claim)
    for delivery in ("event/1", "event/2"):
        work.begin(delivery, partial(errand, delivery), tell=nobody)
    await work.finish(within_seconds=5)

    assert done == ["event/1"]
