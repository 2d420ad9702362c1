"""Starting, being healthy, connecting anew, and stopping."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.logs import JsonLines
from bot.settings import Settings
from bot.slack.errors import CannotServe
from bot.slack.live import Pace
from bot.slack.serve import running, serve
from tests.slack.conftest import Bot, settings_for
from tests.slack.edge import Edge
from tests.slack.fakes import FakeDiagnose
from tests.slack.fixtures import wrong_port
from tests.slack.test_flows import said, thread_of_the_only_message

NOTHING = SecretStr("")


async def start(edge: Edge, mode: Any = "socket", **changes: object) -> None:
    """Start a bot, and stop it at once."""
    parts = Bot(edge)
    try:
        async with running(settings_for(edge, mode, **changes), parts.backend):
            pass
    finally:
        await parts.store.close()


@pytest.mark.parametrize(
    ("mode", "changes", "said_so"),
    [
        ("socket", {"bot_token": NOTHING}, r"^NETMEDIC_SLACK__BOT_TOKEN is not set \(slack.bot_token in the settings"),
        ("socket", {"app_token": NOTHING}, r"^NETMEDIC_SLACK__APP_TOKEN is not set"),
        ("http", {"signing_secret": NOTHING}, r"^NETMEDIC_SLACK__SIGNING_SECRET is not set"),
        ("socket", {"bot_token": SecretStr("xapp-1")}, r"^slack.bot_token holds an app-level token \(xapp-\)"),
        ("socket", {"bot_token": SecretStr("xoxb-old")}, r"^Slack refuses slack.bot_token: invalid_auth\.$"),
        ("socket", {"app_token": SecretStr("xapp-old")}, r"^Slack refuses slack.app_token: invalid_auth\.$"),
        (
            "socket",
            {"api_url": "http://127.0.0.1:1/api/"},
            r"^Slack cannot be reached at http://127.0.0.1:1/api/ \(ClientConnectorError\). Check the network, HTTPS",
        ),
    ],
)
async def test_what_keeps_it_from_starting_names_the_setting(
    edge: Edge, mode: str, changes: dict[str, object], said_so: str
) -> None:
    with pytest.raises(CannotServe, match=said_so):
        await start(edge, mode, **changes)


async def test_a_port_in_use_is_named(bot: Bot, edge: Edge) -> None:
    async with bot.runs():
        with pytest.raises(CannotServe, match=rf"^Port {bot.port} of 127.0.0.1 cannot be used \("):
            await start(edge, "http", http_port=bot.port)


async def test_http_mode_needs_no_app_token_and_opens_no_websocket(edge: Edge) -> None:
    await start(edge, "http", app_token=NOTHING)

    assert [call.method for call in edge.calls] == ["auth.test"]


async def health(bot: Bot, path: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{bot.port}{path}") as answer:
        return answer.status, await answer.json()


async def test_a_bot_that_works_is_alive_and_ready(bot_in_mode: Bot) -> None:
    async with bot_in_mode.runs():
        assert await health(bot_in_mode, "/healthz") == (200, {"status": "alive"})
        assert await health(bot_in_mode, "/readyz") == (200, {"status": "ready"})


async def test_what_is_wrong_is_named_and_the_bot_is_alive(bot_in_mode: Bot) -> None:
    async with bot_in_mode.runs():
        bot_in_mode.store.problem = "The database netmedic.db is busy."

        assert await health(bot_in_mode, "/readyz") == (
            503,
            {"status": "not ready", "wrong": {"store": "The database netmedic.db is busy."}},
        )
        assert (await health(bot_in_mode, "/healthz"))[0] == 200


async def test_a_token_that_was_revoked_is_not_ready(edge: Edge) -> None:
    bot = Bot(edge, mode="http")

    async with bot.runs():
        edge.refused["auth.test"] = "token_revoked"

        assert await health(bot, "/readyz") == (
            503,
            {"status": "not ready", "wrong": {"slack": "Slack refuses: token_revoked"}},
        )


async def test_it_connects_anew_when_slack_asks_for_it(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.disconnect("refresh_requested")
        await bot.edge.until(lambda: bot.edge.opened == 2 and bot.edge.connected == 1)
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said("asks: *web cannot reach checkout*\\n🔴")

    assert len(bot.diagnose.asked) == 1


async def test_two_replicas_answer_each_command_once(edge: Edge) -> None:
    one, other = Bot(edge), Bot(edge)

    async with one.runs(), other.runs():
        assert edge.connected == 2
        for number in range(10):
            await edge.slash(f"symptom {number}")
        await edge.until(lambda: len(one.store.documents) + len(other.store.documents) == 10)

    asked = [symptom for bot in (one, other) for symptom, _ in bot.diagnose.asked]
    assert sorted(asked) == sorted(f"symptom {number}" for number in range(10))
    assert len(one.diagnose.asked) == len(other.diagnose.asked) == 5


async def test_it_finishes_what_was_begun(bot_in_mode: Bot) -> None:
    edge = bot_in_mode.edge
    bot_in_mode.diagnose.may_answer.clear()

    async with bot_in_mode.runs():
        await edge.slash("web cannot reach checkout")
        await edge.until(lambda: bot_in_mode.diagnose.running)
        asyncio.get_running_loop().call_later(0.05, bot_in_mode.diagnose.may_answer.set)

    _, [answer] = await thread_of_the_only_message(bot_in_mode)
    assert said(answer).startswith("🔴 *Service shop/checkout sends to port 9999")


async def test_what_it_cannot_finish_says_that_it_was_stopped(bot: Bot) -> None:
    bot.diagnose.may_answer.clear()

    async with bot.runs(stop_seconds=0.2):
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until(lambda: bot.diagnose.running)

    _, [answer] = await thread_of_the_only_message(bot)
    assert said(answer) == "⚪ I was stopped before I was done. Please ask again in a minute."


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it(bot: Bot, number: signal.Signals) -> None:
    settings = Settings().model_copy(update={"slack": bot.settings})

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(serve(settings, bot.backend))
        await bot.edge.until(lambda: bot.edge.connected)
        os.kill(os.getpid(), number)
    await bot.store.close()

    assert bot.edge.connected == 0


async def test_no_token_reaches_the_log(bot_in_mode: Bot, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        async with bot_in_mode.runs(pace=Pace(every_seconds=0)):
            await bot_in_mode.edge.slash("web cannot reach checkout")
            await bot_in_mode.edge.until_said("asks: *web cannot reach checkout*\\n🔴")

    assert "xoxb-" not in caplog.text
    assert "xapp-" not in caplog.text
    assert "test-signing-secret" not in caplog.text


async def exposed(bot: Bot) -> list[str]:
    """Return the lines at ``/metrics``."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{bot.port}/metrics") as answer:
        assert answer.content_type == "text/plain"
        return (await answer.text()).splitlines()


