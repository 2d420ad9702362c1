"""The menu under a question: which of several things with the same name is meant."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.slack import actions, messages, payload
from bot.slack.investigate import Investigator
from bot.slack.payload import Click, Json
from bot.slack.question_blocks import answer_of
from bot.slack.reception import Reception
from bot.slack.replies import whisper


def register(app: AsyncApp, investigator: Investigator, reception: Reception) -> None:
    """Attach the menu to the app."""

    async def choose(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        reception.take_click(click, partial(go_on, click, investigator, respond), respond)

    app.action(actions.CHOOSE)(choose)


async def go_on(click: Click, investigator: Investigator, respond: AsyncRespond) -> None:
    """Go on with what was chosen; the question's message becomes the answer."""
    question_id, number = answer_of(click.value)
    question = await investigator.questions.take(question_id)
    if question is None or not 0 <= number < len(question.candidates):
        await whisper(respond, messages.refusals.question_gone())
        return
    chosen = question.candidates[number]
    told = messages.asking.chosen(question.word, str(chosen), click.person.user)
    await investigator.mail.edit(click.place, click.message, told)
    await investigator.resume(question, chosen, message=click.message)
