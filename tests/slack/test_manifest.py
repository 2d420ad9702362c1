"""The app's manifest and its page say what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Alerts, Settings
from bot.settings import Slack as SlackSettings
from bot.slack import api
from bot.slack.actions import SHORTCUT
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
    "views.publish": "",
    "usergroups.users.list": "usergroups:read",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
}
"""The scope that each method wants, by its page at docs.slack.dev; none for those any token may call."""
OPTIONAL = {"usergroups:read"}
"""Not in the manifest: only who lets user groups ask adds it."""


def test_the_scopes_are_those_of_the_methods_called_and_of_what_is_listened_to() -> None:
    called = {name.replace("_", ".") for name in re.findall(r"client\.(\w+)\(", Path(api.__file__).read_text())}

    assert called - {"files.upload.v2"} <= set(NEEDED)
    wanted = {scope for scope in NEEDED.values() if scope} - OPTIONAL
    assert set(SCOPES) == wanted | {"commands", "app_mentions:read"}


@pytest.mark.parametrize("scope", [*SCOPES, *OPTIONAL, "connections:write"])
def test_every_scope_is_explained(scope: str) -> None:
    assert re.search(rf"^\| `{scope}`.* \| .+ \| .+ \|$", PAGE, re.MULTILINE)


def test_the_command_and_the_events_are_those_that_are_listened_to() -> None:
    assert [command["command"] for command in MANIFEST["features"]["slash_commands"]] == [COMMAND]
    assert MANIFEST["settings"]["event_subscriptions"]["bot_events"] == ["app_mention", "app_home_opened"]
    assert [item["callback_id"] for item in MANIFEST["features"]["shortcuts"]] == [SHORTCUT]
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"] is True
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_every_slack_setting_is_on_the_page() -> None:
    names = {f"NETMEDIC_SLACK__{name.upper()}" for name in SlackSettings.model_fields}
    names |= {f"NETMEDIC_ALERTS__{name.upper()}" for name in Alerts.model_fields} | {"NETMEDIC_CLUSTERS"}

    assert names <= set(re.findall(r"`(NETMEDIC_\w+)`", PAGE))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"NETMEDIC_(\w+)", PAGE))))
def test_every_setting_on_the_page_exists(name: str) -> None:
    fields = {**Settings.model_fields, **{f"slack__{field}": None for field in SlackSettings.model_fields}}
    fields |= {f"alerts__{field}": None for field in Alerts.model_fields}

    assert name.lower() in fields


def test_the_address_of_requests_is_on_the_page() -> None:
    assert f"https://netmedic.example.com{EVENTS_PATH}" in PAGE


async def test_the_methods_called_are_those_the_scopes_are_for(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said("asks: *web cannot reach checkout*\\n🔴")

    assert {call.method for call in bot.edge.calls} <= set(NEEDED)
