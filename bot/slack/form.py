"""The form: opened by the message shortcut or a button, sent as a question."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

import msgspec
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.slack import actions, form_blocks, messages, payload
from bot.slack.api import CannotWrite, Slack
from bot.slack.clusters import Clusters
from bot.slack.investigate import Investigator
from bot.slack.payload import Click, Filled, Json, Shortcut
from bot.slack.ports import Person, Place, Request
from bot.slack.reception import Reception
from bot.slack.replies import tell_alone, whisper

log = logging.getLogger(__name__)


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the form was opened, and so where the answer goes; travels in the form."""

    channel: str
    thread: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """Opens the form, and takes what was written in it."""

    slack: Slack
    clusters: Clusters
    investigator: Investigator

    async def open(self, trigger_id: str, text: str, origin: Origin, *, problem: str = "") -> None:
        """Open the form with a text in it.

        Raises:
            CannotWrite: Slack's three seconds for it are over.
        """
        cluster, _ = self.clusters.choose(text, channel=origin.channel)
        view = form_blocks.form(
            text=text,
            clusters=[known.name for known in self.clusters.known],
            chosen=cluster,
            metadata=msgspec.json.encode(origin).decode(),
            problem=problem,
        )
        await self.slack.open(trigger_id, view)

    async def from_message(self, asked: Shortcut, respond: AsyncRespond) -> None:
        """Open the form with the text of a message."""
        await self._opened(
            asked.trigger_id, asked.text, Origin(channel=asked.place.channel, thread=asked.place.thread), respond
        )

    async def reword(self, click: Click, respond: AsyncRespond) -> None:
        """Open the form in the thread of a message that was not understood."""
        await self._opened(
            click.trigger_id, click.value, Origin(channel=click.place.channel, thread=click.place.thread), respond
        )

    async def ask(self, filled: Filled) -> None:
        """Answer what was written, in the thread it is about; who cannot be answered there is told so alone."""
        origin = origin_of(filled.metadata)
        if origin is None:
            await self.tell(filled.person, "", messages.refusals.unknown_button())
            return
        request = Request(
            symptom=filled.text,
            requester=filled.person,
            place=Place(channel=origin.channel, thread=origin.thread),
            cluster=self._cluster(filled.cluster),
        )
        try:
            if origin.thread:
                await self.investigator.answer(request)
            else:
                await self.investigator.open_thread(
                    filled.text, requester=filled.person, channel=origin.channel, cluster=request.cluster
                )
        except CannotWrite as problem:
            log.warning("Slack took no message: %s", problem)
            bot = self.investigator.deliverer.identity.bot_user
            told = (
                messages.refusals.not_in_channel(bot)
                if problem.is_not_invited
                else messages.refusals.cannot_write(str(problem))
            )
            await self.tell(filled.person, origin.channel, told)

    async def tell(self, person: Person, channel: str, text: str) -> None:
        """Tell a person alone: in the channel they asked in, else as a message of the bot to them."""
        await tell_alone(self.slack, person, Place(channel=channel), text)

    async def _opened(self, trigger_id: str, text: str, origin: Origin, respond: AsyncRespond) -> None:
        try:
            await self.open(trigger_id, text, origin)
        except CannotWrite as problem:
            log.info("the form could not be opened: %s", problem)
            await whisper(respond, messages.details.too_late())

    def _cluster(self, number: str) -> str:
        known = self.clusters.known
        return known[int(number)].name if number.isdecimal() and int(number) < len(known) else ""


def origin_of(metadata: str) -> Origin | None:
    """Return where a form was opened; none where it is of another version."""
    try:
        return msgspec.json.decode(metadata, type=Origin)
    except msgspec.MsgspecError:
        return None


def register(app: AsyncApp, form: Form, reception: Reception) -> None:
    """Attach the shortcut, the button and the form to the app."""

    async def shortcut(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        asked = payload.shortcut(body)
        await ack()
        reception.take(
            asked.delivery,
            partial(form.from_message, asked, respond),
            person=asked.person,
            channel=asked.place.channel,
            tell=partial(whisper, respond),
        )

    async def reword(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        click = payload.click(body)
        await ack()
        reception.take_click(click, partial(form.reword, click, respond), respond)

    async def filled_in(ack: AsyncAck, body: Json) -> None:
        filled = payload.filled(body)
        if filled.wants_cluster and not filled.cluster:
            await ack(response_action="errors", errors={form_blocks.CLUSTER: messages.form.no_cluster()})
            return
        await ack()
        origin = origin_of(filled.metadata)
        channel = origin.channel if origin else ""
        reception.take(
            filled.delivery,
            partial(form.ask, filled),
            person=filled.person,
            channel=channel,
            tell=partial(form.tell, filled.person, channel),
        )

    app.message_shortcut(actions.SHORTCUT)(shortcut)
    app.action(actions.REWORD)(reword)
    app.view(actions.FORM)(filled_in)
