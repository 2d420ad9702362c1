"""Replies that only the person who asked or clicked sees, through the delivery's ``response_url``."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from slack_bolt.async_app import AsyncRespond

from bot.slack import messages
from bot.slack.api import CannotWrite, Slack
from bot.slack.ports import Person, Place

log = logging.getLogger(__name__)


async def whisper(respond: AsyncRespond, text: str) -> None:
    """Tell one person something, and leave the message that was clicked as it is."""
    await respond(text=text, response_type="ephemeral", replace_original=False)


async def tell_alone(slack: Slack, person: Person, place: Place, text: str) -> None:
    """Tell a person alone: where they asked, else as a message of the bot to them."""
    if place.channel:
        with suppress(CannotWrite):
            await slack.whisper(place, person.user, text)
            return
    await slack.post(Place(channel=person.user), text)


@asynccontextmanager
async def explained(respond: AsyncRespond, *, bot_user: str) -> AsyncIterator[None]:
    """Tell the person why Slack took no message, instead of saying nothing."""
    try:
        yield
    except CannotWrite as problem:
        log.warning("Slack took no message: %s", problem)
        if problem.is_not_invited:
            await whisper(respond, messages.refusals.not_in_channel(bot_user))
        else:
            await whisper(respond, messages.refusals.cannot_write(str(problem)))