async def test_a_part_of_the_process_that_has_ended_is_not_alive(bot: Bot) -> None:
    bot.store.outbox.take = None  # type: ignore[assignment,method-assign]  # whatever ends the task

    async def asked() -> Any:
        async with bot.runs(), asyncio.timeout(10):
            while (answer := await health(bot, "/healthz"))[0] == 200:
                pass
            answers.append(answer)

    answers: list[Any] = []
    with pytest.raises(TypeError):
        await asked()

    assert answers == [(503, {"status": "not alive", "wrong": {"letters": "it has ended"}})]


async def test_a_loop_that_does_not_answer_is_not_alive(bot: Bot) -> None:
    async def stuck() -> str:
        await asyncio.Event().wait()
        return ""

    bot.alive = {"diagnoses": stuck}
    async with bot.runs():
        answer = await health(bot, "/healthz")

    assert answer == (503, {"status": "not alive", "wrong": {"diagnoses": "no answer in 2 s"}})


async def test_metrics_tell_which_part_does_not_answer(bot: Bot) -> None:
    async def unreachable() -> str:
        return "it cannot be reached"

    bot.checks = {"cluster prod": unreachable}
    async with bot.runs():
        bot.store.problem = "The database netmedic.db is busy."
        lines = await exposed(bot)

    assert {
        'netmedic_ready{part="slack"} 1.0',
        'netmedic_ready{part="store"} 0.0',
        'netmedic_ready{part="clusters"} 0.0',
    } <= set(lines)
    assert "prod" not in "\n".join(lines)


async def test_calls_of_slack_and_what_is_sent_again_are_counted(bot: Bot) -> None:
    bot.edge.rate_limited["chat.postMessage"] = 1

    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said("asks: *web cannot reach checkout*\\n🔴")
        lines = await exposed(bot)

    assert {
        'netmedic_slack_calls_total{method="auth.test",outcome="answered"} 1.0',
        'netmedic_slack_calls_total{method="chat.postMessage",outcome="ratelimited"} 1.0',
        'netmedic_slack_retries_total{reason="ratelimited"} 1.0',
    } <= set(lines)


class TellingDiagnose(FakeDiagnose):
    """A diagnosis that says something."""

    async def __call__(self, symptom: str, **how: Any) -> Any:
        logging.getLogger("bot.diagnosis").info("looked at it")
        return await super().__call__(symptom, **how)


class Lines(logging.Handler):
    """What is logged, as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines(str))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


async def test_what_is_kept_and_what_is_logged_have_the_same_id(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    logged, logger = Lines(), logging.getLogger("bot")
    bot.diagnose = TellingDiagnose(wrong_port())

    logger.addHandler(logged)
    try:
        with caplog.at_level("INFO", logger="bot"):
            async with bot.runs():
                await bot.edge.slash("web cannot reach checkout")
                await bot.edge.until_said("asks: *web cannot reach checkout*\\n🔴")
    finally:
        logger.removeHandler(logged)

    [incident] = bot.store.documents
    [told] = [json.loads(line) for line in logged.lines if "looked at it" in line]
    assert told["incident"] == incident
