"""What every decision about a plan has in common: who decides, what is said to them, and the card afterwards."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from bot.remediation.approval import Denied
from bot.remediation.plan import Plan
from bot.slack import messages
from bot.slack.api import CannotWrite, Slack
from bot.slack.deliver import Deliverer
from bot.slack.identity import Identity
from bot.slack.kit import Block
from bot.slack.payload import Click
from bot.slack.plan_blocks import closed_card
from bot.slack.ports import Person, Place, Remedies
from bot.slack.replies import tell_alone
from bot.store.records import StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Card(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The message that shows a plan; travels in the forms about it."""

    plan: str
    channel: str
    thread: str = ""
    message: str = ""

    @property
    def place(self) -> Place:
        """Its thread."""
        return Place(channel=self.channel, thread=self.thread)


def card_of(click: Click) -> Card:
    """Return the card whose button was clicked."""
    return Card(plan=click.value, channel=click.place.channel, thread=click.place.thread, message=click.message)


def card_in(metadata: str) -> Card | None:
    """Return the card a form is about; none where it is of another version."""
    try:
        return msgspec.json.decode(metadata, type=Card)
    except msgspec.MsgspecError:
        return None


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything a decision needs."""

    identity: Identity
    slack: Slack
    remedies: Remedies
    deliverer: Deliverer

    async def decided(
        self, person: Person, decide: Callable[[str, frozenset[str]], Awaitable[T | Denied]]
    ) -> T | Denied:
        """Return what becomes of a person's wish, given their name and the approvers' groups they are in just now."""
        name = self.identity.name_of(person)
        unknown, groups = "", frozenset[str]()
        try:
            groups = await self._groups_of(name)
        except CannotWrite as problem:
            log.warning("user groups of approvers: %s", problem)
            unknown = messages.plan.groups_unknown(str(problem))
        try:
            answer = await decide(name, groups)
        except StoreError as problem:
            return Denied(str(problem))
        if unknown and isinstance(answer, Denied) and not answer.is_closed:
            return replace(answer, reason=f"{answer.reason} {unknown}")
        return answer

    async def tell(self, person: Person, card: Card, text: str) -> None:
        """Tell one person something about a plan."""
        await tell_alone(self.slack, person, card.place, text)

    async def show(self, card: Card, plan: Plan, person: Person) -> None:
        """Show another plan in the thread of a card, asked for by a person."""
        await self.deliverer.show(card.place, plan, requester=self.identity.name_of(person))

    async def close(self, card: Card, line: str, blocks: Sequence[Block] = ()) -> None:
        """Put a line in the place of the buttons; what was decided stands even where that fails."""
        try:
            shown = blocks or await self._without_buttons(card, line)
            if shown:
                await self.slack.edit(card.place, card.message, line, shown)
        except (CannotWrite, StoreError) as problem:
            log.warning("the card of plan %s could not be edited: %s", card.plan, problem)

    async def _without_buttons(self, card: Card, line: str) -> Sequence[Block]:
        plan = await self.remedies.plan(card.plan) if card.message else None
        return closed_card(plan, line) if plan else ()

    async def _groups_of(self, name: str) -> frozenset[str]:
        wanted = self.remedies.policy.user_groups
        return frozenset([group for group in wanted if name in await self.slack.group_members(group)])
