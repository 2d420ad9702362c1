"""From a symptom to a confirmed fix, as people in Slack see it: both modes, our Web API and that of emulate."""

from __future__ import annotations

from typing import Any

from bot.diagnosis.diagnose import Progress
from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from bot.store.records import PlanState
from tests.slack import fixtures
from tests.slack.block_rules import pings, texts
from tests.slack.conftest import Bot
from tests.slack.edge import ALICE, BOB, BOT_USER
from tests.slack.fixtures import many_causes, wrong_port

VERDICT = "Service shop/checkout sends to port 9999, where none of its 2 Pods listens; they listen on 8080."


def said(message: dict[str, Any]) -> str:
    """Return what a message shows."""
    blocks = [text for _, text in texts(message.get("blocks", []))]
    return "\n".join(blocks or [message.get("text", "")])


def has_button(message: dict[str, Any], action: str) -> bool:
    return any(e.get("action_id") == action for block in message.get("blocks", ()) for e in block.get("elements", ()))


async def thread_of_the_only_message(bot: Bot) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the channel's one message, and its thread."""
    [opening] = await bot.edge.messages()
    return opening, await bot.edge.thread(opening["ts"])


async def test_a_command_opens_a_thread_and_the_progress_becomes_the_diagnosis(any_bot: Bot) -> None:
    edge = any_bot.edge
    any_bot.diagnose.steps = [Progress(doing="Read node_counters", done=3, total=8)]
    any_bot.diagnose.may_answer.clear()

    async with any_bot.runs():
        ack = await edge.slash("web cannot reach checkout")
        await edge.until_said("⏳ Read node_counters … (3 of 8 done)")
        any_bot.diagnose.may_answer.set()
        await edge.until_said(f"asks: *web cannot reach checkout*\\n🔴 *{VERDICT}*")

        opening, thread = await thread_of_the_only_message(any_bot)
    assert ack.status == 200
    assert ack.body == ""
    assert said(opening) == f"<@{ALICE}> asks: *web cannot reach checkout*\n🔴 *{VERDICT}*"
    assert [said(message).splitlines()[0] for message in thread] == [f"🔴 *{VERDICT}*"]
    assert any_bot.diagnose.asked == [("web cannot reach checkout", {})]
    assert pings(thread) == []


async def test_a_mention_is_answered_in_its_thread(any_bot: Bot) -> None:
    edge = any_bot.edge
    there = await edge.workspace.call("chat.postMessage", channel=edge.workspace.channel, text="ALERT: checkout")

    async with any_bot.runs():
        await edge.mention(
            "cannot reach &lt;checkout&gt; at <http://api.example.com|api.example.com>", thread=there["ts"]
        )
        await edge.until_said(f"🔴 *{VERDICT}*")

        thread = await edge.thread(there["ts"])
    assert any_bot.diagnose.asked == [("cannot reach <checkout> at api.example.com", {})]
    assert [said(message).splitlines()[0] for message in thread] == [f"🔴 *{VERDICT}*"]


async def test_help_is_whispered(any_bot: Bot) -> None:
    async with any_bot.runs():
        await any_bot.edge.slash("help")
        told = await any_bot.edge.until_whispered("I find out why a Kubernetes network fails.")

    assert told["response_type"] == "ephemeral"
    assert "mention me there instead" in told["text"]
    assert await any_bot.edge.messages() == []


async def test_an_ambiguous_name_becomes_a_question_and_its_answer_the_diagnosis(any_bot: Bot) -> None:
    edge = any_bot.edge
    candidates = (Subject("Service", "shop", "cart"), Subject("Service", "test", "cart"))
    any_bot.diagnose.answer = Ambiguous(word="cart", candidates=candidates)

    async with any_bot.runs():
        await edge.slash("web cannot reach cart")
        await edge.until_said("It is not clear what *cart* is. Which one is meant?")
        _, [question] = await thread_of_the_only_message(any_bot)
        any_bot.diagnose.answer = wrong_port()
        await edge.click(question, "netmedic.choose", option=1)
        await edge.until_said(f"🔴 *{VERDICT}*")

        _, [answer] = await thread_of_the_only_message(any_bot)
    assert any_bot.diagnose.asked[1] == ("web cannot reach cart", {"cart": candidates[1]})
    assert [incident.chosen for incident in any_bot.store.incidents.values()] == [{"cart": candidates[1]}]
    assert answer["ts"] == question["ts"]
    assert said(answer).startswith(f"🔴 *{VERDICT}*")


