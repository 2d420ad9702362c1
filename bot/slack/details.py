"""The buttons that open what a message only counts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.slack import actions, messages, payload
from bot.slack.api import CannotWrite, Slack
from bot.slack.deliver import Deliverer
from bot.slack.detail_blocks import detail_view, loading_view, message_view
from bot.slack.information import Information
from bot.slack.payload import Click, Json
from bot.slack.reception import Reception
from bot.slack.replies import whisper

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Diagnoses that were kept."""

    slack: Slack
    information: Information
    deliverer: Deliverer

    async def open(self, click: Click, respond: AsyncRespond) -> None:
        """Open a modal at once, as Slack gives three seconds for it, and fill it then."""
        detail = actions.detail_of(click.action)
        try:
            view_id = await self.slack.open(click.trigger_id, loading_view(detail))
        except CannotWrite as problem:
            log.info("the modal could not be opened: %s", problem)
            await whisper(respond, messages.details.too_late())
            return
        incident = await self.information.store.incident(click.value)
        diagnosis = await self.information.latest(incident) if incident else None
        if diagnosis is None:
            await self.slack.fill(view_id, message_view(detail, messages.details.forgotten()))
            return
        await self.slack.fill(view_id, detail_view(detail, diagnosis))
        if detail is actions.Detail.REASONING:
            for picture in await self.deliverer.pictures.reasoning(diagnosis):
                await self.deliverer.attach(click.place, picture)


def register(app: AsyncApp, archive: Archive, reception: Reception) -> None:
    """Attach the buttons to the app."""

    async def details(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        reception.take_click(click, partial(archive.open, click, respond), respond)

    app.action(actions.DETAILS)(details)
