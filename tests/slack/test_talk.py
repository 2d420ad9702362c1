"""What people do after an answer: go on in the thread, ask again, say what it was worth, look closer."""

from __future__ import annotations

import dataclasses

import pytest

from bot.facts.scope import Subject
from bot.slack.ports import Place
from bot.store.chat_records import Opinion
from tests.slack.conftest import Bot
from tests.slack.edge import ALICE, BOB, Call
from tests.slack.fakes import PIXEL
from tests.slack.test_deliveries import DONE
from tests.slack.test_flows import said, thread_of_the_only_message


async def asked(bot: Bot, text: str = "web cannot reach checkout") -> tuple[str, dict[str, object]]:
    """Ask, and return the thread and the answer."""
    await bot.edge.slash(text)
    await bot.edge.until_said(DONE)
    opening, thread = await thread_of_the_only_message(bot)
    return opening["ts"], thread[0]


def answers(bot: Bot) -> list[Call]:
    """Return the edits that put an answer into a message."""
    return [call for call in bot.edge.of("chat.update") if "netmedic.again" in str(call.arguments.get("blocks"))]


async def test_a_mention_in_the_thread_goes_on_with_what_was_asked(any_bot: Bot) -> None:
    async with any_bot.runs():
        thread, _ = await asked(any_bot)
        await any_bot.edge.mention("and from the other node?", thread=thread)
        await any_bot.edge.until(lambda: len(any_bot.store.documents) == 2)
        await any_bot.edge.mention("again", thread=thread)
        await any_bot.edge.until(lambda: len(any_bot.store.documents) == 3)

    assert [symptom for symptom, _ in any_bot.diagnose.asked] == [
        "web cannot reach checkout",
        "web cannot reach checkout from node node2",
        "web cannot reach checkout from node node2",
    ]


async def test_what_was_chosen_before_is_not_asked_again(bot: Bot) -> None:
    chosen = {"checkout": Subject("Service", "shop", "checkout"), "web": Subject("Pod", "shop", "web-1")}

    async with bot.runs():
        thread, _ = await asked(bot)
        [incident] = bot.store.incidents.values()
        await bot.store.add_incident(
            requester=ALICE,
            symptom="web cannot reach checkout",
            channel=incident.channel,
            thread=thread,
            context="kind-shop",
            chosen=chosen,
        )
        await bot.edge.mention("and to redis?", thread=thread)
        await bot.edge.until(lambda: len(bot.diagnose.asked) == 2)

    assert bot.diagnose.asked[1] == ("web cannot reach redis", {"web": chosen["web"]})


async def test_the_other_node_is_asked_for_where_it_is_not_clear(bot: Bot) -> None:
    bot.diagnose.answer = dataclasses.replace(bot.diagnose.answer, path=(), causes=(), also_seen=())  # type: ignore[type-var]

    async with bot.runs():
        await bot.edge.slash("web cannot reach checkout")
        await bot.edge.until(lambda: bot.store.documents)
        opening, _ = await thread_of_the_only_message(bot)
        await bot.edge.mention("and from the other node?", thread=opening["ts"])
        await bot.edge.until_said("It is not clear which Node is meant.")

    assert len(bot.diagnose.asked) == 1


async def test_asking_again_answers_in_the_same_thread(any_bot: Bot) -> None:
    async with any_bot.runs():
        thread, answer = await asked(any_bot)
        await any_bot.edge.click(answer, "netmedic.again", user=BOB)
        await any_bot.edge.until(lambda: len(answers(any_bot)) == 2)

    first, second = answers(any_bot)
    assert first.arguments["ts"] == answer["ts"] != second.arguments["ts"]
    assert {call.arguments["thread_ts"] for call in any_bot.edge.of("chat.postMessage")[1:]} == {thread}
    assert [incident.requester for incident in any_bot.store.incidents.values()] == [ALICE, BOB]


