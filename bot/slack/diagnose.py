"""The slash command."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.slack import messages, payload
from bot.slack.investigate import Investigator
from bot.slack.payload import Json
from bot.slack.replies import explained, whisper

COMMAND = "/netmedic"
HELP = frozenset({"", "help", "?", "-h", "--help"})


def register(app: AsyncApp, investigator: Investigator) -> None:
    """Attach the command to the app."""

    async def netmedic(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        await ack()
        asked = payload.command(body)
        async with investigator.work.on(asked.delivery) as is_new:
            if not is_new:
                return
            if asked.text.lower() in HELP:
                await whisper(respond, messages.usage(asked.name))
                return
            async with explained(respond, bot_user=investigator.identity.bot_user):
                await investigator.open_thread(asked.text, requester=asked.person, channel=asked.channel)

    app.command(COMMAND)(netmedic)
