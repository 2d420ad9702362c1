"""The app's manifest and its page say what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings
from bot.settings import Slack as SlackSettings
from bot.slack import api
from bot.slack.diagnose import COMMAND
from bot.slack.receive import EVENTS_PATH
from tests.slack.conftest import Bot

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "slack.md").read_text()
MANIFEST: dict[str, Any] = yaml.safe_load((DOCS / "slack-app-manifest.yaml").read_text())
SCOPES = MANIFEST["oauth_config"]["scopes"]["bot"]

NEEDED = {
    "auth.test": "",
    "apps.connections.open": "",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.postEphemeral": "chat:write",
    "views.open": "",
    "views.update": "",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
}
"""The scope that each method wants, by its page at docs.slack.dev; none for those any token may call."""


def test_the_scopes_are_those_of_the_methods_called_and_of_what_is_listened_to() -> None:
    called = re.findall(r"client\.(\w+)\(", Path(api.__file__).read_text())

    assert {name.replace("_", ".", 1) for name in called} - {"files.upload_v2"} <= set(NEEDED)
    assert set(SCOPES) == {scope for scope in NEEDED.values() if scope} | {"commands", "app_mentions:read"}


@pytest.mark.parametrize("scope", [*SCOPES, "connections:write"])
def test_every_scope_is_explained(scope: str) -> None:
    assert re.search(rf"^\| `{scope}`.* \| .+ \| .+ \|$", PAGE, re.MULTILINE)


def test_the_command_and_the_events_are_those_that_are_listened_to() -> None:
    assert [command["command"] for command in MANIFEST["features"]["slash_commands"]] == [COMMAND]
    assert MANIFEST["settings"]["event_subscriptions"]["bot_events"] == ["app_mention"]
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_every_slack_setting_is_on_the_page() -> None:
    names = {f"NETMEDIC_SLACK__{name.upper()}" for name in SlackSettings.model_fields}

    assert names <= set(re.findall(r"`(NETMEDIC_SLACK__\w+)`", PAGE))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"NETMEDIC_(\w+)", PAGE))))
def test_every_setting_on_the_page_exists(name: str) -> None:
    fields = {**Settings.model_fields, **{f"slack__{field}": None for field in SlackSettings.model_fields}}

    assert name.lower() in fields


def test_the_address_of_requests_is_on_the_page() -> None:
    assert f"https://netmedic.example.com{EVENTS_PATH}" in PAGE


async def test_the_methods_called_are_those_the_scopes_are_for(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said("asks: *web cannot reach checkout*\\n🔴")

    assert {call.method for call in bot.edge.calls} <= set(NEEDED)
