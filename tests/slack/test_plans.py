"""What people do with plans besides saying yes: other values, the way back, user groups, and what can go wrong."""

from __future__ import annotations

import json
from typing import Any

from bot.remediation.approval import Policy
from bot.remediation.edit import text_of
from bot.slack.plan_forms import fits
from bot.store.records import PlanState
from tests.slack import fixtures
from tests.slack.block_rules import view_problems
from tests.slack.conftest import Bot
from tests.slack.edge import ALICE, BOB
from tests.slack.fake_slack import FakeWorkspace
from tests.slack.test_deliveries import card_of
from tests.slack.test_flows import has_button, said, thread_of_the_only_message

GROUP = "S0000ONCALL"


def typed(text: str) -> dict[str, str]:
    """Return what was put into a field."""
    return {"type": "plain_text_input", "value": text}


def planned(bot: Bot, **changes: Any) -> str:
    """Have a plan; return its hash."""
    bot.remedies.plans = (fixtures.plan(**changes),)
    return bot.remedies.plans[0].hash


def groups_of(bot: Bot) -> dict[str, list[str]]:
    """Return the user groups of the workspace, to be changed."""
    assert isinstance(bot.edge.workspace, FakeWorkspace)
    return bot.edge.workspace.groups


async def confirmed_by(bot: Bot) -> dict[str, Any]:
    """Have Bob's yes, and return the message that says how it ended."""
    bot.remedies.moves = fixtures.moves(PlanState.APPLYING, PlanState.CONFIRMED)
    await bot.edge.click(await card_of(bot), "netmedic.approve", user=BOB)
    await bot.edge.until_said("Confirmed: the fault is gone")
    _, [*_, outcome] = await thread_of_the_only_message(bot)
    return outcome


async def test_a_confirmed_fix_has_a_button_that_makes_the_plan_to_undo_it(any_bot: Bot) -> None:
    edge, plan_hash = any_bot.edge, planned(any_bot)

    async with any_bot.runs():
        outcome = await confirmed_by(any_bot)
        await edge.click(outcome, "netmedic.undo", user=BOB)
        await edge.until_said("Proposed undo: Point the Service at the port its Pods listen on")
        _, [*_, card] = await thread_of_the_only_message(any_bot)
        await edge.click(card, "netmedic.approve", user=BOB)
        await edge.until(lambda: len(any_bot.remedies.applied) == 2)

    assert not has_button(card, "netmedic.edit")
    back = any_bot.remedies.plans[1]
    assert (back.undoes, any_bot.remedies.applied) == (plan_hash, [plan_hash, back.hash])
    assert f"asked by <@{BOB}>" in said(card)


async def test_what_has_no_way_back_or_was_put_back_has_no_such_button(bot: Bot) -> None:
    planned(bot, reversible=False)

    async with bot.runs():
        outcome = await confirmed_by(bot)

    assert not has_button(outcome, "netmedic.undo")


async def test_why_a_fix_cannot_be_undone_is_told_to_who_asked(bot: Bot) -> None:
    planned(bot)
    bot.remedies.no_undo = "It cannot be undone from here: somebody else changed Service shop/checkout."

    async with bot.runs():
        await bot.edge.click(await confirmed_by(bot), "netmedic.undo", user=BOB)
        told = await bot.edge.until_whispered("It cannot be undone from here")

    assert told["replace_original"] is False


async def test_who_may_not_ask_may_not_undo(bot: Bot) -> None:
    planned(bot)
    bot.changes = {"user_groups": ("S0000ASKERS",)}
    groups_of(bot)["S0000ASKERS"] = [ALICE]

    async with bot.runs():
        await bot.edge.click(await confirmed_by(bot), "netmedic.undo", user=BOB)
        await bot.edge.until_whispered("You are in none of the user groups that may ask me.")

    assert len(bot.remedies.plans) == 1


async def test_an_edited_plan_takes_the_place_of_the_one_before(any_bot: Bot) -> None:
    edge, plan_hash = any_bot.edge, planned(any_bot)

    async with any_bot.runs():
        card = await card_of(any_bot)
        await edge.click(card, "netmedic.edit")
        [form] = await edge.until(lambda: edge.views)
        text = form["blocks"][0]["element"]["initial_value"]
        await edge.submit(form, yaml=typed(text.replace("8080", "8081")))
        await edge.until_said("Edited fix: Point the Service at the port its Pods listen on")
        _, [_, old, new] = await thread_of_the_only_message(any_bot)

    assert text == text_of(any_bot.remedies.plans[0])
    assert any_bot.remedies.texts == [text.replace("8080", "8081")]
    edited = any_bot.remedies.plans[1]
    assert edited.replaces == plan_hash
    assert said(old).endswith(f"⚪ Edited by <@{ALICE}>: plan `{edited.short}` stands in its place.")
    assert not has_button(old, "netmedic.approve")
    assert has_button(new, "netmedic.approve")
    assert view_problems(form) == []