@pytest.mark.parametrize(
    ("button", "opinion", "told"),
    [
        ("netmedic.right", Opinion.RIGHT, f"🟢 <@{BOB}> says: this was it."),
        ("netmedic.wrong", Opinion.WRONG, f"🟡 <@{BOB}> says: wrong diagnosis. What was it?"),
    ],
)
async def test_an_opinion_is_kept_with_the_incident_and_told_once(
    any_bot: Bot, button: str, opinion: Opinion, told: str
) -> None:
    async with any_bot.runs():
        _, answer = await asked(any_bot)
        await any_bot.edge.click(answer, button, user=BOB)
        await any_bot.edge.until_said(told)
        await any_bot.edge.click(answer, button, user=BOB)
        await any_bot.edge.until_whispered("You said so already")
        [incident] = any_bot.store.incidents
        kept = await any_bot.store.conversation.feedback(incident)

    assert [(item.by, item.opinion) for item in kept] == [(BOB, opinion)]


async def test_who_changes_their_mind_has_one_opinion(bot: Bot) -> None:
    async with bot.runs():
        _, answer = await asked(bot)
        await bot.edge.click(answer, "netmedic.wrong", user=BOB)
        await bot.edge.until_said("wrong diagnosis")
        await bot.edge.click(answer, "netmedic.right", user=BOB)
        await bot.edge.until_said("this was it")
        kept = await bot.store.conversation.feedback(next(iter(bot.store.incidents)))

    assert [item.opinion for item in kept] == [Opinion.RIGHT]


@pytest.mark.parametrize("button", ["netmedic.again", "netmedic.right"])
async def test_buttons_of_a_forgotten_incident_say_so(bot: Bot, button: str) -> None:
    async with bot.runs():
        _, answer = await asked(bot)
        for block in answer["blocks"]:  # type: ignore[attr-defined]
            for element in block.get("elements", ()):
                element["value"] = "0" * 32
        await bot.edge.click(answer, button)
        await bot.edge.until_whispered("I no longer have this diagnosis.")

    assert len(bot.diagnose.asked) == 1


@pytest.mark.parametrize("button", ["netmedic.right", "netmedic.again"])
async def test_a_store_that_fails_is_told_to_who_clicked(bot: Bot, button: str) -> None:
    async with bot.runs():
        _, answer = await asked(bot)
        bot.store.problem = "The database netmedic.db is busy."
        await bot.edge.click(answer, button)
        await bot.edge.until_whispered("The database netmedic.db is busy.")


async def test_the_path_comes_as_a_picture_with_words_for_who_cannot_see_it(any_bot: Bot) -> None:
    any_bot.pictures.wanted = True

    async with any_bot.runs():
        thread, _ = await asked(any_bot)
        await any_bot.edge.until(lambda: any_bot.edge.of("files.completeUploadExternal"))
        [url] = any_bot.edge.of("files.getUploadURLExternal")
        [shared] = any_bot.edge.of("files.completeUploadExternal")

    assert url.arguments["alt_txt"] == "What the path shows."
    assert int(url.arguments["length"]) == len(PIXEL)
    assert shared.arguments["thread_ts"] == thread
    assert shared.arguments["files"][0]["title"] == "The path"


async def test_the_reasoning_opens_as_text_and_comes_as_a_picture(any_bot: Bot) -> None:
    async with any_bot.runs():
        _, answer = await asked(any_bot)
        await any_bot.edge.click(answer, "netmedic.details.reasoning")
        await any_bot.edge.until(lambda: any_bot.edge.of("files.completeUploadExternal"))
        [filled] = any_bot.edge.of("views.update")

    assert "∴" in str(filled.arguments["view"])
    assert any_bot.pictures.drawn == ["reasoning"]


async def test_a_person_who_is_gone_is_no_reason_to_fail(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    bot.edge.refused["chat.postEphemeral"] = "user_not_found"
    bot.diagnose.answer = ZeroDivisionError()

    async with bot.runs():
        await bot.edge.mention("dns is slow")
        await bot.edge.until_said("I could not finish this.")

    assert "nobody could be told: user_not_found" in caplog.text


async def test_an_answer_in_a_thread_stays_in_it(bot: Bot) -> None:
    edge = bot.edge
    there = await edge.workspace.call("chat.postMessage", channel=edge.workspace.channel, text="incident 42")

    async with bot.runs():
        await edge.mention("web cannot reach checkout", thread=there["ts"])
        await edge.until(lambda: bot.store.documents)

        channel, thread = await edge.messages(), await edge.thread(there["ts"])
    assert [said(message) for message in channel] == ["incident 42"]
    assert len(thread) == 1
    assert {Place(channel=i.channel, thread=i.thread) for i in bot.store.incidents.values()} == {
        Place(channel=edge.workspace.channel, thread=there["ts"])
    }
