"""Who the bot is, and whose requests it takes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.ports import Person

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The app's installation, as ``auth.test`` tells it."""

    team: str
    enterprise: str
    """Empty outside Enterprise Grid."""
    bot: str
    bot_user: str

    def name_of(self, person: Person) -> str:
        """Return the name under which a person asks and approves: the user id, and a guest's workspace before it.

        So an approver's id means the person of this workspace, and nobody who has the same id elsewhere.
        """
        return person.user if person.team == self.team else f"{person.team}/{person.user}"


def authorizer(identity: Identity) -> Callable[..., Awaitable[AuthorizeResult]]:
    """Return Bolt's hook that takes requests of our workspace, or of our organisation, and of no other.

    Bolt passes arguments by their names, and knows None as "not installed there" though its types do not say so.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        if team_id == identity.team or (identity.enterprise and enterprise_id == identity.enterprise):
            return AuthorizeResult(
                enterprise_id=enterprise_id, team_id=team_id, bot_id=identity.bot, bot_user_id=identity.bot_user
            )
        log.warning("a request of workspace %s was refused: this bot is installed in %s", team_id, identity.team)
        return None

    return cast("Callable[..., Awaitable[AuthorizeResult]]", authorize)


async def who_am_i(client: AsyncWebClient) -> Identity:
    """Ask Slack.

    Raises:
        SlackApiError: The token is refused.
    """
    told = await client.auth_test()
    return Identity(
        team=told.get("team_id") or "",
        enterprise=told.get("enterprise_id") or "",
        bot=told.get("bot_id") or "",
        bot_user=told.get("user_id") or "",
    )
