"""The button that opens a plan's YAML, and the plan with other values that takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.remediation.approval import Denied
from bot.remediation.edit import WrongEdit, documents, text_of
from bot.slack import actions, messages, payload, plan_forms
from bot.slack.api import CannotWrite
from bot.slack.desk import Desk, card_in, card_of
from bot.slack.failures import nobody
from bot.slack.payload import Click, Json, Submission
from bot.slack.replies import whisper
from bot.slack.work import Work


@dataclass(frozen=True, kw_only=True)
class Editing:
    """Takes other values for a plan."""

    desk: Desk

    async def open(self, click: Click, respond: AsyncRespond) -> None:
        """Open the form with the plan's YAML in it."""
        plan = await self.desk.remedies.plan(click.value)
        text = text_of(plan) if plan else ""
        if not plan or not plan_forms.fits(text):
            await whisper(respond, messages.plan_forms.too_long_to_edit(plan.short if plan else ""))
            return
        try:
            await self.desk.slack.open(click.trigger_id, plan_forms.edit_form(card_of(click), text))
        except CannotWrite:
            await whisper(respond, messages.details.too_late())

    async def take(self, sent: Submission) -> None:
        """Make the plan that was written, and show it; the one before cannot be approved any more."""
        card = card_in(sent.metadata)
        if card is None:
            return
        text = sent.values[plan_forms.YAML]
        answer = await self.desk.decided(
            sent.person, lambda by, groups: self.desk.remedies.edit(card.plan, text, by=by, groups=groups)
        )
        if isinstance(answer, Denied):
            await self.desk.tell(sent.person, card, messages.plan.refused(answer.reason))
            if answer.is_closed:
                await self.desk.close(card, messages.plan.closed(answer.reason))
            return
        await self.desk.close(card, messages.plan.replaced(sent.person, answer))
        await self.desk.show(card, answer, sent.person)


def register(app: AsyncApp, editing: Editing, work: Work) -> None:
    """Attach the button and the form to the app."""

    async def edit(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        work.begin(click.delivery, partial(editing.open, click, respond), tell=partial(whisper, respond))

    async def edited(ack: AsyncAck, body: Json) -> None:
        sent = payload.submission(body)
        try:
            documents(sent.values[plan_forms.YAML])
        except WrongEdit as problem:
            await ack(response_action="errors", errors={plan_forms.YAML: messages.plan_forms.no_yaml(str(problem))})
            return
        await ack()
        work.begin(sent.delivery, partial(editing.take, sent), tell=nobody)

    app.action(actions.EDIT)(edit)
    app.view(actions.EDITED)(edited)
