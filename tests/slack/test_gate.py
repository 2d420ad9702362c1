"""Who may ask, where, and who sees names."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.api import CannotWrite
from bot.slack.gate import MEMBERS_SECONDS, Gate
from bot.slack.ports import Person
from bot.slack.privacy import Privacy
from tests.slack.conftest import Bot
from tests.slack.edge import ALICE, BOB, TEAM
from tests.slack.fakes import FakeClock
from tests.slack.test_clusters import TWO
from tests.slack.test_flows import said
from tests.slack.test_talk import asked

PERSON = Person(team="T1", user="U1")


class Groups:
    """Slack's user groups."""

    def __init__(self, **members: list[str]) -> None:
        self.members = members
        self.asked = 0

    async def group_members(self, group: str) -> list[str]:
        self.asked += 1
        if group not in self.members:
            raise CannotWrite("missing_scope")
        return self.members[group]


def gate(groups: Groups, clock: FakeClock, **allowed: Any) -> Gate:
    slack: Any = groups
    return Gate(slack=slack, now=clock.now, **allowed)


@pytest.mark.parametrize(
    ("allowed", "channel", "told"),
    [
        ({}, "C1", ""),
        ({"workspaces": ("T1",)}, "C1", ""),
        ({"workspaces": ("T2",)}, "C1", "I work for another workspace."),
        ({"channels": ("C000001",)}, "C000001", ""),
        ({"channels": ("C000001",)}, "C000002", "I do not answer in this channel. Ask in <#C000001>."),
        ({"channels": ("C000001",)}, "", ""),
        ({"user_groups": ("S1", "S2")}, "C1", ""),
        ({"user_groups": ("S1",)}, "C1", "You are in none of the user groups that may ask me."),
        ({"user_groups": ("S9",)}, "C1", "I could not check whether you may ask (missing_scope)"),
        ({"user_groups": ("S2", "S9")}, "C1", "I could not check whether you may ask (missing_scope)"),
    ],
)
async def test_what_is_not_allowed_is_told(allowed: dict[str, tuple[str, ...]], channel: str, told: str) -> None:
    why = await gate(Groups(S1=["U2"], S2=["U1"]), FakeClock(), **allowed).why_not(PERSON, channel)

    assert why.startswith(told)
    assert bool(why) == bool(told)


async def test_members_are_asked_for_once_a_minute() -> None:
    clock, groups = FakeClock(), Groups(S1=[])
    checked = gate(groups, clock, user_groups=("S1",))
    assert await checked.why_not(PERSON, "C1")

    groups.members["S1"] = ["U1"]
    assert await checked.why_not(PERSON, "C1")
    clock.seconds += MEMBERS_SECONDS + 1

    assert await checked.why_not(PERSON, "C1") == ""
    assert groups.asked == 2


@pytest.mark.parametrize("way", ["command", "mention", "click"])
async def test_who_may_not_ask_is_told_alone_and_nothing_is_done(bot_in_mode: Bot, way: str) -> None:
    edge = bot_in_mode.edge
    edge.workspace.groups = {"S1": [BOB]}  # type: ignore[attr-defined]
    bot_in_mode.changes["user_groups"] = ("S1",)

    async with bot_in_mode.runs():
        if way == "command":
            await edge.slash("dns is slow")
            await edge.until_whispered("You are in none of the user groups")
        elif way == "mention":
            await edge.mention("dns is slow")
            [told] = await edge.until(lambda: edge.of("chat.postEphemeral"))
            assert told.arguments["user"] == ALICE
        else:
            await edge.slash("web cannot reach checkout", user=BOB)
            await edge.until_said("asks: *web cannot reach checkout*\\n🔴")
            [opening] = await edge.messages()
            [answer] = await edge.thread(opening["ts"])
            await edge.click(answer, "netmedic.again", user=ALICE)
            await edge.until_whispered("You are in none of the user groups")

    assert len(bot_in_mode.diagnose.asked) == (way == "click")


