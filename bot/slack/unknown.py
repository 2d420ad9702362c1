"""What nothing else takes: clicks, shortcuts and forms of other versions, and requests that cannot be read."""

from __future__ import annotations

import logging
import re
from functools import partial

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond

from bot.slack import kit, messages, payload
from bot.slack.failures import nobody, report
from bot.slack.payload import Json
from bot.slack.replies import whisper

log = logging.getLogger(__name__)

ANYTHING = re.compile("")


def register(app: AsyncApp) -> None:
    """Attach the last listener and the error handler of all listeners; to be called after all others."""

    async def unknown_button(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        action = payload.click(body).action
        await ack()
        log.warning("a click on %r, which this version does not know", action)
        await whisper(respond, messages.refusals.unknown_button())

    async def unknown_shortcut(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        await ack()
        log.warning("a shortcut %r, which this version does not know", body.get("callback_id"))
        await whisper(respond, messages.refusals.unknown_shortcut())

    async def unknown_form(ack: AsyncAck, body: Json) -> None:
        log.warning("a form %r, which this version does not know", body["view"].get("callback_id"))
        view = kit.modal(messages.form.title(), [kit.section(messages.refusals.unknown_form())])
        await ack(response_action="update", view=view)

    async def broken(error: Exception, context: AsyncBoltContext, response: BoltResponse | None) -> BoltResponse | None:
        respond = context.respond if context.response_url else None
        await report(error, partial(whisper, respond) if respond else nobody)
        # Slack is told that all is well, the person is told that it is not. No response: it was acknowledged before.
        return BoltResponse(status=200, body="") if response else None

    app.action(ANYTHING)(unknown_button)
    app.message_shortcut(ANYTHING)(unknown_shortcut)
    app.view(ANYTHING)(unknown_form)
    app.error(broken)
