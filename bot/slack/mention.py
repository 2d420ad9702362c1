"""Mentions: the way to ask inside a thread, where slash commands do not work."""

from __future__ import annotations

import logging
from functools import partial

from slack_bolt.async_app import AsyncApp

from bot.slack import messages, payload
from bot.slack.diagnose import COMMAND, HELP
from bot.slack.investigate import Investigator
from bot.slack.payload import Json, Mention
from bot.slack.ports import Request

log = logging.getLogger(__name__)


def register(app: AsyncApp, investigator: Investigator) -> None:
    """Attach the event to the app; Bolt acknowledges events by itself, before this runs."""

    async def mentioned(body: Json) -> None:
        asked = payload.mention(body)
        if asked.is_from_bot:
            log.info("a mention by another bot is left alone: two bots could talk for ever")
            return
        tell = partial(investigator.slack.whisper, asked.place, asked.person.user)
        investigator.work.begin(asked.delivery, partial(answer, asked, investigator), tell=tell)

    app.event("app_mention")(mentioned)


async def answer(asked: Mention, investigator: Investigator) -> None:
    """Answer in the thread of the mention."""
    if asked.text.lower() in HELP:
        await investigator.slack.post(asked.place, messages.asking.usage(COMMAND))
        return
    await investigator.answer(Request(symptom=asked.text, requester=asked.person, place=asked.place))
