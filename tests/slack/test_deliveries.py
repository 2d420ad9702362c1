"""What goes wrong between people, Slack and the bot: each time an explicit reply, or a refusal, and never twice."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any

import pytest

from bot.cluster.errors import Unreachable
from bot.diagnosis.cleaning import SymptomError
from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from bot.remediation.approval import Policy
from bot.store.records import PlanState
from tests.slack import fixtures
from tests.slack.block_rules import view_problems
from tests.slack.conftest import Bot
from tests.slack.edge import ALICE, BOB, Edge
from tests.slack.fakes import incident_of, stored
from tests.slack.fixtures import wrong_port
from tests.slack.test_flows import said, thread_of_the_only_message

STALE_SHOWN = (
    "🟡 *Not applied: Service shop/checkout is no longer what this plan was made from. Nothing was changed; "
    "ask for a new diagnosis.*\n"
    "```\n--- planned from\n+++ live\n-    targetPort: 9999\n+    targetPort: 7777\n```"
)
NEEDS_HAND_SHOWN = (
    "🔴 *Not confirmed within 60 s: still found.*\n"
    "• Service shop/checkout could not be put back: forbidden.\n"
    "• Set spec.ports[name=http].targetPort to 9999."
)
DONE = "asks: *web cannot reach checkout*\\n🔴"


async def card_of(bot: Bot) -> dict[str, Any]:
    """Ask, and return the card of the plan."""
    await bot.edge.slash("web cannot reach checkout")
    await bot.edge.until_said("Proposed fix")
    _, [_, card] = await thread_of_the_only_message(bot)
    return card


# Acknowledging --------------------------------------------------------------------------------------------------------


async def test_everything_is_acknowledged_while_diagnoses_run(bot_in_mode: Bot) -> None:
    edge = bot_in_mode.edge
    bot_in_mode.diagnose.may_answer.clear()

    async with bot_in_mode.runs():
        acks = await asyncio.gather(*(edge.slash(f"symptom {number}") for number in range(40)))
        await edge.until(lambda: bot_in_mode.diagnose.running == 20 and len(edge.of("chat.postMessage")) == 80)
        assert bot_in_mode.diagnose.running == 20
        bot_in_mode.diagnose.may_answer.set()
        await edge.until(lambda: len(bot_in_mode.store.documents) == 40)

    assert {ack.status for ack in acks} == {200}
    assert max(ack.seconds for ack in acks) < 3


async def test_who_has_to_wait_is_told(bot: Bot) -> None:
    bot.diagnose.may_answer.clear()

    async with bot.runs():
        await asyncio.gather(*(bot.edge.slash(f"symptom {number}") for number in range(21)))
        await bot.edge.until_said("⏳ Other diagnoses are running; yours is next in line …")
        bot.diagnose.may_answer.set()


# Twice ----------------------------------------------------------------------------------------------------------------


async def test_an_event_that_is_delivered_again_is_answered_once(bot_in_mode: Bot) -> None:
    edge = bot_in_mode.edge
    event = edge.mention_payload("dns is slow")

    async with bot_in_mode.runs():
        first = await edge.deliver("events_api", event)
        again = await edge.deliver("events_api", event, retry=1)
        await edge.until(lambda: bot_in_mode.store.documents)

    assert (first.status, again.status) == (200, 200)
    assert [symptom for symptom, _ in bot_in_mode.diagnose.asked] == ["dns is slow"]


async def test_two_clicks_approve_once_and_the_second_is_told(bot_in_mode: Bot) -> None:
    edge = bot_in_mode.edge
    bot_in_mode.remedies.plans = (fixtures.plan(),)
    bot_in_mode.remedies.moves = fixtures.moves(PlanState.APPLYING, PlanState.CONFIRMING, PlanState.CONFIRMED)

    async with bot_in_mode.runs():
        card = await card_of(bot_in_mode)
        clicks = [await edge.click_payload(card, "netmedic.approve", BOB) for _ in range(2)]
        await asyncio.gather(*(edge.deliver("interactive", click) for click in clicks))
        told = await edge.until_whispered("Nothing done")
        await edge.until_said("🟢 *Confirmed")

    assert told["text"] == f"Nothing done: this plan was already approved by <@{BOB}>."
    assert told["replace_original"] is False
    assert bot_in_mode.remedies.applied == [bot_in_mode.remedies.plans[0].hash]


async def test_a_click_that_is_delivered_again_does_nothing(bot_in_mode: Bot) -> None:
    edge = bot_in_mode.edge
    bot_in_mode.remedies.plans = (fixtures.plan(),)

    async with bot_in_mode.runs():
        card = await card_of(bot_in_mode)
        click = await edge.click_payload(card, "netmedic.approve", BOB)
        await edge.deliver("interactive", click)
        await edge.deliver("interactive", click)
        await edge.until_said("Approved by")

    assert bot_in_mode.remedies.clicks == [BOB]
    assert edge.whispers == []


async def test_a_question_is_answered_once(bot: Bot) -> None:
    edge = bot.edge
    bot.diagnose.answer = Ambiguous(word="cart", candidates=(Subject("Service", "shop", "cart"),))

    async with bot.runs():
        await edge.slash("web cannot reach cart")
        await edge.until_said("Which one is meant?")
        _, [question] = await thread_of_the_only_message(bot)
        bot.diagnose.answer = wrong_port()
        await edge.click(question, "netmedic.choose")
        await edge.click(question, "netmedic.choose", user=BOB)
        told = await edge.until_whispered("answered already")

    assert told["text"] == "This question was answered already, or I no longer know it. Please ask again."
    assert len(bot.diagnose.asked) == 2


# Who ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "approvers", "told"),
    [
        ("U0000CAROL", (BOB,), "You are not on the list of approvers."),
        (ALICE, (ALICE, BOB), "You asked for this diagnosis, so another approver has to say yes."),
    ],
)
async def test_a_yes_that_does_not_count_leaves_the_buttons(
    bot: Bot, user: str, approvers: tuple[str, ...], told: str
) -> None:
    bot.remedies.plans = (fixtures.plan(),)
    bot.remedies.policy = Policy(approvers=approvers)

    async with bot.runs():
        card = await card_of(bot)
        await bot.edge.click(card, "netmedic.approve", user=user)
        await bot.edge.until_whispered(told)

        _, [_, card] = await thread_of_the_only_message(bot)
    assert [block["type"] for block in card["blocks"]][-1] == "actions"
    assert bot.remedies.applied == []


async def test_a_no_that_does_not_count_leaves_the_buttons(bot: Bot) -> None:
    bot.remedies.plans = (fixtures.plan(),)

    async with bot.runs():
        card = await card_of(bot)
        await bot.edge.click(card, "netmedic.reject", user="U0000CAROL")
        [form] = await bot.edge.until(lambda: bot.edge.views)
        await bot.edge.submit(form, user="U0000CAROL", reason={"value": None})
        [told] = await bot.edge.until(lambda: bot.edge.of("chat.postEphemeral"))

        _, [_, card] = await thread_of_the_only_message(bot)
    assert told.arguments["text"] == "You are not on the list of approvers."
    assert [block["type"] for block in card["blocks"]][-1] == "actions"


async def test_a_guest_with_the_id_of_an_approver_is_somebody_else(bot: Bot) -> None:
    bot.remedies.plans = (fixtures.plan(),)

    async with bot.runs():
        card = await card_of(bot)
        click = await bot.edge.click_payload(card, "netmedic.approve")
        await bot.edge.deliver("interactive", {**click, "user": {"id": BOB, "team_id": "T999999999"}})
        await bot.edge.until_whispered("You are not on the list of approvers.")

    assert bot.remedies.clicks == [f"T999999999/{BOB}"]


async def test_another_workspace_is_told_so_and_nothing_is_done(bot_in_mode: Bot) -> None:
    async with bot_in_mode.runs():
        ack = await bot_in_mode.edge.slash("dns is slow", team="T999999999")
        await bot_in_mode.edge.until_whispered("I work for another workspace.")

    assert ack.status == 200
    assert bot_in_mode.diagnose.asked == []


async def test_a_mention_without_a_symptom_is_told_how_to_ask(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.mention("")
        await bot.edge.until_said("I find out why a Kubernetes network fails.")

    assert bot.diagnose.asked == []


async def test_another_bot_is_not_answered(bot: Bot) -> None:
    async with bot.runs():
        ack = await bot.edge.mention("dns is slow", bot_id="B0OTHER")

    assert ack.status == 200
    assert bot.diagnose.asked == []


# Requests that are not Slack's ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "age_seconds", "status"),
    [("test-signing-secret", 0, 200), ("test-signing-secret", 400, 401), ("another-secret", 0, 401)],
    ids=["signed", "stale", "foreign"],
)
async def test_only_fresh_requests_with_the_right_signature_are_taken(
    edge: Edge, secret: str, age_seconds: int, status: int
) -> None:
    bot = Bot(edge, mode="http")
    body = json.dumps(edge.mention_payload("dns is slow"))

    async with bot.runs():
        headers = {**edge.signed(body, secret=secret, age_seconds=age_seconds), "Content-Type": "application/json"}
        answer = await edge.send(body, headers)

    assert answer.status == status
    assert len(bot.diagnose.asked) == (status == 200)


async def test_unsigned_and_altered_requests_are_refused(edge: Edge) -> None:
    bot = Bot(edge, mode="http")
    body = json.dumps(edge.mention_payload("dns is slow"))

    async with bot.runs():
        unsigned = await edge.send(body, {"Content-Type": "application/json"})
        altered = await edge.send(body + " ", {**edge.signed(body), "Content-Type": "application/json"})

    assert (unsigned.status, altered.status) == (401, 401)
    assert bot.diagnose.asked == []


async def test_a_request_that_is_replayed_is_answered_once(edge: Edge) -> None:
    bot = Bot(edge, mode="http")
    body = json.dumps(edge.mention_payload("dns is slow"))

    async with bot.runs():
        headers = {**edge.signed(body), "Content-Type": "application/json"}
        answers = [await edge.send(body, headers) for _ in range(3)]
        await edge.until(lambda: bot.store.documents)

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len(bot.diagnose.asked) == 1


async def test_slacks_question_about_the_address_is_answered(edge: Edge) -> None:
    bot = Bot(edge, mode="http")
    body = json.dumps({"type": "url_verification", "challenge": "abc"})

    async with bot.runs():
        answer = await edge.send(body, {**edge.signed(body), "Content-Type": "application/json"})

    assert json.loads(answer.body) == {"challenge": "abc"}


# Where it cannot write ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["not_in_channel", "channel_not_found"])
async def test_who_asks_where_the_bot_is_not_is_told_to_invite_it(bot_in_mode: Bot, reason: str) -> None:
    bot_in_mode.edge.refused["C0PRIVATE"] = reason

    async with bot_in_mode.runs():
        await bot_in_mode.edge.slash("dns is slow", channel="C0PRIVATE")
        told = await bot_in_mode.edge.until_whispered("I am not in this channel")

    assert told["text"].endswith("Invite me with `/invite` <@U01BOT> and ask again.")
    assert told["response_type"] == "ephemeral"


async def test_who_asks_in_an_archived_channel_is_told_why_there_is_no_answer(bot: Bot) -> None:
    bot.edge.refused["C0OLD"] = "is_archived"

    async with bot.runs():
        await bot.edge.slash("dns is slow", channel="C0OLD")
        told = await bot.edge.until_whispered("did not let me answer here")

    assert told["text"] == "Slack did not let me answer here (is_archived). Ask again in a channel I am in."


async def test_an_answer_whose_message_was_deleted_is_posted_anew(bot: Bot) -> None:
    edge, workspace = bot.edge, bot.edge.workspace
    bot.diagnose.may_answer.clear()

    async with bot.runs():
        await edge.slash("web cannot reach checkout")
        await edge.until(lambda: bot.diagnose.running)
        opening, [progress] = await thread_of_the_only_message(bot)
        workspace.delete(progress["ts"])  # type: ignore[attr-defined]
        bot.diagnose.may_answer.set()
        await edge.until_said(DONE)

        [answer] = await edge.thread(opening["ts"])
    assert said(answer).startswith("🔴 *Service shop/checkout sends to port 9999")


async def test_a_plan_is_carried_out_even_where_nobody_can_be_told(bot: Bot) -> None:
    bot.remedies.plans = (fixtures.plan(),)
    bot.remedies.moves = fixtures.moves(PlanState.APPLYING, PlanState.CONFIRMED)

    async with bot.runs():
        card = await card_of(bot)
        bot.edge.refused[bot.edge.workspace.channel] = "is_archived"
        await bot.edge.click(card, "netmedic.approve", user=BOB)

    assert bot.remedies.applied == [bot.remedies.plans[0].hash]


async def test_a_file_that_cannot_be_attached_is_mentioned(bot: Bot) -> None:
    bot.remedies.plans = (fixtures.plan(diff="+ a line\n" * 1000),)
    bot.edge.refused["files.getUploadURLExternal"] = "missing_scope"

    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said("I could not attach the file “What would change”.")


async def test_a_modal_that_opens_too_late_is_explained(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said(DONE)
        _, [answer] = await thread_of_the_only_message(bot)
        click = await bot.edge.click_payload(answer, "netmedic.details.ruled_out")
        await bot.edge.deliver("interactive", {**click, "trigger_id": "old"})
        await bot.edge.until_whispered("Slack gave me no time to open this. Please click again.")


async def test_a_modal_of_a_forgotten_diagnosis_says_so(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said(DONE)
        bot.store.documents.clear()
        _, [answer] = await thread_of_the_only_message(bot)
        await bot.edge.click(answer, "netmedic.details.not_checked")
        [filled] = await bot.edge.until(lambda: bot.edge.of("views.update"))

    assert "I no longer have this diagnosis. Please ask again." in str(filled.arguments["view"])


# What it cannot do ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "problem",
    [SymptomError("This is too long: 10240 characters."), Unreachable("The API server at 10.0.0.1 does not answer.")],
)
async def test_a_persons_error_is_told_in_its_own_words(bot: Bot, problem: Exception) -> None:
    bot.diagnose.answer = problem

    async with bot.runs():
        await bot.edge.slash("dns is slow")
        await bot.edge.until_said("I could not look.")

        _, [answer] = await thread_of_the_only_message(bot)
    assert said(answer).splitlines()[0] == f"⚪ *I could not look.* {problem}"


async def test_a_store_that_fails_is_no_reason_to_keep_the_answer_back(bot: Bot) -> None:
    bot.store.problem = "The database netmedic.db cannot be written: the disk is full or failing."
    bot.remedies.plans = (fixtures.plan(),)

    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said(DONE)

        _, [answer] = await thread_of_the_only_message(bot)
    assert said(answer).startswith("🔴 *Service shop/checkout sends to port 9999")
    assert "This diagnosis could not be kept, so there is no plan for it. The database netmedic.db cannot be" in said(
        answer
    )
    assert "actions" not in [block["type"] for block in answer["blocks"]]


async def test_a_defect_is_logged_under_an_id_that_the_person_gets(
    bot_in_mode: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    bot_in_mode.diagnose.answer = ZeroDivisionError("a secret of the cluster")

    async with bot_in_mode.runs():
        await bot_in_mode.edge.slash("dns is slow")
        told = await bot_in_mode.edge.until_whispered("Something went wrong inside me.")
        await bot_in_mode.edge.until_said("⚪ I could not finish this.")

    found = re.search(r"The log has the details under `([0-9a-f]{8})`\.$", told["text"])
    assert found
    assert f"{found[1]}: a request of Slack could not be handled" in caplog.text
    assert "ZeroDivisionError: a secret of the cluster" in caplog.text


async def test_a_request_that_cannot_be_read_is_answered_with_an_id(bot_in_mode: Bot) -> None:
    bot_in_mode.remedies.plans = (fixtures.plan(),)

    async with bot_in_mode.runs():
        click = await bot_in_mode.edge.click_payload(await card_of(bot_in_mode), "netmedic.approve")
        del click["trigger_id"]
        ack = await bot_in_mode.edge.deliver("interactive", click)
        await bot_in_mode.edge.until_whispered("Something went wrong inside me.")

    assert ack.status == 200


async def test_after_a_mention_the_id_is_whispered_in_the_thread(bot: Bot) -> None:
    bot.diagnose.answer = ZeroDivisionError()

    async with bot.runs():
        await bot.edge.mention("dns is slow")
        [call] = await bot.edge.until(lambda: bot.edge.of("chat.postEphemeral"))

    assert call.arguments["user"] == ALICE
    assert call.arguments["text"].startswith("Something went wrong inside me.")


async def test_a_button_of_another_version_is_answered(bot_in_mode: Bot, caplog: pytest.LogCaptureFixture) -> None:
    bot_in_mode.remedies.plans = (fixtures.plan(),)

    async with bot_in_mode.runs():
        card = await card_of(bot_in_mode)
        card["blocks"][-1]["elements"][0]["action_id"] = "netmedic.explode"
        with caplog.at_level(logging.WARNING):
            await bot_in_mode.edge.click(card, "netmedic.explode", user=BOB)
        told = await bot_in_mode.edge.until_whispered("I do not know this button")

    assert told["text"] == "I do not know this button: the message is from another version of me. Please ask again."
    assert "'netmedic.explode', which this version does not know" in caplog.text
    assert bot_in_mode.remedies.clicks == []


async def test_a_shortcut_of_another_version_is_answered(bot_in_mode: Bot) -> None:
    there = {"ts": "1.0", "text": "dns is slow"}

    async with bot_in_mode.runs():
        ack = await bot_in_mode.edge.shortcut(there, callback_id="netmedic.explode")
        await bot_in_mode.edge.until_whispered("I do not know this shortcut")

    assert ack.status == 200


async def test_a_form_of_another_version_says_so(bot_in_mode: Bot) -> None:
    async with bot_in_mode.runs():
        ack = await bot_in_mode.edge.submit({"type": "modal", "callback_id": "netmedic.explode"})

    answer = json.loads(ack.body)
    assert answer["response_action"] == "update"
    assert view_problems(answer["view"]) == []
    assert "I do not know this form" in str(answer["view"])


async def test_a_plan_nobody_knows_closes_its_card(bot: Bot) -> None:
    bot.remedies.plans = (fixtures.plan(),)

    async with bot.runs():
        card = await card_of(bot)
        bot.remedies.plans = ()
        await bot.edge.click(card, "netmedic.approve", user=BOB)
        await bot.edge.until_said("⚪ There is no such plan. Ask for a new diagnosis.")

        _, [_, card] = await thread_of_the_only_message(bot)
    assert [block["type"] for block in card["blocks"]][-1] == "context"


async def test_why_there_is_no_plan_is_said(bot: Bot) -> None:
    bot.remedies.notes = ("No plan fix-service-target-port for Service shop/checkout: it has no port of that name.",)

    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said("No plan fix-service-target-port for Service shop/checkout")


async def test_a_plan_that_cannot_be_made_is_told_in_words(bot: Bot) -> None:
    bot.remedies.no_plan = Unreachable("The API server at 10.0.0.1 does not answer.")

    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until_said("⚪ I could not make a plan. The API server at 10.0.0.1 does not answer.")


async def test_a_click_while_the_store_is_down_is_told_in_words_and_can_be_made_again(bot: Bot) -> None:
    bot.remedies.plans = (fixtures.plan(),)
    bot.remedies.moves = fixtures.moves(PlanState.CONFIRMED)

    async with bot.runs():
        card = await card_of(bot)
        bot.remedies.problem = "The database netmedic.db is busy. Try again."
        await bot.edge.click(card, "netmedic.approve", user=BOB)
        await bot.edge.until_whispered("The database netmedic.db is busy. Try again.")
        bot.remedies.problem = ""
        await bot.edge.click(card, "netmedic.approve", user=BOB)
        await bot.edge.until_said("🟢 *Confirmed")


async def test_a_plan_that_stops_half_way_says_that_it_goes_on_later(bot: Bot) -> None:
    bot.remedies.plans = (fixtures.plan(),)
    bot.remedies.moves = fixtures.moves(PlanState.APPLYING)

    async with bot.runs():
        card = await card_of(bot)
        bot.remedies.fails_while_applying = "The database netmedic.db is busy."
        await bot.edge.click(card, "netmedic.approve", user=BOB)
        await bot.edge.until_said("🔴 I had to stop here, and go on when I am started again.")


# How a plan ends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (
            PlanState.RESTORED,
            "🟡 *Not confirmed within 60 s. Put back: everything netmedic changed is as it was.*",
        ),
        (PlanState.STALE, STALE_SHOWN),
        (PlanState.NEEDS_HAND, NEEDS_HAND_SHOWN),
    ],
)
async def test_how_a_plan_ended_is_told(bot: Bot, state: PlanState, shown: str) -> None:
    bot.remedies.plans = (fixtures.plan(),)
    bot.remedies.moves = fixtures.moves(PlanState.APPLYING, state)

    async with bot.runs():
        card = await card_of(bot)
        await bot.edge.click(card, "netmedic.approve", user=BOB)
        await bot.edge.until_said(shown.splitlines()[0])

        _, [_, _, outcome] = await thread_of_the_only_message(bot)
    assert said(outcome).startswith(shown)


async def test_a_plan_that_another_process_carries_out_is_left_alone(bot: Bot) -> None:
    bot.remedies.plans = (fixtures.plan(),)

    async with bot.runs():
        card = await card_of(bot)
        await bot.edge.click(card, "netmedic.approve", user=BOB)
        await bot.edge.until_said("⚪ Another one of me carries this out.")


async def test_a_plan_left_half_way_is_taken_up_in_its_thread(bot: Bot) -> None:
    plan, edge = fixtures.plan(), bot.edge
    opening = await edge.workspace.call("chat.postMessage", channel=edge.workspace.channel, text="asked before")
    incident = incident_of(channel=edge.workspace.channel, thread=opening["ts"])
    bot.remedies.plans = (plan,)
    bot.remedies.left = [(incident, stored(plan, incident=incident.id, state=PlanState.APPLYING))]
    bot.remedies.moves = fixtures.moves(PlanState.CONFIRMING, PlanState.CONFIRMED)

    async with bot.runs():
        await edge.until_said("🟢 *Confirmed")

        [told] = await edge.thread(opening["ts"])
    assert said(told).startswith("🟢 *Confirmed: the fault is gone, seen 4 s after the change.*")


# Slack's limits on the rate -------------------------------------------------------------------------------------------


async def test_a_429_is_waited_for_and_nothing_is_lost(bot_in_mode: Bot) -> None:
    edge = bot_in_mode.edge
    edge.rate_limited.update({"chat.postMessage": 1, "chat.update": 2})

    async with bot_in_mode.runs():
        await edge.slash("web cannot reach checkout")
        await edge.until_said(DONE)

        _, [answer] = await thread_of_the_only_message(bot_in_mode)
    assert said(answer).startswith("🔴")
    assert edge.rate_limited.total() == 0
