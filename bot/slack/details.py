"""The buttons that open what a message only counts."""

from __future__ import annotations

import logging

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.diagnosis.serialise import from_json
from bot.slack import actions, messages, payload
from bot.slack.api import CannotWrite, Slack
from bot.slack.detail_blocks import detail_view, loading_view, message_view
from bot.slack.payload import Json
from bot.slack.ports import Store
from bot.slack.replies import whisper
from bot.slack.work import Work

log = logging.getLogger(__name__)


def register(app: AsyncApp, *, slack: Slack, store: Store, work: Work) -> None:
    """Attach the buttons to the app."""

    async def details(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        await ack()
        click = payload.click(body)
        detail = actions.detail_of(click.action)
        async with work.on(click.delivery) as is_new:
            if not is_new:
                return
            try:
                view_id = await slack.open(click.trigger_id, loading_view(detail))
            except CannotWrite as problem:
                log.info("the modal could not be opened: %s", problem)
                await whisper(respond, messages.too_late())
                return
            documents = await store.diagnoses(click.value)
            forgotten = message_view(detail, messages.forgotten())
            await slack.fill(view_id, detail_view(detail, from_json(documents[-1])) if documents else forgotten)

    app.action(actions.DETAILS)(details)
