"""Status, history, rules, clusters and App Home."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bot.slack.home import title_of
from bot.slack.home_blocks import Listed, Overview, home_view
from bot.store.chat_records import Opinion
from bot.store.records import PlanState
from tests.slack import fixtures
from tests.slack.block_rules import pings, texts, view_problems
from tests.slack.conftest import Bot
from tests.slack.edge import ALICE, BOB
from tests.slack.fakes import FakeRule, incident_of, stored
from tests.slack.fixtures import NASTY, poisoned, wrong_port
from tests.slack.test_clusters import TWO
from tests.slack.test_talk import asked

ADMIN = "U000000001"
"""Whom emulate knows too."""


async def broken() -> str:
    return "The API server at 10.0.0.1 does not answer."


async def whispered(bot: Bot, text: str) -> str:
    """Return what is answered to a command for its sender alone."""
    before = len(bot.edge.whispers)
    await bot.edge.slash(text)
    await bot.edge.until(lambda: len(bot.edge.whispers) > before)
    told = bot.edge.whispers[-1]
    assert told["response_type"] == "ephemeral"
    return str(told["text"])


async def test_status_says_how_it_is_and_what_goes_on(any_bot: Bot) -> None:
    async with any_bot.runs():
        await asked(any_bot)
        told = await whispered(any_bot, "status")

    assert told == (
        "🟢 All is well: Slack, the database and every cluster answer.\n"
        "0 diagnoses running · 1 open incident · 0 plans waiting for an approval"
    )


async def test_status_names_what_is_wrong(bot: Bot) -> None:
    bot.checks["cluster shop"] = broken

    async with bot.runs():
        told = await whispered(bot, "status")

    assert told.splitlines()[0] == "🔴 *cluster shop*: The API server at 10.0.0.1 does not answer."


async def test_history_shows_what_was_asked_found_and_thought_of_it(any_bot: Bot) -> None:
    async with any_bot.runs():
        await asked(any_bot)
        [incident] = any_bot.store.incidents
        await any_bot.store.conversation.add_feedback(incident, by=BOB, opinion=Opinion.RIGHT)
        here = await whispered(any_bot, "history")
        elsewhere = await any_bot.edge.slash("history", channel="C0OTHER")
        await any_bot.edge.until_whispered("Nothing was asked yet.")
        everywhere = await whispered(any_bot, "history all")

    first, question, answer, opinion = here.splitlines()
    assert first == "*The latest diagnoses in this channel*"
    assert question.endswith(f" UTC <@{ALICE}>: web cannot reach checkout")
    assert answer.startswith("🔴 *Service shop/checkout sends to port 9999")
    assert opinion == "confirmed: this was it"
    assert elsewhere.status == 200
    assert everywhere.splitlines()[1:] == here.splitlines()[1:]


async def test_rules_are_counted_and_found_by_a_word(bot: Bot) -> None:
    bot.rules = (FakeRule("dns/slow", "DNS is slow", "error", "dns"), FakeRule("service/no-pods", "A Service has none"))

    async with bot.runs():
        counted = await whispered(bot, "rules")
        found = await whispered(bot, "rules DNS")
        nothing = await whispered(bot, "rules ipvs")

    assert counted == "I know 2 rules: dns 1, service 1. `rules dns` lists those with a word in them."
    assert found == "• `dns/slow` DNS is slow · error"
    assert nothing == "No rule has `ipvs` in its id, title or category."


async def test_hundreds_of_rules_are_cut_and_counted(bot: Bot) -> None:
    bot.rules = tuple(FakeRule(f"dns/{'x' * 100}-{number}", "y" * 300) for number in range(500))

    async with bot.runs():
        told = await whispered(bot, "rules dns")

    assert len(told) <= 4000
    assert "… and " in told.splitlines()[-1]


async def test_clusters_are_listed_with_the_one_that_is_meant_here(bot: Bot) -> None:
    bot.clusters = TWO

    async with bot.runs():
        await bot.edge.slash("clusters", channel="CPROD")
        told = await bot.edge.until_whispered("Clusters I look at")

    assert "• *prod* in `CPROD` `CBOTH` · *meant in this channel*" in told["text"]
    assert "• *prod-staging*" in told["text"]


async def test_a_symptom_that_begins_like_a_topic_is_a_symptom(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.slash("status of web cannot be reached")
        await bot.edge.until(lambda: bot.diagnose.asked)


async def test_a_topic_in_a_thread_is_answered_for_one_person(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.mention("status")
        [told] = await bot.edge.until(lambda: bot.edge.of("chat.postEphemeral"))

    assert told.arguments["user"] == ALICE


async def test_app_home_shows_incidents_plans_and_health(any_bot: Bot) -> None:
    plan = fixtures.plan()

    async with any_bot.runs():
        await asked(any_bot)
        [incident] = any_bot.store.incidents
        await any_bot.store.add_plan(
            plan_hash=plan.hash,
            incident_id=incident,
            playbook=plan.playbook,
            content=plan.to_json(),
            made=plan.made,
            expires=plan.expires.replace(year=2999),
        )
        await any_bot.edge.open_home(user=ADMIN)
        await any_bot.edge.until(lambda: any_bot.edge.of("views.publish"))
        [shown] = any_bot.edge.of("views.publish")

    told = "\n".join(text for _, text in texts(shown.arguments["view"]))
    assert shown.arguments["user_id"] == ADMIN
    assert "🟢 All is well" in told
    assert f"*Waiting for an approval*\n*{plan.title}* in <#{any_bot.edge.workspace.channel}>" in told
    assert told.count("🔴 *Service shop/checkout sends to port 9999") == 2


async def test_app_home_of_who_may_not_ask_shows_nothing(bot: Bot) -> None:
    bot.changes["user_groups"] = ("S1",)
    bot.edge.workspace.groups = {"S1": [BOB]}  # type: ignore[attr-defined]

    async with bot.runs():
        await bot.edge.open_home()
        [shown] = await bot.edge.until(lambda: bot.edge.of("views.publish"))

    [(_, text)] = texts(shown.arguments["view"])
    assert text == "You are in none of the user groups that may ask me. Whoever runs me can add you."


async def test_app_home_keeps_names_out_where_a_channel_is_for_them(bot: Bot) -> None:
    bot.changes["private_channels"] = (bot.edge.workspace.channel,)
    bot.changes["details_channel"] = "C0DETAILS"

    async with bot.runs():
        await asked(bot)
        await bot.edge.open_home()
        [shown] = await bot.edge.until(lambda: bot.edge.of("views.publish"))

    told = "\n".join(text for _, text in texts(shown.arguments["view"]))
    assert "🔴 *The Service sends to a port nobody listens on" in told
    assert "checkout" not in told


async def test_a_home_that_cannot_be_shown_is_no_fault(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    bot.edge.refused["views.publish"] = "not_enabled"

    with caplog.at_level("INFO", logger="bot"):
        async with bot.runs():
            await bot.edge.open_home()
            await bot.edge.until(lambda: "could not be shown: not_enabled" in caplog.text)

    assert "could not be handled" not in caplog.text


def test_a_plan_of_another_version_is_named_by_its_playbook() -> None:
    made = stored(fixtures.plan(), incident="1", state=PlanState.PROPOSED)

    assert title_of(made) == fixtures.plan().title
    assert title_of(dataclasses.replace(made, content="{}")) == made.playbook


def overview(nasty: str, count: int) -> Overview:
    incident = incident_of(symptom=nasty, channel=nasty, requester=nasty)
    listed = Listed(incident=incident, diagnosis=poisoned(wrong_port(), (nasty,)), veiled=False)
    return Overview(
        wrong={nasty: nasty},
        running=1,
        single_operator=count == 1,
        opened=[listed] * count,
        recent=[listed] * count,
        waiting=[(nasty, incident)] * count,
    )


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("count", [0, 1, 10, 40])
def test_any_home_is_taken_and_pings_nobody(nasty: str, count: int) -> None:
    view: Any = home_view(overview(nasty, count))

    assert view_problems(view) == []
    assert pings(view, known=frozenset({ALICE})) == []
