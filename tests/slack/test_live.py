"""The message that shows progress and then becomes the answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.slack.api import CannotWrite
from bot.slack.live import LiveMessage, Pace
from bot.slack.mail import Mail
from bot.slack.ports import Place
from tests.slack.fakes import FakeClock

PLACE = Place(channel="C1", thread="1.0")


@dataclass
class Recorder:
    """A Slack that takes messages, or fails as it is told."""

    clock: FakeClock
    failures: list[CannotWrite] = field(default_factory=list)
    said: list[tuple[float, str, str]] = field(default_factory=list)

    async def post(self, place: Place, text: str, blocks: Any = ()) -> str:
        self.said.append((self.clock.seconds, "post", text))
        return "2.0"

    async def try_edit(self, place: Place, ts: str, text: str) -> None:
        await self.edit(place, ts, text)

    async def edit(self, place: Place, ts: str, text: str, blocks: Any = ()) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.said.append((self.clock.seconds, ts, text))


def paced(clock: FakeClock) -> Pace:
    return Pace(every_seconds=1.0, now=clock.now, sleep=clock.sleep)


async def live_message(recorder: Recorder) -> LiveMessage:
    mail: Any = recorder
    return await LiveMessage.post(mail, PLACE, "begun", pace=paced(recorder.clock))


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_progress_is_merged_to_one_edit_a_second() -> None:
    recorder = Recorder(FakeClock())
    async with await live_message(recorder) as live:
        for number in range(100):
            live.show(f"step {number}")
        await settle()
        live.show("one more")
        await settle()
        await live.become("the answer")

    assert recorder.said == [
        (0.0, "post", "begun"),
        (1.0, "2.0", "step 99"),
        (2.0, "2.0", "one more"),
        (3.0, "2.0", "the answer"),
    ]


async def test_progress_after_the_answer_is_dropped() -> None:
    recorder = Recorder(FakeClock())
    async with await live_message(recorder) as live:
        live.show("late")
        await live.become("the answer")
        live.show("later")
        await settle()

    assert [text for _, _, text in recorder.said] == ["begun", "the answer"]


async def test_progress_that_cannot_be_shown_is_no_reason_to_stop() -> None:
    recorder = Recorder(FakeClock(), failures=[CannotWrite("ratelimited")])
    async with await live_message(recorder) as live:
        live.show("lost")
        await settle()
        await live.become("the answer")

    assert [text for _, _, text in recorder.said] == ["begun", "the answer"]


async def test_an_answer_whose_message_is_gone_is_posted_anew() -> None:
    recorder = Recorder(FakeClock(), failures=[CannotWrite("message_not_found")])
    async with await live_message(recorder) as live:
        await live.become("the answer")

    assert recorder.said[-1] == (1.0, "post", "the answer")


async def test_an_answer_that_slack_does_not_take_is_an_error() -> None:
    recorder = Recorder(FakeClock(), failures=[CannotWrite("invalid_blocks")])
    live = await live_message(recorder)

    with pytest.raises(CannotWrite, match="invalid_blocks"):
        await live.become("the answer")


async def test_what_breaks_leaves_no_progress_behind() -> None:
    recorder = Recorder(FakeClock())

    async def break_half_way() -> None:
        async with await live_message(recorder) as live:
            live.show("half way")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_half_way()

    assert recorder.said[-1][2] == "⚪ I could not finish this."


async def test_what_is_stopped_says_so() -> None:
    recorder = Recorder(FakeClock())

    async def work() -> None:
        async with await live_message(recorder):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert recorder.said[-1][2] == "⚪ I was stopped before I was done. Please ask again in a minute."


def test_the_recorder_stands_for_mail() -> None:
    assert {"post", "edit", "try_edit"} <= set(dir(Mail))
