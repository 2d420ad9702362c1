"""The slash command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.diagnosis.cleaning import SymptomError, clean
from bot.slack import messages, payload
from bot.slack.api import CannotWrite
from bot.slack.form import Form, Origin
from bot.slack.information import Information
from bot.slack.investigate import Investigator
from bot.slack.payload import Command, Json
from bot.slack.reception import Reception
from bot.slack.replies import explained, whisper

COMMAND = "/netmedic"
"""As in the manifest. Any other is taken too: with a bot for each cluster, each has a command of its own."""
HELP = frozenset({"", "help", "?", "-h", "--help"})


@dataclass(frozen=True, kw_only=True)
class Counter:
    """Where commands are answered."""

    bot_user: str
    form: Form
    information: Information
    investigator: Investigator

    async def answer(self, asked: Command, respond: AsyncRespond) -> None:
        """Answer in a thread of its own; how to ask, and what is no diagnosis, is for the person alone."""
        if asked.text.lower() in HELP:
            await whisper(respond, messages.asking.usage(asked.name))
            return
        if told := await self.information.about(asked.text, channel=asked.channel):
            await whisper(respond, told)
            return
        try:
            clean(asked.text)
        except SymptomError as problem:
            await self._reword(asked, str(problem), respond)
            return
        async with explained(respond, bot_user=self.bot_user):
            await self.investigator.open_thread(asked.text, requester=asked.person, channel=asked.channel)

    async def _reword(self, asked: Command, problem: str, respond: AsyncRespond) -> None:
        """Open the form for what cannot be understood; too late for that, say what is wrong."""
        try:
            await self.form.open(asked.trigger_id, asked.text, Origin(channel=asked.channel), problem=problem)
        except CannotWrite:
            await whisper(respond, messages.refusals.not_answered(problem))


def register(app: AsyncApp, counter: Counter, reception: Reception) -> None:
    """Attach the command to the app."""

    async def netmedic(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        asked = payload.command(body)
        await ack()
        reception.take(
            asked.delivery,
            partial(counter.answer, asked, respond),
            person=asked.person,
            channel=asked.channel,
            tell=partial(whisper, respond),
        )

    app.command(re.compile("^/"))(netmedic)
