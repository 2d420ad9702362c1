"""App Home: what is open, what was found lately, what waits for an approval, and how the bot is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.remediation.plan import Plan
from bot.slack import actions, messages, payload
from bot.slack.api import CannotWrite, Slack
from bot.slack.failures import nobody
from bot.slack.gate import Gate
from bot.slack.home_blocks import Listed, Overview, home_view, refused_view
from bot.slack.information import Information
from bot.slack.payload import Json
from bot.slack.ports import Person
from bot.slack.privacy import Privacy
from bot.slack.work import Work
from bot.store.records import Incident, IncidentState, StoredPlan, StoreError

log = logging.getLogger(__name__)

OPEN, RECENT, WAITING = 10, 10, 10
"""Entries of each list (ours)."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """Shows App Home."""

    slack: Slack
    information: Information
    gate: Gate
    privacy: Privacy

    async def show(self, person: Person) -> None:
        """Show it to a person as it is now."""
        try:
            if why := await self.gate.why_not(person, ""):
                view = refused_view(why)
            else:
                view = home_view(await self._overview())
        except StoreError as problem:
            view = refused_view(messages.refusals.not_answered(str(problem)))
        try:
            await self.slack.publish(person.user, view)
        except CannotWrite as problem:
            log.info("App Home of %s could not be shown: %s", person.user, problem)

    async def _overview(self) -> Overview:
        store = self.information.store
        opened = await store.latest_incidents(OPEN, state=IncidentState.OPEN)
        recent = await store.latest_incidents(RECENT)
        return Overview(
            wrong=await self.information.wrong(),
            running=self.information.work.running,
            single_operator=self.information.single_operator,
            opened=[await self._listed(incident) for incident in opened],
            recent=[await self._listed(incident) for incident in recent],
            waiting=[
                (title_of(stored), incident)
                for stored in (await self.information.waiting_plans())[:WAITING]
                if (incident := await store.incident(stored.incident)) is not None
            ],
        )

    async def _listed(self, incident: Incident) -> Listed:
        return Listed(
            incident=incident,
            diagnosis=await self.information.latest(incident),
            veiled=bool(self.privacy.details_channel),
        )


def title_of(stored: StoredPlan) -> str:
    """Return what a plan is; where another version made it, what it was made from."""
    try:
        return Plan.from_json(stored.content).title
    except ValueError:
        return stored.playbook


def register(app: AsyncApp, home: Home, work: Work) -> None:
    """Attach the event, and the button that looks again, to the app."""

    async def opened(body: Json) -> None:
        visit = payload.visit(body)
        work.begin(visit.delivery, partial(home.show, visit.person), tell=nobody)

    async def refresh(ack: AsyncAck, body: Json) -> None:
        click = payload.click(body)
        await ack()
        work.begin(click.delivery, partial(home.show, click.person), tell=nobody)

    app.event("app_home_opened")(opened)
    app.action(actions.REFRESH)(refresh)
