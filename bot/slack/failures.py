"""What went wrong inside: the trace for the log, its id for the person."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable

import aiohttp

from bot.slack import messages
from bot.slack.api import CannotWrite

log = logging.getLogger(__name__)

Tell = Callable[[str], Awaitable[None]]
"""Says something to the person a request came from."""


async def nobody(text: str) -> None:
    """Tell nobody: there is no person, or no way to them."""


async def report(error: BaseException, tell: Tell) -> None:
    """Log an error with its trace, and tell the person the id under which it is found."""
    number = secrets.token_hex(4)
    log.error("%s: a request of Slack could not be handled", number, exc_info=error)
    try:
        await tell(messages.refusals.broken(number))
    except (CannotWrite, aiohttp.ClientError, TimeoutError) as problem:
        log.warning("%s: nobody could be told: %s", number, problem)
