"""Messages that arrive: what Slack cannot take now is kept in the outbox, and sent when it can."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from bot.slack.api import CannotWrite, Slack, Unreachable
from bot.slack.kit import Block
from bot.slack.ports import File, Place
from bot.store.chat_records import Letter, LetterKind
from bot.store.outbox import Outbox, is_waiting
from bot.store.records import StoreError

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 5.0
"""How often the outbox is looked at; also by the replicas that put nothing into it (ours)."""


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is in a letter."""

    text: str = ""
    blocks: tuple[Block, ...] = ()
    name: str = ""
    title: str = ""
    alt_text: str = ""
    data: str = ""
    """The file, in base64."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Writing in Slack, now or later.

    A message that is sent later has a name in the place of its timestamp, which serves as thread and to edit it.
    Every method raises :class:`CannotWrite` where Slack refuses, or neither Slack nor the store can be reached.
    """

    slack: Slack
    outbox: Outbox

    async def post(self, place: Place, text: str, blocks: Sequence[Block] = ()) -> str:
        """Post a message; returns its timestamp or name."""
        place = await self._known(place)
        if not is_waiting(place.thread):
            try:
                return await self.slack.post(place, text, blocks)
            except Unreachable as problem:
                log.warning("a message is sent later: %s", problem)
        return await self._later(LetterKind.POST, place, Content(text=text, blocks=tuple(blocks)))

    async def edit(self, place: Place, message: str, text: str, blocks: Sequence[Block] = ()) -> None:
        """Replace a message of ours; of what waits for the same message only the newest is sent."""
        message = await self._timestamp(message)
        if not is_waiting(message):
            try:
                await self.slack.edit(place, message, text, blocks)
            except Unreachable as problem:
                log.warning("an edit is sent later: %s", problem)
            else:
                return
        await self._later(LetterKind.EDIT, place, Content(text=text, blocks=tuple(blocks)), message=message)

    async def try_edit(self, place: Place, message: str, text: str) -> None:
        """Replace a message with something that is of no use later, such as progress."""
        message = await self._timestamp(message)
        if not is_waiting(message):
            await self.slack.edit(place, message, text)

    async def attach(self, place: Place, file: File) -> None:
        """Attach a file."""
        place = await self._known(place)
        if not is_waiting(place.thread):
            try:
                await self.slack.attach(place, file)
            except Unreachable as problem:
                log.warning("file %s is sent later: %s", file.name, problem)
            else:
                return
        data = base64.b64encode(file.data).decode()
        content = Content(name=file.name, title=file.title, alt_text=file.alt_text, data=data)
        await self._later(LetterKind.FILE, place, content)

    async def _known(self, place: Place) -> Place:
        return Place(channel=place.channel, thread=await self._timestamp(place.thread))

    async def _timestamp(self, name: str) -> str:
        try:
            return await self.outbox.timestamp(name) if is_waiting(name) else name
        except StoreError as problem:
            raise Unreachable(str(problem)) from problem

    async def _later(self, kind: LetterKind, place: Place, content: Content, *, message: str = "") -> str:
        document = msgspec.json.encode(content).decode()
        try:
            return await self.outbox.add(
                kind, channel=place.channel, thread=place.thread, message=message, document=document
            )
        except StoreError as problem:
            raise Unreachable(str(problem)) from problem


@dataclass(frozen=True, kw_only=True)
class Postman:
    """Sends what waits in the outbox."""

    slack: Slack
    outbox: Outbox
    every_seconds: float = LOOK_EVERY_SECONDS

    async def work(self, stop: asyncio.Event) -> None:
        """Send what waits, until told to stop."""
        while not stop.is_set():
            try:
                await self.send_all(stop)
            except StoreError as problem:
                log.warning("the outbox cannot be read: %s", problem)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.every_seconds)

    async def send_all(self, stop: asyncio.Event | None = None) -> None:
        """Send what waits, in its order, until Slack cannot be reached, another replica is at it, or told to stop."""
        while not (stop and stop.is_set()) and (letter := await self.outbox.take()):
            try:
                timestamp = await self._send(letter)
            except Unreachable as problem:
                await self.outbox.put_back(letter)
                log.info("what waits is sent later: %s", problem)
                await asyncio.sleep(problem.retry_after_seconds)
                return
            except asyncio.CancelledError:
                await self.outbox.put_back(letter)  # for the next process, at once
                raise
            except CannotWrite as problem:
                log.warning("a letter to %s of %s is given up: %s", letter.channel, letter.made, problem)
                timestamp = ""
            await self.outbox.sent(letter, timestamp=timestamp)

    async def _send(self, letter: Letter) -> str:
        """Send a letter, and return the timestamp of its message."""
        place = Place(channel=letter.channel, thread=letter.thread)
        content = msgspec.json.decode(letter.document, type=Content)
        match letter.kind:
            case LetterKind.POST:
                return await self.slack.post(place, content.text, content.blocks)
            case LetterKind.EDIT:
                await self._edit(place, letter.message, content)
            case LetterKind.FILE:
                data = base64.b64decode(content.data)
                file = File(name=content.name, title=content.title, alt_text=content.alt_text, data=data)
                await self.slack.attach(place, file)
        return letter.message

    async def _edit(self, place: Place, message: str, content: Content) -> None:
        try:
            await self.slack.edit(place, message, content.text, content.blocks)
        except CannotWrite as problem:
            if not problem.is_gone:
                raise
            await self.slack.post(place, content.text, content.blocks)
