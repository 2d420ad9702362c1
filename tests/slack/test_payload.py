"""What Slack sends, read into values."""

from __future__ import annotations

import pytest

from bot.slack import payload
from bot.slack.actions import DETAILS, Detail, detail_of, details
from bot.slack.identity import Identity, authorizer
from bot.slack.messages.pieces import mention
from bot.slack.ports import Person, Place
from bot.slack.question_blocks import answer_of

HOME = Identity(team="T1", enterprise="", bot="B1", bot_user="U1")


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("<@U01BOT> web cannot reach cart", "web cannot reach cart"),
        ("<@U01BOT|netmedic> dns slow", "dns slow"),
        ("to <http://api.example.com|api.example.com> fails", "to api.example.com fails"),
        ("to <https://api.example.com/x> fails", "to api.example.com/x fails"),
        ("to <mailto:a@b.example|a@b.example>", "to a@b.example"),
        ("in <#C01|general>", "in general"),
        ("<!channel> help", "help"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&lt;!channel&gt;", "<!channel>"),
        ("10 < 20", "10 < 20"),
        ("  ", ""),
    ],
)
def test_a_text_is_read_as_it_was_typed(text: str, typed: str) -> None:
    assert payload.as_typed(text) == typed


def test_a_command_knows_who_and_where() -> None:
    body = {
        "command": "/netmedic",
        "text": " dns slow ",
        "team_id": "T1",
        "user_id": "U2",
        "channel_id": "C1",
        "trigger_id": "9.9",
    }

    assert payload.command(body) == payload.Command(
        delivery="command/9.9",
        name="/netmedic",
        text="dns slow",
        person=Person(team="T1", user="U2"),
        channel="C1",
        trigger_id="9.9",
    )


@pytest.mark.parametrize(("thread", "expected"), [({}, "2.0"), ({"thread_ts": "1.0"}, "1.0")])
def test_a_mention_is_answered_in_its_thread_or_opens_one(thread: dict[str, str], expected: str) -> None:
    event = {"type": "app_mention", "user": "U2", "text": "<@U1> hi", "ts": "2.0", "channel": "C1", **thread}

    read = payload.mention({"event_id": "Ev1", "team_id": "T1", "event": event})
    assert read.place == Place(channel="C1", thread=expected)
    assert read.person == Person(team="T1", user="U2")
    assert not read.is_from_bot


def test_who_clicked_is_the_user_of_the_interaction() -> None:
    body = {
        "user": {"id": "U2", "team_id": "T2", "name": "U3"},
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "message": {"ts": "2.0", "thread_ts": "1.0", "text": "approved by <@U3>", "blocks": [{"type": "divider"}]},
        "trigger_id": "9.9",
        "actions": [{"action_id": "netmedic.approve", "value": "hash", "type": "button"}],
    }

    read = payload.click(body)
    assert read.person == Person(team="T2", user="U2")
    assert (read.action, read.value, read.message, read.place.thread) == ("netmedic.approve", "hash", "2.0", "1.0")


def test_a_click_without_a_message_is_read_too() -> None:
    read = payload.click({"user": {"id": "U2"}, "trigger_id": "9.9", "actions": [{"action_id": "x"}]})

    assert (read.value, read.message, read.blocks) == ("", "", ())


def test_a_guest_has_another_name_than_the_person_with_the_same_id() -> None:
    assert HOME.name_of(Person(team="T1", user="U2")) == "U2"
    assert HOME.name_of(Person(team="T2", user="U2")) == "T2/U2"


@pytest.mark.parametrize(
    ("identity", "enterprise", "team", "taken"),
    [
        (HOME, None, "T1", True),
        (HOME, None, "T2", False),
        (HOME, None, None, False),
        (HOME, "", None, False),
        (Identity(team="T1", enterprise="E1", bot="B1", bot_user="U1"), "E1", None, True),
        (Identity(team="T1", enterprise="E1", bot="B1", bot_user="U1"), "E2", "T2", False),
    ],
)
async def test_requests_of_other_workspaces_are_not_taken(
    identity: Identity, enterprise: str | None, team: str | None, taken: bool
) -> None:
    authorize = authorizer(identity)

    assert (await authorize(enterprise_id=enterprise, team_id=team) is not None) is taken


@pytest.mark.parametrize(
    ("user_id", "shown"),
    [("U0000ALICE", "<@U0000ALICE>"), ("T2/U0000ALICE", "<@U0000ALICE>"), ("!channel", "`!channel`"), ("", "`-`")],
)
def test_only_ids_become_mentions(user_id: str, shown: str) -> None:
    assert mention(user_id) == shown


@pytest.mark.parametrize("detail", Detail)
def test_a_button_to_a_detail_is_read_back(detail: Detail) -> None:
    assert DETAILS.search(details(detail))
    assert detail_of(details(detail)) is detail


@pytest.mark.parametrize("action", ["netmedic.details.secrets", "netmedic.details.", "x.netmedic.details.ruled_out"])
def test_a_button_to_no_detail_is_not_ours(action: str) -> None:
    assert not DETAILS.search(action)


@pytest.mark.parametrize(
    ("value", "answer"), [("abc/2", ("abc", 2)), ("abc/x", ("abc", -1)), ("abc", ("", -1)), ("", ("", -1))]
)
def test_an_answer_names_its_question_and_a_number(value: str, answer: tuple[str, int]) -> None:
    assert answer_of(value) == answer
