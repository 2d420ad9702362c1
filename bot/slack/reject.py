"""The button under a plan that says no, with a form for the reason."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.remediation.approval import Denied
from bot.slack import actions, messages, payload, plan_forms
from bot.slack.api import CannotWrite
from bot.slack.desk import Desk, card_in, card_of
from bot.slack.failures import nobody
from bot.slack.payload import Click, Json, Submission
from bot.slack.replies import whisper
from bot.slack.work import Work


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """Takes a no."""

    desk: Desk

    async def ask(self, click: Click, respond: AsyncRespond) -> None:
        """Open the form for the reason."""
        try:
            await self.desk.slack.open(click.trigger_id, plan_forms.reject_form(card_of(click)))
        except CannotWrite:
            await whisper(respond, messages.details.too_late())

    async def reject(self, sent: Submission) -> None:
        """Record a no."""
        card = card_in(sent.metadata)
        if card is None:
            return
        reason = sent.values[plan_forms.REASON].strip()
        answer = await self.desk.decided(
            sent.person,
            lambda by, groups: self.desk.remedies.reject(card.plan, by=by, reason=reason, groups=groups),
        )
        if isinstance(answer, Denied):
            await self.desk.tell(sent.person, card, messages.plan.refused(answer.reason))
            if answer.is_closed:
                await self.desk.close(card, messages.plan.closed(answer.reason))
            return
        await self.desk.close(card, messages.plan.rejected(sent.person, reason))


def register(app: AsyncApp, rejection: Rejection, work: Work) -> None:
    """Attach the button and the form to the app."""

    async def ask(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        work.begin(click.delivery, partial(rejection.ask, click, respond), tell=partial(whisper, respond))

    async def reject(ack: AsyncAck, body: Json) -> None:
        sent = payload.submission(body)
        await ack()
        work.begin(sent.delivery, partial(rejection.reject, sent), tell=nobody)

    app.action(actions.REJECT)(ask)
    app.view(actions.REJECTED)(reject)
