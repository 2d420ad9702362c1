"""The slash command."""

from __future__ import annotations

import re
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.slack import messages, payload
from bot.slack.investigate import Investigator
from bot.slack.payload import Command, Json
from bot.slack.replies import explained, whisper

COMMAND = "/netmedic"
"""As in the manifest. Any other is taken too: with a bot for each cluster, each has a command of its own."""
HELP = frozenset({"", "help", "?", "-h", "--help"})


def register(app: AsyncApp, investigator: Investigator) -> None:
    """Attach the command to the app."""

    async def netmedic(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        asked = payload.command(body)
        await ack()
        errand = partial(answer, asked, investigator, respond)
        investigator.work.begin(asked.delivery, errand, tell=partial(whisper, respond))

    app.command(re.compile("^/"))(netmedic)


async def answer(asked: Command, investigator: Investigator, respond: AsyncRespond) -> None:
    """Answer in a thread of its own; how to ask is for the person alone."""
    if asked.text.lower() in HELP:
        await whisper(respond, messages.asking.usage(asked.name))
        return
    async with explained(respond, bot_user=investigator.identity.bot_user):
        await investigator.open_thread(asked.text, requester=asked.person, channel=asked.channel)