async def test_what_was_ruled_out_opens_in_a_modal(any_bot: Bot) -> None:
    edge = any_bot.edge

    async with any_bot.runs():
        await edge.slash("web cannot reach checkout")
        await edge.until_said("asks: *web cannot reach checkout*\\n🔴")
        _, [answer] = await thread_of_the_only_message(any_bot)
        await edge.click(answer, "netmedic.details.ruled_out")
        filled = await edge.until(lambda: edge.of("views.update"))

    assert "• Service selects no Pods" in str(filled[0].arguments["view"])


async def test_a_plan_is_approved_applied_and_confirmed(any_bot: Bot) -> None:
    edge, plan = any_bot.edge, fixtures.plan()
    any_bot.remedies.plans = (plan,)
    any_bot.remedies.moves = fixtures.moves(PlanState.APPLYING, PlanState.CONFIRMING, PlanState.CONFIRMED)

    async with any_bot.runs():
        await edge.slash("web cannot reach checkout")
        await edge.until_said("Proposed fix")
        _, [_, card] = await thread_of_the_only_message(any_bot)
        await edge.click(card, "netmedic.approve", user=BOB)
        await edge.until_said("*Now*\\nThe Service sends to a port nobody listens on: ruled out.")

        _, [_, card, outcome] = await thread_of_the_only_message(any_bot)
    assert said(card).endswith(f"🟢 Approved by <@{BOB}>.")
    assert not has_button(card, "netmedic.approve")
    assert any_bot.remedies.applied == [plan.hash]
    assert said(outcome) == (
        "🟢 *Confirmed: the fault is gone, seen 4 s after the change.*\n"
        f"*Before*\n{VERDICT}\n"
        "*Now*\nThe Service sends to a port nobody listens on: ruled out.\n"
        "Undo\nUndo this fix?\n"
        "This makes the plan that puts back what was changed. Nothing happens until another person approves it.\n"
        "Make the plan\nNot now"
    )
    assert has_button(outcome, "netmedic.undo")


async def test_a_plan_is_rejected(any_bot: Bot) -> None:
    edge = any_bot.edge
    any_bot.remedies.plans = (fixtures.plan(),)

    async with any_bot.runs():
        await edge.slash("web cannot reach checkout")
        await edge.until_said("Proposed fix")
        _, [_, card] = await thread_of_the_only_message(any_bot)
        await edge.click(card, "netmedic.reject", user=BOB)
        [form] = await edge.until(lambda: edge.views)
        await edge.submit(form, user=BOB, reason={"type": "plain_text_input", "value": "not on a Friday"})
        await edge.until_said("Rejected by")

        _, [_, card] = await thread_of_the_only_message(any_bot)
    assert said(card).endswith(f"⚪ Rejected by <@{BOB}>. Nothing was changed. Reason: not on a Friday")
    assert any_bot.remedies.reasons == ["not on a Friday"]
    assert not has_button(card, "netmedic.approve")
    assert any_bot.remedies.applied == []


async def test_what_is_too_long_for_a_message_comes_as_a_file(any_bot: Bot) -> None:
    edge = any_bot.edge
    any_bot.diagnose.answer = many_causes(50)
    any_bot.remedies.plans = (fixtures.plan(diff="+ a line\n" * 1000),)

    async with any_bot.runs():
        await edge.slash("everything is broken")
        await edge.until(lambda: len(edge.of("files.completeUploadExternal")) == 2)

        opening, thread = await thread_of_the_only_message(any_bot)
    names = [file["name"] for message in thread for file in message.get("files", ())]
    [whole, diff] = names
    assert whole.startswith("netmedic-")
    assert whole.endswith(".yaml")
    assert diff == f"plan-{any_bot.remedies.plans[0].short}.diff"
    assert {call.arguments["thread_ts"] for call in edge.of("files.completeUploadExternal")} == {opening["ts"]}
    assert BOT_USER not in str(opening.get("text"))
