"""Who may ask, and where. What cannot be checked is not allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.slack import messages
from bot.slack.api import CannotWrite, Slack
from bot.slack.ports import Person

MEMBERS_SECONDS = 60.0
"""How long the members of a user group are remembered; who was added waits no longer than that (ours)."""


def loop_time() -> float:
    """Return the clock of the running event loop."""
    return asyncio.get_running_loop().time()


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The people and places that are answered; an empty list lets all pass.

    Slack itself keeps the bot out of channels it was not invited to: it has no scope to write there.
    """

    slack: Slack
    workspaces: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    now: Callable[[], float] = loop_time
    _members: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)

    async def why_not(self, person: Person, channel: str) -> str:
        """Return what to tell somebody who may not ask; empty for who may. No channel: App Home."""
        if self.workspaces and person.team not in self.workspaces:
            return messages.refusals.foreign()
        if self.channels and channel and channel not in self.channels:
            return messages.refusals.other_channel(self.channels)
        if not self.user_groups:
            return ""
        try:
            members = [await self._of_group(group) for group in self.user_groups]
        except CannotWrite as problem:
            return messages.refusals.groups_unknown(str(problem))
        return "" if any(person.user in group for group in members) else messages.refusals.not_in_group()

    async def _of_group(self, group: str) -> frozenset[str]:
        read_at, members = self._members.get(group, (float("-inf"), frozenset[str]()))
        if self.now() - read_at > MEMBERS_SECONDS:
            members = frozenset(await self.slack.group_members(group))
            self._members[group] = (self.now(), members)
        return members
