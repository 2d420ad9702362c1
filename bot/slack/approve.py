"""The buttons under a plan: a yes or a no, and what follows from a yes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.remediation.approval import Approved, Denied
from bot.slack import actions, messages, payload
from bot.slack.api import CannotWrite, Slack
from bot.slack.carry_out import Carrier
from bot.slack.identity import Identity
from bot.slack.payload import Click, Json
from bot.slack.plan_blocks import decided_card
from bot.slack.ports import Decide, Remedies
from bot.slack.replies import whisper
from bot.slack.work import Work
from bot.store.records import StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything a decision needs."""

    identity: Identity
    slack: Slack
    remedies: Remedies
    carrier: Carrier
    work: Work

    async def approve(self, click: Click, respond: AsyncRespond) -> None:
        """Record a yes, and carry the plan out."""
        answer = await self._decided(self.remedies.approve, click)
        if isinstance(answer, Denied):
            await self._deny(click, answer, respond)
            return
        await self._close(click, messages.plan.approved(click.person, answer.note))
        await self.carrier.carry_out(click.value, click.place)

    async def reject(self, click: Click, respond: AsyncRespond) -> None:
        """Record a no."""
        answer = await self._decided(self.remedies.reject, click)
        if isinstance(answer, Denied):
            await self._deny(click, answer, respond)
            return
        await self._close(click, messages.plan.rejected(click.person))

    async def _decided(self, decide: Decide, click: Click) -> Approved | Denied:
        try:
            return await decide(click.value, by=self.identity.name_of(click.person))
        except StoreError as problem:
            return Denied(str(problem))

    async def _deny(self, click: Click, denied: Denied, respond: AsyncRespond) -> None:
        await whisper(respond, messages.plan.refused(denied.reason))
        if denied.is_closed:
            await self._close(click, messages.plan.closed(denied.reason))

    async def _close(self, click: Click, line: str) -> None:
        """Put a line in the place of the buttons; what was decided stands even where that fails."""
        if not any(block.get("type") == "actions" for block in click.blocks):
            return
        try:
            await self.slack.edit(click.place, click.message, line, decided_card(click.blocks, line))
        except CannotWrite as problem:
            log.warning("the card of plan %s could not be edited: %s", click.value, problem)


def register(app: AsyncApp, desk: Desk) -> None:
    """Attach the buttons to the app."""

    async def approve(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        desk.work.begin(click.delivery, partial(desk.approve, click, respond), tell=partial(whisper, respond))

    async def reject(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        desk.work.begin(click.delivery, partial(desk.reject, click, respond), tell=partial(whisper, respond))

    app.action(actions.APPROVE)(approve)
    app.action(actions.REJECT)(reject)
