"""What replicas have to know of each other: deliveries, questions, feedback, alerts, letters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.alerts import SAME_NEWS
from bot.store.audit import first_broken
from bot.store.chat_records import AlertNews, LetterKind, Opinion
from bot.store.conversation import OPEN_FOR, REMEMBERED
from bot.store.outbox import is_waiting
from bot.store.records import IncidentState
from bot.store.store import Store

BEGIN = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def replicas(tmp_path: Path, clock: Clock) -> AsyncIterator[tuple[Store, Store]]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    one, other = await Store.open(url, now=clock), await Store.open(url, now=clock)
    yield one, other
    await one.close()
    await other.close()


async def test_a_delivery_is_claimed_once_by_all(replicas: tuple[Store, Store]) -> None:
    claims = await asyncio.gather(*(store.conversation.claim("event/1") for store in replicas * 5))

    assert sorted(claims) == [False] * 9 + [True]
    assert await replicas[0].conversation.claim("event/2")


async def test_deliveries_are_forgotten_when_slack_delivers_them_no_more(
    replicas: tuple[Store, Store], clock: Clock
) -> None:
    one, other = replicas
    await one.conversation.claim("event/1")
    clock.at += REMEMBERED
    assert not await other.conversation.claim("event/1")

    clock.at += timedelta(seconds=1)
    assert await other.conversation.claim("event/1")


async def test_a_question_is_taken_once(replicas: tuple[Store, Store]) -> None:
    question = await replicas[0].conversation.keep_question("{}")

    taken = await asyncio.gather(*(store.conversation.take_question(question) for store in replicas * 3))

    assert sorted(map(str, taken)) == ["None"] * 5 + ["{}"]


async def test_a_question_nobody_answered_is_dropped(replicas: tuple[Store, Store], clock: Clock) -> None:
    one, _ = replicas
    question = await one.conversation.keep_question("{}")
    clock.at += OPEN_FOR + timedelta(seconds=1)
    await one.conversation.keep_question("{}")

    assert await one.conversation.take_question(question) is None


async def test_feedback_is_kept_with_the_incident_and_in_the_trail(replicas: tuple[Store, Store]) -> None:
    one, other = replicas
    incident = await one.add_incident(requester="U1", symptom="x")
    await one.conversation.add_feedback(incident.id, by="U2", opinion=Opinion.WRONG)
    await other.conversation.add_feedback(incident.id, by="U2", opinion=Opinion.RIGHT)

    kept = await other.conversation.feedback(incident.id)

    assert [(item.by, item.opinion) for item in kept] == [("U2", Opinion.RIGHT)]
    trail = await one.audit_trail()
    assert [entry.action for entry in trail] == ["reported", "feedback wrong", "feedback right"]
    assert first_broken(trail) == 0


async def test_the_latest_incidents_come_first(replicas: tuple[Store, Store], clock: Clock) -> None:
    one, _ = replicas
    for number in range(4):
        await one.add_incident(requester="U1", symptom=f"{number}", channel=f"C{number % 2}")
        clock.at += timedelta(minutes=1)

    assert [i.symptom for i in await one.latest_incidents(3)] == ["3", "2", "1"]
    assert [i.symptom for i in await one.latest_incidents(9, channel="C0")] == ["2", "0"]
    assert await one.latest_incidents(9, state=IncidentState.FIXED) == []


async def test_an_alert_is_new_to_one_and_its_news_are_told_once(replicas: tuple[Store, Store], clock: Clock) -> None:
    one, other = replicas
    seen = await asyncio.gather(*(store.alerts.see("f1", firing=True) for store in replicas))
    assert sorted(item.news for item in seen) == [AlertNews.KNOWN, AlertNews.NEW]

    await one.alerts.opened(["f1"], channel="C1", thread="1.0")
    clock.at += SAME_NEWS
    assert (await other.alerts.see("f1", firing=True)).news is AlertNews.KNOWN

    clock.at += timedelta(seconds=1)
    told = await other.alerts.see("f1", firing=True)
    assert (told.news, told.thread, told.times) == (AlertNews.REPEATED, "1.0", 2)

    ends = [(await store.alerts.see("f1", firing=False)).news for store in replicas]
    assert ends == [AlertNews.RESOLVED, AlertNews.KNOWN]

    back = [(await store.alerts.see("f1", firing=True)).news for store in replicas]
    assert back == [AlertNews.AGAIN, AlertNews.KNOWN]


async def test_threads_of_alerts_are_counted_once_each(replicas: tuple[Store, Store], clock: Clock) -> None:
    one, _ = replicas
    for number in range(4):
        await one.alerts.see(f"f{number}", firing=True)
        await one.alerts.opened([f"f{number}"], channel="C1", thread=f"{number // 2}.0")
        clock.at += timedelta(minutes=1)

    assert await one.alerts.threads_since(BEGIN) == [("C1", "1.0"), ("C1", "0.0")]
    assert await one.alerts.threads_since(clock.at) == []


async def test_an_alert_that_never_fired_has_no_news(replicas: tuple[Store, Store]) -> None:
    seen = await replicas[0].alerts.see("f1", firing=False)

    assert (seen.news, seen.thread) == (AlertNews.KNOWN, "")


async def test_letters_for_a_message_that_is_not_posted_wait_for_it(replicas: tuple[Store, Store]) -> None:
    one, other = replicas
    name = await one.outbox.add(LetterKind.POST, channel="C1", thread="", document="opening")
    await one.outbox.add(LetterKind.POST, channel="C1", thread=name, document="reply")
    assert is_waiting(name)
    assert await other.outbox.timestamp(name) == name

    first = await other.outbox.take()
    assert first is not None
    await other.outbox.sent(first, timestamp="5.0")
    second = await one.outbox.take()

    assert second is not None
    assert (second.document, second.thread) == ("reply", "5.0")
    assert await one.outbox.timestamp(name) == "5.0"
