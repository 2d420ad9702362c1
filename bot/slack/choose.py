"""The menu under a question: which of several things with the same name is meant."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.slack import actions, messages, payload
from bot.slack.investigate import Investigator
from bot.slack.payload import Json
from bot.slack.question_blocks import answer_of
from bot.slack.replies import whisper


def register(app: AsyncApp, investigator: Investigator) -> None:
    """Attach the menu to the app."""

    async def choose(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        await ack()
        click = payload.click(body)
        async with investigator.work.on(click.delivery) as is_new:
            if not is_new:
                return
            question_id, number = answer_of(click.value)
            question = investigator.questions.take(question_id)
            if question is None or not 0 <= number < len(question.candidates):
                await whisper(respond, messages.question_gone())
                return
            chosen = question.candidates[number]
            await investigator.slack.edit(
                click.place, click.message, messages.chosen(question.word, str(chosen), click.person.user)
            )
            await investigator.resume(question, chosen, message=click.message)

    app.action(actions.CHOOSE)(choose)