async def test_an_organisations_people_are_answered_and_others_not(bot: Bot) -> None:
    answer = {"team_id": "", "enterprise_id": "E1", "user_id": "U01BOT", "bot_id": "B01BOT"}
    bot.edge.workspace.identity = answer  # type: ignore[attr-defined]

    async with bot.runs():
        await bot.edge.slash("dns is slow", team="T777777777", enterprise_id="E1")
        await bot.edge.until(lambda: bot.store.documents)
        await bot.edge.slash("dns is slow", team="T777777777", enterprise_id="E2")
        await bot.edge.until_whispered("I work for another workspace.")

    assert [incident.requester for incident in bot.store.incidents.values()] == [f"T777777777/{ALICE}"]


async def test_one_workspace_of_an_organisation_may_be_the_only_one(bot: Bot) -> None:
    answer = {"team_id": "", "enterprise_id": "E1", "user_id": "U01BOT", "bot_id": "B01BOT"}
    bot.edge.workspace.identity = answer  # type: ignore[attr-defined]
    bot.changes["workspaces"] = (TEAM,)

    async with bot.runs():
        await bot.edge.slash("dns is slow", team="T777777777", enterprise_id="E1")
        await bot.edge.until_whispered("I work for another workspace.")

    assert bot.diagnose.asked == []


# Names and addresses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("details", "channel", "hidden"),
    [("", "C1", False), ("C9", "C1", True), ("C9", "C9", False), ("C9", "C2", False), ("C9", "D1", False)],
)
def test_names_are_kept_out_of_all_channels_but_those_listed(details: str, channel: str, *, hidden: bool) -> None:
    assert Privacy(details_channel=details, private_channels=("C2",)).hides(channel) is hidden


SECRETS = ("checkout", "shop", "web", "9999", "8080", "node1", "node2", "10.", "kind-")


async def test_elsewhere_only_the_kind_of_fault_is_told(bot_in_mode: Bot) -> None:
    edge = bot_in_mode.edge
    edge.workspace.add_channel("C0PUBLIC")  # type: ignore[attr-defined]
    bot_in_mode.changes["details_channel"] = edge.workspace.channel

    async with bot_in_mode.runs():
        await edge.slash("web cannot reach checkout", channel="C0PUBLIC")
        await edge.until_said("Names, evidence and what to do: in <#C000000001>.")
        [opening] = await edge.messages()
        [answer] = await edge.thread(opening["ts"])

    public = [call.arguments for call in edge.calls if call.arguments.get("channel") == "C0PUBLIC"]
    assert public[-1]["text"] == (
        "🔴 *The Service sends to a port nobody listens on*\n"
        "First broken hop: service.\n"
        "Names, evidence and what to do: in <#C000000001>."
    )
    assert not [secret for secret in SECRETS if secret in str([item["text"] for item in public])]
    assert not [item for item in public if item.get("blocks")]
    assert "web cannot reach checkout" in said(opening)
    assert said(answer).startswith("🔴 *Service shop/checkout sends to port 9999")


async def test_a_question_about_names_is_asked_where_names_may_be_seen(bot: Bot) -> None:
    edge = bot.edge
    edge.workspace.add_channel("C0PUBLIC")  # type: ignore[attr-defined]
    bot.changes["details_channel"] = edge.workspace.channel
    bot.clusters = TWO

    async with bot.runs():
        await edge.slash("web cannot reach checkout", channel="C0PUBLIC")
        await edge.until_said("Which one is meant?")
        [opening] = await edge.messages()
        [question] = await edge.thread(opening["ts"])
        await edge.click(question, "netmedic.choose")
        await edge.until_said("First broken hop")

    last = [call for call in edge.of("chat.update") if call.arguments["channel"] == "C0PUBLIC"][-1]
    assert last.arguments["text"].startswith("🔴 *The Service sends to a port nobody listens on*")


async def test_in_the_channel_for_details_all_is_as_ever(bot: Bot) -> None:
    bot.changes["details_channel"] = bot.edge.workspace.channel

    async with bot.runs():
        _, answer = await asked(bot)

    assert said(answer).startswith("🔴 *Service shop/checkout")
