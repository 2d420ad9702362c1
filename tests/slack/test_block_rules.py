"""The table of Slack's limits, from both sides, and beside what slack_sdk itself checks."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack import kit
from tests.slack.block_rules import message_problems, pings, view_problems

BUTTON = kit.button("Go", action="a", value="v")


def changed(item: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {**item, **changes}


FITS = {
    "section": kit.section("a" * 3000),
    "field": {"type": "section", "fields": [kit.mrkdwn("a" * 2000)] * 10},
    "context": {"type": "context", "elements": [kit.mrkdwn("a")] * 10},
    "actions": kit.actions(*(kit.button("Go", action=f"a{n}", value="v") for n in range(25))),
    "button": kit.actions(kit.button("a" * 75, action="a" * 255, value="v" * 2000)),
    "menu": kit.actions(kit.menu("p" * 150, action="m", options=[("o" * 75, str(n).rjust(150)) for n in range(2)])),
    "header": {"type": "header", "text": kit.plain_text("a" * 150)},
}
BREAKS = {
    "long section": kit.section("a" * 3001),
    "long in UTF-16": kit.section("🔥" * 1501),
    "empty section": kit.section(""),
    "section of nothing": {"type": "section"},
    "long field": {"type": "section", "fields": [kit.mrkdwn("a" * 2001)]},
    "11 fields": {"type": "section", "fields": [kit.mrkdwn("a")] * 11},
    "11 in context": {"type": "context", "elements": [kit.mrkdwn("a")] * 11},
    "no actions": kit.actions(),
    "26 actions": kit.actions(*(kit.button("Go", action=f"a{n}", value="v") for n in range(26))),
    "same action twice": kit.actions(BUTTON, BUTTON),
    "long button": kit.actions(kit.button("a" * 76, action="a", value="v")),
    "long value": kit.actions(kit.button("Go", action="a", value="v" * 2001)),
    "mrkdwn in button": kit.actions(changed(BUTTON, text=kit.mrkdwn("Go"))),
    "style": kit.actions(changed(BUTTON, style="green")),
    "unknown property": kit.actions(changed(BUTTON, colour="green")),
    "unknown block": {"type": "carousel"},
    "no options": kit.actions(kit.menu("p", action="m", options=[])),
    "101 options": kit.actions(kit.menu("p", action="m", options=[("o", str(n)) for n in range(101)])),
    "long option": kit.actions(kit.menu("p", action="m", options=[("o" * 76, "v")])),
    "long option value": kit.actions(kit.menu("p", action="m", options=[("o", "v" * 151)])),
    "same option twice": kit.actions(kit.menu("p", action="m", options=[("o", "v"), ("o", "v")])),
    "long header": {"type": "header", "text": kit.plain_text("a" * 151)},
    "header in mrkdwn": {"type": "header", "text": kit.mrkdwn("a")},
    "long confirm": kit.actions(
        changed(BUTTON, confirm=kit.confirm(title="t", text="a" * 301, yes="y", no="n")),
    ),
}


@pytest.mark.parametrize("name", FITS)
def test_what_slack_takes_is_taken(name: str) -> None:
    assert [problem for problem in message_problems([FITS[name]]) if problem != "msg_blocks_too_long"] == []


@pytest.mark.parametrize("name", BREAKS)
def test_what_slack_refuses_is_refused(name: str) -> None:
    assert message_problems([BREAKS[name]]) != []


def test_a_message_has_at_most_50_blocks() -> None:
    assert message_problems([kit.divider()] * 50) == []
    assert message_problems([kit.divider()] * 51) != []


def test_a_message_is_too_long_as_a_whole() -> None:
    assert message_problems([kit.section("a" * 2900)] * 4) == []
    assert message_problems([kit.section("a" * 2900)] * 5) == ["msg_blocks_too_long"]


def test_a_modal_has_at_most_100_blocks_and_a_short_title() -> None:
    assert view_problems(kit.modal("t" * 24, [kit.divider()] * 100)) == []
    assert view_problems(kit.modal("t" * 25, [kit.divider()])) != []
    assert view_problems(kit.modal("t", [kit.divider()] * 101)) != []


@pytest.mark.parametrize(
    "text",
    ["<!channel>", "<@U0000ALICE>", "@here", "<https://x.example|y>", ":fire:", "a < b", "`open", "\u202e", "&x"],
)
def test_what_pings_or_acts_is_seen(text: str) -> None:
    assert pings(kit.mrkdwn(text)) != []


def test_our_own_mention_is_known() -> None:
    assert pings(kit.mrkdwn("<@U0000ALICE> asks"), known=frozenset({"U0000ALICE"})) == []


def test_text_that_is_not_verbatim_is_seen() -> None:
    assert pings({"type": "mrkdwn", "text": "a"}) != []
