"""What Slack cannot take now: kept, merged, sent in order when it can, by one replica, also after a restart."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.slack.api import CannotWrite, Unreachable
from bot.slack.mail import Mail, Postman
from bot.slack.ports import File, Place
from bot.store.outbox import LEASE, is_waiting
from bot.store.records import PlanState
from tests.slack import fixtures
from tests.slack.conftest import Bot
from tests.slack.edge import BOB, LOOK_EVERY_SECONDS, WAIT_SECONDS
from tests.slack.fakes import FakeStore
from tests.slack.test_deliveries import DONE
from tests.slack.test_flows import said, thread_of_the_only_message

CHANNEL = Place(channel="C1")
TEN_MINUTES_OF_TRIES = 120
"""At one every five seconds."""


@dataclass
class Wire:
    """A Slack that can be cut off."""

    cut: bool = False
    refused: str = ""
    said: list[tuple[str, ...]] = field(default_factory=list)

    async def post(self, place: Place, text: str, blocks: Any = ()) -> str:
        self._check()
        self.said.append(("post", place.thread, text))
        return f"{len(self.said)}.0"

    async def edit(self, place: Place, message: str, text: str, blocks: Any = ()) -> None:
        self._check()
        self.said.append(("edit", message, text))

    async def attach(self, place: Place, file: File) -> None:
        self._check()
        self.said.append(("file", place.thread, file.name, file.alt_text, file.data.decode()))

    def _check(self) -> None:
        if self.cut:
            raise Unreachable("ClientConnectorError")
        if self.refused:
            raise CannotWrite(self.refused)


@dataclass
class Office:
    """Mail, the postman, and the wire between them and Slack."""

    wire: Wire = field(default_factory=Wire)
    store: FakeStore = field(default_factory=FakeStore)

    @property
    def mail(self) -> Mail:
        slack: Any = self.wire
        return Mail(slack=slack, outbox=self.store.outbox)

    @property
    def postman(self) -> Postman:
        slack: Any = self.wire
        return Postman(slack=slack, outbox=self.store.outbox)


@pytest.fixture
async def office() -> Any:
    made = Office()
    yield made
    await made.store.close()


async def test_what_can_be_said_is_said_at_once(office: Office) -> None:
    thread = await office.mail.post(CHANNEL, "hello")
    await office.mail.edit(CHANNEL, thread, "changed")

    assert office.wire.said == [("post", "", "hello"), ("edit", "1.0", "changed")]
    assert await office.store.outbox.take() is None


async def test_a_whole_conversation_waits_and_arrives_in_its_order(office: Office) -> None:
    office.wire.cut = True
    opening = await office.mail.post(CHANNEL, "asked")
    thread = Place(channel="C1", thread=opening)
    progress = await office.mail.post(thread, "looking")
    await office.mail.edit(thread, progress, "the answer")
    await office.mail.attach(thread, File(name="path.png", title="The path", data=b"png", alt_text="What it shows."))
    await office.mail.edit(CHANNEL, opening, "asked: the answer")
    for _ in range(TEN_MINUTES_OF_TRIES):
        await office.postman.send_all()
    assert office.wire.said == []

    office.wire.cut = False
    await office.postman.send_all()

    assert office.wire.said == [
        ("post", "", "asked: the answer"),
        ("post", "1.0", "the answer"),
        ("file", "1.0", "path.png", "What it shows.", "png"),
    ]


async def test_of_several_edits_the_newest_is_sent(office: Office) -> None:
    message = await office.mail.post(CHANNEL, "begun")
    office.wire.cut = True
    for number in range(5):
        await office.mail.edit(CHANNEL, message, f"edit {number}")
    office.wire.cut = False
    await office.postman.send_all()

    assert office.wire.said[1:] == [("edit", message, "edit 4")]


async def test_progress_is_not_kept(office: Office) -> None:
    message = await office.mail.post(CHANNEL, "begun")
    office.wire.cut = True
    with pytest.raises(Unreachable):
        await office.mail.try_edit(CHANNEL, message, "half way")
    waiting = await office.mail.post(CHANNEL, "later")
    await office.mail.try_edit(CHANNEL, waiting, "half way")
    office.wire.cut = False
    await office.postman.send_all()

    assert [text for _, _, text in office.wire.said] == ["begun", "later"]


async def test_a_message_that_was_sent_later_is_found_by_its_name(office: Office) -> None:
    office.wire.cut = True
    name = await office.mail.post(CHANNEL, "asked")
    assert is_waiting(name)

    office.wire.cut = False
    await office.postman.send_all()
    await office.mail.post(Place(channel="C1", thread=name), "in the thread")
    await office.mail.edit(CHANNEL, name, "changed")

    assert office.wire.said == [("post", "", "asked"), ("post", "1.0", "in the thread"), ("edit", "1.0", "changed")]


async def test_incidents_and_alerts_learn_the_thread_they_are_in(office: Office) -> None:
    office.wire.cut = True
    name = await office.mail.post(CHANNEL, "asked")
    incident = await office.store.add_incident(requester="U1", symptom="x", channel="C1", thread=name)
    await office.store.alerts.see("f1", firing=True)
    await office.store.alerts.opened(["f1"], channel="C1", thread=name)
    office.wire.cut = False
    await office.postman.send_all()

    assert (await office.store.incident_of_thread("C1", "1.0")) is not None
    assert (await office.store.incident(incident.id)).thread == "1.0"  # type: ignore[union-attr]
    assert (await office.store.alerts.see("f1", firing=False)).thread == "1.0"


async def test_a_letter_that_slack_refuses_is_given_up_and_the_next_is_sent(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.wire.cut = True
    await office.mail.post(CHANNEL, "to an archived channel")
    office.wire.cut, office.wire.refused = False, "is_archived"
    await office.postman.send_all()
    office.wire.refused = ""
    await office.postman.send_all()

    assert office.wire.said == []
    assert "is given up: is_archived" in caplog.text


async def test_while_one_replica_sends_another_does_not(office: Office) -> None:
    office.wire.cut = True
    await office.mail.post(CHANNEL, "one")
    await office.mail.post(CHANNEL, "two")
    office.wire.cut = False
    taken = await office.store.outbox.take()
    other = FakeStore(office.store.path)
    assert taken is not None
    assert await other.outbox.take() is None

    now = datetime.now(UTC) + LEASE + timedelta(seconds=1)
    other.outbox._now = lambda: now
    again = await other.outbox.take()
    await other.close()

    assert again is not None
    assert again.key == taken.key


async def test_two_replicas_send_each_letter_once(office: Office) -> None:
    office.wire.cut = True
    for number in range(20):
        await office.mail.post(CHANNEL, f"letter {number}")
    office.wire.cut = False
    other = Office(wire=office.wire, store=FakeStore(office.store.path))
    for _ in range(20):
        await asyncio.gather(office.postman.send_all(), other.postman.send_all())
    await other.store.close()

    assert [text for _, _, text in office.wire.said] == [f"letter {number}" for number in range(20)]


async def test_an_edit_while_its_message_is_being_sent_is_not_lost(office: Office) -> None:
    office.wire.cut = True
    name = await office.mail.post(CHANNEL, "begun")
    letter = await office.store.outbox.take()
    assert letter is not None
    await office.mail.edit(CHANNEL, name, "the answer")
    await office.store.outbox.sent(letter, timestamp="7.0")
    office.wire.cut = False
    await office.postman.send_all()

    assert office.wire.said == [("edit", "7.0", "the answer")]


async def test_after_ten_minutes_without_slack_all_is_said_in_its_order(office: Office) -> None:
    office.wire.cut = True
    opening = await office.mail.post(CHANNEL, "the question")
    await office.mail.post(replace(CHANNEL, thread=opening), "the answer")
    later = datetime.now(UTC) + timedelta(minutes=10)
    office.store.outbox._now = lambda: later
    await office.postman.send_all()
    assert office.wire.said == []
    office.wire.cut = False
    await office.postman.send_all()

    assert [text for _, _, text in office.wire.said] == ["the question", "the answer"]


async def test_after_a_day_nobody_waits_for_a_letter(office: Office) -> None:
    office.wire.cut = True
    await office.mail.post(CHANNEL, "yesterday's")
    tomorrow = datetime.now(UTC) + timedelta(days=1, minutes=1)
    office.store.outbox._now = lambda: tomorrow
    await office.mail.post(CHANNEL, "today's")
    office.wire.cut = False
    await office.postman.send_all()

    assert [text for _, _, text in office.wire.said] == ["today's"]


async def test_with_neither_slack_nor_store_it_is_an_error(office: Office) -> None:
    office.wire.cut, office.store.problem = True, "The database netmedic.db is busy."

    with pytest.raises(CannotWrite, match="busy"):
        await office.mail.post(CHANNEL, "lost")


# The whole bot --------------------------------------------------------------------------------------------------------


async def test_a_diagnosis_goes_on_while_slack_is_down_and_arrives_afterwards(bot_in_mode: Bot) -> None:
    edge = bot_in_mode.edge
    bot_in_mode.pictures.wanted = True
    bot_in_mode.remedies.plans = (fixtures.plan(),)
    bot_in_mode.remedies.moves = fixtures.moves(PlanState.CONFIRMED)
    bot_in_mode.diagnose.may_answer.clear()

    async with bot_in_mode.runs():
        await edge.slash("web cannot reach checkout")
        await edge.until(lambda: bot_in_mode.diagnose.running and len(edge.of("chat.postMessage")) == 2)
        edge.down = True
        bot_in_mode.diagnose.may_answer.set()
        await edge.until(lambda: bot_in_mode.store.documents)
        edge.down = False
        await edge.until_said("Proposed fix")

        opening, [answer, picture, card] = await thread_of_the_only_message(bot_in_mode)
        await edge.click(card, "netmedic.approve", user=BOB)
        await edge.until_said("🟢 *Confirmed")
    assert "🔴 *Service shop/checkout" in said(opening)
    assert said(answer).startswith("🔴 *Service shop/checkout sends to port 9999")
    assert picture["files"][0]["name"] == "path.png"


async def test_what_waits_is_delivered_by_the_next_process(bot: Bot) -> None:
    edge = bot.edge
    bot.diagnose.may_answer.clear()

    async with bot.runs():
        await edge.slash("web cannot reach checkout")
        await edge.until(lambda: bot.diagnose.running and len(edge.of("chat.postMessage")) == 2)
        edge.down = True
        bot.diagnose.may_answer.set()
        await edge.until(lambda: bot.store.documents)
    edge.down = False
    other = Bot(edge, store=FakeStore(bot.store.path))

    async with other.runs():
        await edge.until_said(DONE)
        _, [answer] = await thread_of_the_only_message(bot)
    assert said(answer).startswith("🔴 *Service shop/checkout sends to port 9999")
    assert other.diagnose.asked == []


async def test_a_rate_limit_that_lasts_is_waited_for_and_nothing_is_lost(bot: Bot) -> None:
    bot.edge.rate_limited.update({"chat.update": 20})

    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said(DONE)

        # Either of the two messages may be the last one that Slack takes.
        async with asyncio.timeout(WAIT_SECONDS):
            _, answers = await thread_of_the_only_message(bot)
            while not said(answers[0]).startswith("🔴"):
                await asyncio.sleep(LOOK_EVERY_SECONDS)
                _, answers = await thread_of_the_only_message(bot)
    assert len(answers) == 1
