"""The buttons under a diagnosis that people answer it with: ask again, this was it, wrong diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.slack import actions, messages, payload
from bot.slack.identity import Identity
from bot.slack.investigate import Investigator
from bot.slack.payload import Click, Json
from bot.slack.ports import Request, Store
from bot.slack.reception import Reception
from bot.slack.replies import explained, whisper
from bot.store.chat_records import Opinion

OPINIONS = {actions.RIGHT: Opinion.RIGHT, actions.WRONG: Opinion.WRONG}


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """What people do with a diagnosis."""

    identity: Identity
    investigator: Investigator
    store: Store

    async def again(self, click: Click, respond: AsyncRespond) -> None:
        """Ask the same again, in the same thread."""
        incident = await self.store.incident(click.value)
        if incident is None:
            await whisper(respond, messages.details.forgotten())
            return
        request = Request(
            symptom=incident.symptom,
            requester=click.person,
            place=click.place,
            cluster=self.investigator.clusters.of_context(incident.context),
            chosen=incident.chosen,
        )
        async with explained(respond, bot_user=self.identity.bot_user):
            await self.investigator.answer(request)

    async def opinion(self, click: Click, respond: AsyncRespond) -> None:
        """Keep an opinion with the incident, and tell the thread."""
        opinion = OPINIONS[click.action]
        if await self.store.incident(click.value) is None:
            await whisper(respond, messages.details.forgotten())
            return
        by = self.identity.name_of(click.person)
        known = await self.store.conversation.feedback(click.value)
        await self.store.conversation.add_feedback(click.value, by=by, opinion=opinion)
        if any(item.by == by and item.opinion is opinion for item in known):
            await whisper(respond, messages.feedback.known())
            return
        async with explained(respond, bot_user=self.identity.bot_user):
            await self.investigator.mail.post(click.place, messages.feedback.told(opinion, click.person.user))


def register(app: AsyncApp, feedback: Feedback, reception: Reception) -> None:
    """Attach the buttons to the app."""

    async def again(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        reception.take_click(click, partial(feedback.again, click, respond), respond)

    async def opinion(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        reception.take_click(click, partial(feedback.opinion, click, respond), respond)

    app.action(actions.AGAIN)(again)
    for action in OPINIONS:
        app.action(action)(opinion)
