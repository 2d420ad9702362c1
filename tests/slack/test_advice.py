"""Advice in Slack: commands look like commands."""

from __future__ import annotations

import pytest

from bot.slack.messages import pieces


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Grant it; `netmedic doctor` lists what is missing.", "Grant it; `netmedic doctor` lists what is missing."),
        ("`a` `b`", "`a` `b`"),
        ("one ` alone", "one \u02cb alone"),
        ("<!channel> `<@U0000ALICE>`", "&lt;!channel&gt; `&lt;@U0000ALICE&gt;`"),
        ("", "-"),
    ],
)
def test_commands_in_advice_are_code_and_nothing_else_is(text: str, told: str) -> None:
    assert pieces.with_commands(text) == told
