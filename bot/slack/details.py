"""The buttons that open what a message only counts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.diagnosis.serialise import from_json
from bot.slack import actions, messages, payload
from bot.slack.api import CannotWrite, Slack
from bot.slack.detail_blocks import detail_view, loading_view, message_view
from bot.slack.payload import Click, Json
from bot.slack.ports import Store
from bot.slack.replies import whisper
from bot.slack.work import Work

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Diagnoses that were kept."""

    slack: Slack
    store: Store
    work: Work

    async def open(self, click: Click, respond: AsyncRespond) -> None:
        """Open a modal at once, as Slack gives three seconds for it, and fill it then."""
        detail = actions.detail_of(click.action)
        try:
            view_id = await self.slack.open(click.trigger_id, loading_view(detail))
        except CannotWrite as problem:
            log.info("the modal could not be opened: %s", problem)
            await whisper(respond, messages.details.too_late())
            return
        documents = await self.store.diagnoses(click.value)
        forgotten = message_view(detail, messages.details.forgotten())
        await self.slack.fill(view_id, detail_view(detail, from_json(documents[-1])) if documents else forgotten)


def register(app: AsyncApp, archive: Archive) -> None:
    """Attach the buttons to the app."""

    async def details(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        archive.work.begin(click.delivery, partial(archive.open, click, respond), tell=partial(whisper, respond))

    app.action(actions.DETAILS)(details)
