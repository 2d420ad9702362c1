"""An approved plan, told move by move in its thread."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field

from bot.remediation.apply import Progress as Move
from bot.remediation.lease import LOOK_SECONDS
from bot.slack import messages
from bot.slack.api import CannotWrite
from bot.slack.live import LiveMessage, Pace
from bot.slack.mail import Mail
from bot.slack.plan_blocks import outcome
from bot.slack.ports import Place, Remedies
from bot.slack.work import Work
from bot.store.records import UNFINISHED, StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """Carries out approved plans, and tells how it goes."""

    mail: Mail
    remedies: Remedies
    work: Work
    pace: Pace
    at_work: set[str] = field(default_factory=set)
    """Hashes of the plans that are being carried out here."""

    async def carry_out(self, plan_hash: str, place: Place, *, opening: str = "") -> None:
        """Carry out a plan and tell about it; it is carried out even where Slack takes no message."""
        self.at_work.add(plan_hash)
        try:
            await self._carry_out(plan_hash, place, opening=opening)
        finally:
            self.at_work.discard(plan_hash)

    async def _carry_out(self, plan_hash: str, place: Place, *, opening: str) -> None:
        try:
            live = await LiveMessage.post(self.mail, place, opening or messages.plan.starting(), pace=self.pace)
        except CannotWrite as problem:
            log.warning("plan %s is carried out without a word: %s", plan_hash, problem)
            async for move in self.remedies.apply(plan_hash):
                log.info("plan %s: %s %s", plan_hash, move.state, move.text)
            return
        async with live:
            try:
                last = await self._told(plan_hash, live)
            except StoreError as problem:
                await live.become(messages.plan.interrupted(str(problem)))
                return
            if last is None or last.state in UNFINISHED:
                await live.become(messages.plan.left_alone())
                return
            plan = await self.remedies.plan(plan_hash)
            await live.become(messages.plan.move(last.state, last.text), outcome(last, plan))

    async def _told(self, plan_hash: str, live: LiveMessage) -> Move | None:
        """Carry out a plan, show each move, and return the last."""
        last: Move | None = None
        async for move in self.remedies.apply(plan_hash):
            live.show(messages.plan.move(move.state, move.text))
            last = move
        return last

    async def take_up(self) -> None:
        """Begin to carry on with the plans that another process left half way, each in its thread."""
        for incident, stored in await self.remedies.unfinished():
            if stored.hash in self.at_work:
                continue
            self.at_work.add(stored.hash)
            log.warning("plan %s was left %s: going on", stored.hash, stored.state)
            place = Place(channel=incident.channel, thread=incident.thread)
            self.work.start(self.carry_out(stored.hash, place, opening=messages.plan.taken_up()))

    async def watch(self, stop: asyncio.Event) -> None:
        """Look again and again for plans that nobody carries on, such as those of a replica that is gone."""
        while not stop.is_set():
            try:
                await self.take_up()
            except StoreError as problem:
                log.warning("looking for plans to carry on: %s", problem)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
