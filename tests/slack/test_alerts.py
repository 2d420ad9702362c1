"""Alertmanager's webhook: one thread for each alert, nothing told twice, floods together, strangers refused."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.diagnosis.symptom import parse
from bot.settings import Alerts
from bot.slack import alert_payload
from bot.slack.alert_payload import Alert, NotAnAlert
from bot.slack.errors import CannotServe
from bot.store.alerts import SAME_NEWS
from tests.slack.conftest import Bot
from tests.slack.edge import BOT_USER, Edge
from tests.slack.fixtures import NASTY
from tests.slack.test_clusters import TWO
from tests.slack.test_flows import said, thread_of_the_only_message

TOKEN = "an alertmanager's token"


def alert(name: str = "TargetDown", *, status: str = "firing", fingerprint: str = "", **labels: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "namespace": "shop", "service": "checkout", "severity": "critical", **labels},
        "annotations": {"summary": "checkout cannot be reached"},
        "startsAt": "2026-03-02T09:15:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": fingerprint or f"{name.lower()}0a",
    }


def payload(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": '{}:{alertname="TargetDown"}',
        "status": "firing",
        "receiver": "netmedic",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager",
        "truncatedAlerts": 0,
        "alerts": list(alerts),
        **more,
    }


async def send(bot: Bot, body: Any, *, token: str = TOKEN) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"http://127.0.0.1:{bot.port}/alerts", data=io.BytesIO(data), headers=headers) as answer,
    ):
        return answer.status


@pytest.fixture
def alerted(any_bot: Bot) -> Bot:
    any_bot.alerts = Alerts(token=SecretStr(TOKEN), channel=any_bot.edge.workspace.channel)
    return any_bot


@pytest.fixture
def here(bot: Bot) -> Bot:
    bot.alerts = Alerts(token=SecretStr(TOKEN), channel=bot.edge.workspace.channel)
    return bot


def later(bot: Bot) -> None:
    """Let so much time pass that the same news is no double delivery."""
    now = datetime.now(UTC) + 2 * SAME_NEWS
    bot.store.alerts._now = lambda: now


async def test_an_alert_opens_a_thread_and_is_diagnosed(alerted: Bot) -> None:
    async with alerted.runs():
        status = await send(alerted, payload(alert()))
        await alerted.edge.until_said("🟡 Alert *TargetDown* in shop · checkout cannot be reached\\n🔴")

        opening, [answer] = await thread_of_the_only_message(alerted)
    assert status == 200
    assert said(opening).startswith(
        "🟡 Alert *TargetDown* in shop · checkout cannot be reached\n🔴 *Service shop/checkout"
    )
    assert said(answer).startswith("🔴 *Service shop/checkout sends to port 9999")
    [(symptom, _)] = alerted.diagnose.asked
    assert symptom == "checkout cannot be reached\nnamespace=shop\nservice=checkout"
    assert [incident.requester for incident in alerted.store.incidents.values()] == [BOT_USER]


async def test_repeats_its_end_and_its_return_are_told_in_its_thread(alerted: Bot) -> None:
    edge = alerted.edge

    async with alerted.runs():
        await send(alerted, payload(alert()))
        await edge.until_said("cannot be reached\\n🔴")
        later(alerted)
        await send(alerted, payload(alert()))
        await edge.until_said("⚪ *TargetDown* still fires (told 2 times).")
        await send(alerted, payload(alert(status="resolved")))
        await edge.until_said("🟢 *TargetDown* is resolved.")
        await send(alerted, payload(alert()))
        await edge.until_said("🟡 *TargetDown* fires again. Looking once more …")
        await edge.until(lambda: len(alerted.store.documents) == 2)

        [opening] = await edge.messages()
    assert opening
    assert len(alerted.diagnose.asked) == 2


async def test_what_two_alertmanagers_send_is_told_once(here: Bot) -> None:
    async with here.runs():
        statuses = await asyncio.gather(*(send(here, payload(alert())) for _ in range(5)))
        await here.edge.until_said("cannot be reached\\n🔴")
        await send(here, payload(alert(status="resolved")))
        await here.edge.until_said("is resolved")
        await send(here, payload(alert(status="resolved")))

        _, thread = await thread_of_the_only_message(here)
    assert statuses == [200] * 5
    assert len(thread) == 2


async def test_an_end_without_a_beginning_is_not_told(here: Bot) -> None:
    async with here.runs():
        assert await send(here, payload(alert(status="resolved"))) == 200

    assert await here.edge.messages() == []


async def test_a_flood_shares_a_thread_and_a_diagnosis(alerted: Bot) -> None:
    async with alerted.runs():
        await send(alerted, payload(*(alert(f"Down{number}") for number in range(30))))
        await alerted.edge.until(lambda: alerted.store.documents)
        await send(alerted, payload(*(alert(f"Down{number}", status="resolved") for number in range(30))))
        await alerted.edge.until_said("🟢 *Down29* is resolved.")

        [opening] = await alerted.edge.messages()
    assert said(opening).startswith("🔴 *30 alerts at once*, told together:\n• *Down0* in shop · checkout cannot")
    assert [symptom for symptom, _ in alerted.diagnose.asked] == ["something is wrong in namespace shop"]


async def test_after_many_threads_the_next_join_the_last(here: Bot) -> None:
    async with here.runs():
        for number in range(5):
            await send(here, payload(alert(f"Down{number}")))
            await here.edge.until_said(f"Alert *Down{number}* in shop · checkout cannot be reached\\n🔴")
        await send(here, payload(alert("OneMore")))
        await here.edge.until_said("🔴 Many alerts within minutes, so these are told here too:\\n• *OneMore*")

    assert len(await here.edge.messages()) == 5
    assert len(here.diagnose.asked) == 5


async def test_the_cluster_is_the_one_the_alert_names(here: Bot) -> None:
    here.clusters = TWO

    async with here.runs():
        await send(here, payload(alert(cluster="prod-staging")))
        await here.edge.until(lambda: here.store.documents)

    assert here.diagnose.clusters == ["prod-staging"]


async def test_alerts_go_to_the_channel_for_details_where_names_are_kept_out(here: Bot) -> None:
    here.changes["details_channel"] = here.edge.workspace.channel
    here.alerts = here.alerts.model_copy(update={"channel": "C0PUBLIC"})

    async with here.runs():
        await send(here, payload(alert()))
        await here.edge.until(lambda: here.store.documents)

    assert {call.arguments["channel"] for call in here.edge.of("chat.postMessage")} == {here.edge.workspace.channel}


async def test_an_alert_that_cannot_be_told_is_new_when_it_comes_again(
    here: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    here.edge.refused["chat.postMessage"] = "not_in_channel"

    async with here.runs():
        await send(here, payload(alert()))
        await here.edge.until(lambda: "alerts cannot be told in" in caplog.text)
        here.edge.refused.clear()
        await send(here, payload(alert()))
        await here.edge.until(lambda: here.store.documents)


# Who may send, and what -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "another", TOKEN[:-1], TOKEN.upper()])
async def test_strangers_are_refused(here: Bot, token: str) -> None:
    async with here.runs():
        assert await send(here, payload(alert()), token=token) == 401

    assert here.diagnose.asked == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (json.dumps(payload(alert(), version="3")).encode(), 400),
        (json.dumps(payload({"status": "firing"})).encode(), 400),
        (json.dumps(payload(alert(summary="x" * 2_000_000))).encode(), 413),
        (json.dumps(payload()).encode(), 200),
    ],
    ids=["nothing", "a list", "no text", "version", "no labels", "too large", "no alerts"],
)
async def test_what_is_no_payload_is_refused(here: Bot, body: bytes, status: int) -> None:
    async with here.runs():
        assert await send(here, body) == status

    assert here.diagnose.asked == []


async def test_while_the_store_fails_alertmanager_is_told_to_send_again(here: Bot) -> None:
    async with here.runs():
        here.store.problem = "The database netmedic.db is busy."
        assert await send(here, payload(alert())) == 503


async def test_without_a_token_there_is_no_webhook(bot: Bot) -> None:
    async with bot.runs():
        assert await send(bot, payload(alert()), token="") == 404


async def test_a_token_wants_a_channel(edge: Edge) -> None:
    bot = Bot(edge, alerts=Alerts(token=SecretStr(TOKEN)))

    with pytest.raises(CannotServe, match=r"^NETMEDIC_ALERTS__CHANNEL is not set"):
        async with bot.runs():
            pass


# What it complains about ----------------------------------------------------------------------------------------------


def test_an_alert_is_understood_by_its_labels() -> None:
    said = parse(alert_payload.symptom_of(Alert(**only(alert(pod="checkout-1", node="node1")))))

    assert (said.target.text, said.namespace) == ("checkout", "shop")


def only(given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("status", "labels", "annotations", "fingerprint")}


@dataclass(frozen=True)
class Words:
    annotations: dict[str, str]
    summary: str


@pytest.mark.parametrize(
    "words",
    [
        Words({"summary": "a", "description": "b"}, "a"),
        Words({"summary": " ", "description": "b"}, "b"),
        Words({}, "Kube Node Unreachable"),
    ],
)
def test_what_an_alert_says_is_its_summary_or_the_next_best(words: Words) -> None:
    assert Alert("firing", {"alertname": "KubeNodeUnreachable"}, words.annotations).summary == words.summary


@pytest.mark.parametrize("nasty", NASTY)
def test_any_alert_has_a_symptom_that_is_not_too_long(nasty: str) -> None:
    hostile = Alert("firing", {"alertname": nasty, "namespace": nasty, "pod": nasty}, {"summary": nasty}, nasty)

    assert len(alert_payload.symptom_of(hostile)) <= 2000
    assert 0 < len(hostile.key) <= 64
    assert len(alert_payload.symptom_of_flood([hostile] * 9)) <= 2000


def test_alerts_of_several_namespaces_are_about_the_whole_cluster() -> None:
    some = [Alert("firing", {"namespace": name}) for name in ("a", "b")]

    assert alert_payload.symptom_of_flood(some) == "something is wrong"


def test_the_same_labels_make_the_same_alert() -> None:
    assert Alert("firing", {"a": "1", "b": "2"}).key == Alert("resolved", {"b": "2", "a": "1"}).key
    assert Alert("firing", {"a": "1"}).key != Alert("firing", {"a": "2"}).key


def test_only_json_is_a_payload() -> None:
    with pytest.raises(NotAnAlert, match="This is no payload of Alertmanager's webhook"):
        alert_payload.read(b"alerts: []")
