"""Mentions: the way to ask inside a thread, where slash commands do not work, and to go on with what was asked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncApp

from bot.slack import follow_up, messages, payload
from bot.slack.api import Slack
from bot.slack.diagnose import COMMAND, HELP
from bot.slack.follow_up import Before, WhichNode
from bot.slack.information import Information
from bot.slack.investigate import Investigator
from bot.slack.payload import Json, Mention
from bot.slack.ports import Request
from bot.slack.reception import Reception
from bot.store.records import Incident, StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Where mentions are answered."""

    slack: Slack
    information: Information
    investigator: Investigator

    async def answer(self, asked: Mention) -> None:
        """Answer in the thread of the mention."""
        if asked.text.lower() in HELP:
            await self.slack.post(asked.place, messages.asking.usage(COMMAND))
            return
        if told := await self.information.about(asked.text, channel=asked.place.channel):
            await self.slack.whisper(asked.place, asked.person.user, told)
            return
        try:
            request = await self._in_context(asked)
        except WhichNode:
            await self.investigator.mail.post(asked.place, messages.asking.which_node())
            return
        await self.investigator.answer(request)

    async def _in_context(self, asked: Mention) -> Request:
        """Return what is asked, read with what the thread was about.

        Raises:
            WhichNode: It is not clear which Node is meant.
        """
        new = Request(symptom=asked.text, requester=asked.person, place=asked.place)
        earlier = await self._earlier(asked)
        if earlier is None:
            return new
        clusters = self.investigator.clusters
        cluster, text = clusters.choose(
            asked.text, channel=asked.place.channel, earlier=clusters.of_context(earlier.context)
        )
        before = Before(symptom=earlier.symptom, diagnosis=await self.information.latest(earlier))
        symptom = follow_up.in_context(text, before) if text else earlier.symptom
        kept = {word: meant for word, meant in earlier.chosen.items() if word.lower() in symptom.lower()}
        return Request(symptom=symptom, requester=asked.person, place=asked.place, cluster=cluster, chosen=kept)

    async def _earlier(self, asked: Mention) -> Incident | None:
        try:
            return await self.information.store.incident_of_thread(asked.place.channel, asked.place.thread)
        except StoreError as problem:
            log.warning("what was asked before cannot be read: %s", problem)
            return None


def register(app: AsyncApp, listener: Listener, reception: Reception) -> None:
    """Attach the event to the app; Bolt acknowledges events by itself, before this runs."""

    async def mentioned(body: Json) -> None:
        asked = payload.mention(body)
        if asked.is_from_bot:
            log.info("a mention by another bot is left alone: two bots could talk for ever")
            return
        reception.take(
            asked.delivery,
            partial(listener.answer, asked),
            person=asked.person,
            channel=asked.place.channel,
            tell=partial(listener.slack.whisper, asked.place, asked.person.user),
        )

    app.event("app_mention")(mentioned)
