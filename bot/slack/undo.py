"""The button under a fix that was confirmed: the plan that puts it back, which another person approves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.remediation.approval import Denied
from bot.slack import actions, messages, payload
from bot.slack.desk import Desk, card_of
from bot.slack.payload import Click, Json
from bot.slack.reception import Reception
from bot.slack.replies import whisper


@dataclass(frozen=True, kw_only=True)
class Undoing:
    """Makes plans that put back what others changed."""

    desk: Desk

    async def undo(self, click: Click, respond: AsyncRespond) -> None:
        """Show the plan in the thread of the fix."""
        answer = await self.desk.decided(click.person, lambda by, _: self.desk.remedies.undo(click.value, by=by))
        if isinstance(answer, Denied):
            await whisper(respond, messages.plan.refused(answer.reason))
            return
        await self.desk.show(card_of(click), answer, click.person)


def register(app: AsyncApp, undoing: Undoing, reception: Reception) -> None:
    """Attach the button to the app."""

    async def undo(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        reception.take_click(click, partial(undoing.undo, click, respond), respond)

    app.action(actions.UNDO)(undo)
