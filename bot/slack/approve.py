"""The button under a plan that says yes, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.remediation.approval import Denied
from bot.slack import actions, messages, payload
from bot.slack.carry_out import Carrier
from bot.slack.desk import Desk, card_of
from bot.slack.payload import Click, Json
from bot.slack.plan_blocks import decided_card
from bot.slack.replies import whisper
from bot.slack.work import Work


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Takes a yes, and carries the plan out."""

    desk: Desk
    carrier: Carrier

    async def approve(self, click: Click, respond: AsyncRespond) -> None:
        """Record a yes, and carry the plan out."""
        answer = await self.desk.decided(
            click.person, lambda by, groups: self.desk.remedies.approve(click.value, by=by, groups=groups)
        )
        if isinstance(answer, Denied):
            await whisper(respond, messages.plan.refused(answer.reason))
            if answer.is_closed:
                await self._close(click, messages.plan.closed(answer.reason))
            return
        await self._close(click, messages.plan.approved(click.person, answer.note))
        await self.carrier.carry_out(click.value, click.place)

    async def _close(self, click: Click, line: str) -> None:
        if any(block.get("type") == "actions" for block in click.blocks):
            await self.desk.close(card_of(click), line, decided_card(click.blocks, line))


def register(app: AsyncApp, approval: Approval, work: Work) -> None:
    """Attach the button to the app."""

    async def approve(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        work.begin(click.delivery, partial(approval.approve, click, respond), tell=partial(whisper, respond))

    app.action(actions.APPROVE)(approve)
