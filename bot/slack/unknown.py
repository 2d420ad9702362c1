"""What nothing else takes: clicks on messages of other versions, and everything that goes wrong inside."""

from __future__ import annotations

import logging
import re
import secrets

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond

from bot.slack import messages, payload
from bot.slack.api import CannotWrite, Slack
from bot.slack.payload import Json
from bot.slack.replies import whisper

log = logging.getLogger(__name__)

ANYTHING = re.compile("")


def register(app: AsyncApp, slack: Slack) -> None:
    """Attach the last listeners and the one error handler; to be called after all others."""

    async def unknown_button(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        await ack()
        log.warning("a click on %r, which this version does not know", payload.click(body).action)
        await whisper(respond, messages.unknown_button())

    async def broken(error: Exception, body: Json, context: AsyncBoltContext) -> None:
        incident = secrets.token_hex(4)
        log.error("%s: a request of Slack could not be handled", incident, exc_info=error)
        try:
            await tell(slack, body, context, messages.broken(incident))
        except (CannotWrite, aiohttp.ClientError, TimeoutError) as problem:
            log.warning("%s: nobody could be told: %s", incident, problem)

    app.action(ANYTHING)(unknown_button)
    app.error(broken)


async def tell(slack: Slack, body: Json, context: AsyncBoltContext, text: str) -> None:
    """Tell the person a request came from: privately where Slack gave a way, else where they wrote."""
    if context.response_url and context.respond:
        await whisper(context.respond, text)
    elif body.get("type") == "event_callback" and "channel" in body["event"]:
        await slack.whisper(payload.mention(body).place, payload.mention(body).person.user, text)
