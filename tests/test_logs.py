"""Lines of the log."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from pydantic import SecretStr

from bot.cli.logs import set_up
from bot.configuration import secrets_in
from bot.logs import JsonLines, about, masking
from bot.settings import Settings, Slack


def record(text: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("bot.slack.mail", logging.WARNING, "", 0, text, arguments, None)


def read(line: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(line)
    return found


async def test_every_line_of_an_incident_carries_its_id_in_what_it_starts_too() -> None:
    lines = JsonLines(str)

    async def request(incident: str) -> list[str]:
        about(incident)
        started = asyncio.create_task(asyncio.to_thread(lines.format, record("x")))
        return [read(line)["incident"] for line in (lines.format(record("x")), await started)]

    found = list(await asyncio.gather(asyncio.create_task(request("a")), asyncio.create_task(request("b"))))

    assert found == [["a", "a"], ["b", "b"]]


def test_a_line_about_no_incident_has_none() -> None:
    found = read(JsonLines(str).format(record("told %s", "nobody")))

    assert {key: value for key, value in found.items() if key != "time"} == {
        "level": "WARNING",
        "logger": "bot.slack.mail",
        "message": "told nobody",
    }


def test_hostile_text_stays_one_line_that_acts_on_nothing() -> None:
    line = JsonLines(str).format(record("pod %s", 'a\n{"level": "INFO"}\x1b[31m\u202e\u2028'))

    assert line.isascii()
    assert line.isprintable()
    assert read(line)["message"] == 'pod a\n{"level": "INFO"}\x1b[31m\u202e\u2028'


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://netmedic:s3cr%2Ft@db", "postgresql://netmedic:**********@db"),
        ("with s3cr/t in it", "with ********** in it"),
        ("sent app-level-1 and xoxb-unknown-token", "sent ********** and **********"),
        ("a foxbat-like word", "a foxbat-like word"),
    ],
)
def test_secrets_are_masked_by_their_value_and_by_their_look(text: str, masked: str) -> None:
    settings = Settings(
        slack=Slack(bot_token=SecretStr("short"), app_token=SecretStr("app-level-1")),
        database_url="postgresql+psycopg://netmedic:s3cr%2Ft@db:5432/netmedic",
    )

    assert masking(secrets_in(settings))(text) == masked


def test_the_trace_of_an_error_is_masked_too() -> None:
    with pytest.raises(ValueError, match="xoxb") as refused:
        int("xoxb-1234567890")
    failed = logging.LogRecord("bot", logging.ERROR, "", 0, "broken", (), refused._excinfo)

    line = JsonLines(masking(())).format(failed)

    assert "ValueError: invalid literal for int() with base 10: '**********'" in read(line)["trace"]
    assert "1234567890" not in line


@pytest.mark.parametrize("as_json", [True, False])
def test_the_log_masks_what_it_is_told(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    before = logging.root.handlers[:]
    try:
        set_up(logging.INFO, as_json=as_json, secrets=["hunter2hunter2"])
        logging.getLogger("bot.test").info("password hunter2hunter2")
    finally:
        logging.basicConfig(handlers=before, force=True)

    said = capsys.readouterr().err
    assert "password **********" in said
    assert said.startswith("{") is as_json