async def test_what_is_no_yaml_is_said_in_the_form(bot: Bot) -> None:
    planned(bot)

    async with bot.runs():
        await bot.edge.click(await card_of(bot), "netmedic.edit")
        [form] = await bot.edge.until(lambda: bot.edge.views)
        ack = await bot.edge.submit(form, yaml=typed("spec: ["))

    assert json.loads(ack.body) == {
        "response_action": "errors",
        "errors": {"yaml": "Not taken: it is no YAML (line 1)."},
    }
    assert bot.remedies.texts == []


async def test_an_edit_that_is_not_taken_is_told_to_who_wrote_it_and_the_plan_stays(bot: Bot) -> None:
    planned(bot)
    bot.remedies.no_edit = "The edited plan is not taken: nothing was changed. The plan stays as it was."

    async with bot.runs():
        await bot.edge.click(await card_of(bot), "netmedic.edit")
        [form] = await bot.edge.until(lambda: bot.edge.views)
        await bot.edge.submit(form, yaml=typed("kind: Service"))
        [told] = await bot.edge.until(lambda: bot.edge.of("chat.postEphemeral"))
        _, [_, card] = await thread_of_the_only_message(bot)

    assert told.arguments["text"] == bot.remedies.no_edit
    assert has_button(card, "netmedic.approve")


async def test_a_plan_that_is_too_long_is_edited_on_the_command_line(bot: Bot) -> None:
    change = fixtures.plan().changes[0]
    long = type(change)(target=change.target, fragment={**change.fragment, "spec": {"text": "x" * 3000}})
    planned(bot, changes=(long,))

    async with bot.runs():
        await bot.edge.click(await card_of(bot), "netmedic.edit")
        await bot.edge.until_whispered(f"On the command line: `netmedic plan edit {bot.remedies.plans[0].short}`.")

    assert bot.edge.views == []


def test_a_form_takes_as_much_as_slack_and_nothing_that_it_would_change() -> None:
    assert fits("x" * 3000)
    assert not fits("x" * 3001)
    assert not fits("\U0001f525" * 1501)
    assert not fits("a\u202eb")


async def test_a_member_of_a_group_of_approvers_may_approve_and_is_looked_up_at_the_click(bot: Bot) -> None:
    plan_hash = planned(bot)
    bot.remedies.policy = Policy(approvers=(GROUP,))
    groups_of(bot)[GROUP] = []

    async with bot.runs():
        card = await card_of(bot)
        await bot.edge.click(card, "netmedic.approve", user=BOB)
        await bot.edge.until_whispered("You are not on the list of approvers.")
        groups_of(bot)[GROUP] = [BOB]
        await bot.edge.click(card, "netmedic.approve", user=BOB)
        await bot.edge.until(lambda: bot.remedies.applied)

    assert bot.remedies.applied == [plan_hash]


async def test_groups_that_cannot_be_looked_up_let_nobody_in_and_it_is_said(bot: Bot) -> None:
    planned(bot)
    bot.remedies.policy = Policy(approvers=(GROUP,))
    bot.edge.refused["usergroups.users.list"] = "missing_scope"

    async with bot.runs():
        await bot.edge.click(await card_of(bot), "netmedic.approve", user=BOB)
        told = await bot.edge.until_whispered("You are not on the list of approvers.")

    assert "user groups of approvers could not be looked up (missing" in told["text"]
    assert bot.remedies.applied == []


async def test_the_evidence_for_a_provider_comes_with_the_plan_that_asks_for_it(any_bot: Bot) -> None:
    planned(any_bot, changes=(), diff="", unchecked="the neighbour is on another host", ticket_node="node1")

    async with any_bot.runs():
        await any_bot.edge.slash("web cannot reach checkout")
        await any_bot.edge.until(lambda: any_bot.edge.of("files.completeUploadExternal"))

    assert any_bot.pictures.drawn == ["ticket of node1"]
