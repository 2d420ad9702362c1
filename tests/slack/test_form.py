"""The form: opened from a message, from what was not understood, and by a button; sent as a question."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.diagnosis.cleaning import SymptomError
from bot.slack import actions, kit
from bot.slack.form_blocks import form
from bot.slack.payload import text_of
from tests.slack.block_rules import pings, view_problems
from tests.slack.conftest import Bot
from tests.slack.edge import ALICE
from tests.slack.fixtures import NASTY
from tests.slack.test_clusters import TWO

ALERT = {
    "text": "",
    "attachments": [
        {
            "title": "[FIRING:1] TargetDown",
            "text": "checkout cannot be reached",
            "fields": [{"title": "namespace", "value": "shop"}],
            "fallback": "not this",
        }
    ],
}


def inputs(view: Any) -> dict[str, Any]:
    return {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}


def symptom(text: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": text}


async def posted(bot: Bot, **message: Any) -> dict[str, Any]:
    told = await bot.edge.workspace.call("chat.postMessage", channel=bot.edge.workspace.channel, text="ALERT")
    return {**told["message"], "ts": told["ts"], **message}


async def test_a_message_is_diagnosed_in_its_thread(any_bot: Bot) -> None:
    edge = any_bot.edge

    async with any_bot.runs():
        message = await posted(any_bot, **ALERT)
        await edge.shortcut(message)
        [view] = await edge.until(lambda: edge.views)
        ack = await edge.submit(view, symptom=symptom("checkout cannot be reached"))
        await edge.until(lambda: any_bot.store.documents)

    assert ack.status == 200
    assert inputs(view)["symptom"]["initial_value"] == (
        "[FIRING:1] TargetDown\ncheckout cannot be reached\nnamespace: shop"
    )
    assert any_bot.diagnose.asked == [("checkout cannot be reached", {})]
    [incident] = any_bot.store.incidents.values()
    assert (incident.thread, incident.requester) == (message["ts"], ALICE)


def test_a_message_that_is_only_a_fallback_is_read_too() -> None:
    assert text_of({"attachments": [{"fallback": "checkout is down"}]}) == "checkout is down"


async def test_one_of_several_clusters_is_chosen_in_the_form(any_bot: Bot) -> None:
    any_bot.clusters = TWO
    edge = any_bot.edge

    async with any_bot.runs():
        await edge.shortcut(await posted(any_bot, text="dns is slow in prod-staging"))
        [view] = await edge.until(lambda: edge.views)
        chosen = inputs(view)["cluster"]["initial_option"]
        await edge.submit(
            view, symptom=symptom("dns is slow"), cluster={"type": "static_select", "selected_option": chosen}
        )
        await edge.until(lambda: any_bot.store.documents)

    assert any_bot.diagnose.clusters == ["prod-staging"]


async def test_without_a_cluster_the_form_stays_open(bot: Bot) -> None:
    bot.clusters = TWO

    async with bot.runs():
        await bot.edge.shortcut(await posted(bot))
        [view] = await bot.edge.until(lambda: bot.edge.views)
        ack = await bot.edge.submit(view, symptom=symptom("dns is slow"), cluster={"selected_option": None})

    assert json.loads(ack.body) == {"response_action": "errors", "errors": {"cluster": "Choose the cluster."}}
    assert bot.diagnose.asked == []


async def test_a_command_that_is_not_understood_opens_the_form(any_bot: Bot) -> None:
    async with any_bot.runs():
        await any_bot.edge.slash("x" * 2500)
        [view] = await any_bot.edge.until(lambda: any_bot.edge.views)

    assert view["blocks"][0]["text"]["text"].startswith("⚪ The symptom has 2,500 characters; at most 2,000 are read.")
    assert inputs(view)["symptom"]["initial_value"] == "x" * 2000
    assert any_bot.diagnose.asked == []


async def test_too_late_for_a_form_it_is_said_in_words(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.slash("x" * 2500, trigger_id="old")
        await bot.edge.until_whispered("⚪ *I could not look.* The symptom has 2,500 characters")


async def test_what_was_not_understood_in_a_thread_leads_to_the_form(bot: Bot) -> None:
    there = await posted(bot)

    async with bot.runs():
        bot.diagnose.answer = SymptomError("The symptom is empty.")
        await bot.edge.mention("!?", thread=there["ts"])
        await bot.edge.until_said("I could not look.")
        [answer] = await bot.edge.thread(there["ts"])
        await bot.edge.click(answer, "netmedic.reword")
        [view] = await bot.edge.until(lambda: bot.edge.views)

    assert json.loads(view["private_metadata"])["thread"] == there["ts"]
    assert inputs(view)["symptom"]["initial_value"] == "!?"


async def test_who_cannot_be_answered_there_is_told_alone(bot: Bot) -> None:
    async with bot.runs():
        await bot.edge.shortcut(await posted(bot))
        [view] = await bot.edge.until(lambda: bot.edge.views)
        bot.edge.refused["chat.postMessage"] = "not_in_channel"
        await bot.edge.submit(view, symptom=symptom("dns is slow"))
        [told] = await bot.edge.until(lambda: bot.edge.of("chat.postEphemeral"))

    assert told.arguments["text"].startswith("I am not in this channel, so I cannot answer here.")
    assert told.arguments["user"] == ALICE


async def test_a_form_of_another_version_is_refused_in_words(bot: Bot) -> None:
    async with bot.runs():
        view = form(text="x", clusters=["a"], chosen="", metadata="{}")
        await bot.edge.submit(view, symptom=symptom("dns is slow"))
        [told] = await bot.edge.until(lambda: bot.edge.of("chat.postMessage") or None)

    assert told.arguments["channel"] == ALICE
    assert bot.diagnose.asked == []


async def test_a_form_that_is_sent_twice_is_answered_once(bot_in_mode: Bot) -> None:
    edge = bot_in_mode.edge

    async with bot_in_mode.runs():
        await edge.shortcut(await posted(bot_in_mode))
        [view] = await edge.until(lambda: edge.views)
        same = {**view, "id": "V1", "hash": "1.1"}
        await edge.submit(same, symptom=symptom("dns is slow"))
        await edge.submit(same, symptom=symptom("dns is slow"))
        await edge.until(lambda: bot_in_mode.store.documents)

    assert len(bot_in_mode.diagnose.asked) == 1


@pytest.mark.parametrize("nasty", NASTY)
def test_a_form_with_any_text_is_taken(nasty: str) -> None:
    names = [nasty[:60] or "one", "other"]
    view = form(text=nasty, clusters=names, chosen=names[0], metadata="{}", problem=nasty)

    assert view_problems(view) == []
    assert pings(view) == []
    assert view["callback_id"] == actions.FORM


def test_a_form_for_many_clusters_is_taken() -> None:
    view = form(text="x", clusters=[f"cluster-{n}" for n in range(300)], chosen="", metadata="{}")

    assert view_problems(view) == []
    assert kit.plain_text("Cluster") in [block.get("label") for block in view["blocks"]]  # type: ignore[attr-defined]
