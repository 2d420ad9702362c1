"""Where every request of a person comes in: taken once, from who may ask, and answered later."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncRespond

from bot.slack import messages
from bot.slack.failures import Tell
from bot.slack.gate import Gate
from bot.slack.payload import Click
from bot.slack.ports import Person
from bot.slack.replies import whisper
from bot.slack.work import Errand, Work
from bot.store.conversation import Conversation
from bot.store.records import StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reception:
    """Takes requests."""

    gate: Gate
    work: Work

    def take(self, delivery: str, errand: Callable[[], Errand], *, person: Person, channel: str, tell: Tell) -> None:
        """Begin what a person asks for, unless it was begun before; ``tell`` reaches them."""
        self.work.begin(delivery, partial(self._admit, errand, person, channel, tell), tell=tell)

    def take_click(self, click: Click, errand: Callable[[], Errand], respond: AsyncRespond) -> None:
        """Begin what a click asks for."""
        self.take(
            click.delivery,
            errand,
            person=click.person,
            channel=click.place.channel,
            tell=partial(whisper, respond),
        )

    async def _admit(self, errand: Callable[[], Errand], person: Person, channel: str, tell: Tell) -> None:
        if why := await self.gate.why_not(person, channel):
            log.info("%s in %s may not ask", person, channel or "App Home")
            await tell(why)
            return
        try:
            await errand()
        except StoreError as problem:
            log.warning("a request was not answered: %s", problem)
            await tell(messages.refusals.not_answered(str(problem)))


def once_among_replicas(conversation: Conversation) -> Callable[[str], Awaitable[bool]]:
    """Return the claim that a delivery is taken by one replica; without the store every one takes what it gets.

    An answer too many harms less than silence.
    """

    async def claim(delivery: str) -> bool:
        try:
            return await conversation.claim(delivery)
        except StoreError as problem:
            log.warning("%s may be answered twice: %s", delivery, problem)
            return True

    return claim
