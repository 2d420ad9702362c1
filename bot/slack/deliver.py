"""Telling a diagnosis: kept, shown, drawn, and followed by its plans."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace

from bot.cluster.errors import ClusterError
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.serialise import to_json, to_yaml
from bot.remediation.plan import Plan
from bot.slack import messages
from bot.slack.api import CannotWrite
from bot.slack.blocks import diagnosis_blocks, is_shortened
from bot.slack.identity import Identity
from bot.slack.live import LiveMessage
from bot.slack.mail import Mail
from bot.slack.plan_blocks import plan_card, plan_files
from bot.slack.ports import File, Pictures, Place, Remedies, Request, Store
from bot.store.records import StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Deliverer:
    """Everything that telling a diagnosis needs."""

    identity: Identity
    mail: Mail
    pictures: Pictures
    remedies: Remedies
    store: Store

    async def tell(self, request: Request, diagnosis: Diagnosis, live: LiveMessage) -> str:
        """Show a diagnosis and keep it; returns the id of its incident, empty where it could not be kept."""
        incident = ""
        try:
            incident = await self._keep(request, diagnosis)
        except StoreError as problem:
            log.warning("a diagnosis could not be kept: %s", problem)
            diagnosis = replace(diagnosis, notes=(messages.answer.not_kept(str(problem)), *diagnosis.notes))
        blocks = diagnosis_blocks(diagnosis, incident=incident)
        await live.become(messages.answer.verdict(diagnosis), blocks)
        await self._close_opening(request, diagnosis)
        if is_shortened(blocks):
            # PyYAML takes a tenth of a second for ten causes: off the event loop.
            content = await asyncio.to_thread(to_yaml, diagnosis)
            name = f"netmedic-{incident or 'diagnosis'}.yaml"
            title = messages.answer.whole_diagnosis()
            await self.attach(request.place, File(name=name, title=title, data=content.encode()))
        return incident

    async def draw(self, request: Request, diagnosis: Diagnosis) -> None:
        """Attach the pictures of a diagnosis."""
        for picture in await self.pictures.of(diagnosis):
            await self.attach(request.place, picture)

    async def propose(self, request: Request, diagnosis: Diagnosis, incident: str) -> None:
        """Show the plans for a diagnosis that was kept."""
        try:
            proposal = await self.remedies.propose(diagnosis, incident_id=incident)
        except (ClusterError, StoreError) as problem:
            await self.mail.post(request.place, messages.answer.no_plan(str(problem)))
            return
        for plan in proposal.plans:
            await self.show(request.place, plan, requester=self.identity.name_of(request.requester))
            if plan.ticket_node:
                for file in await self.pictures.ticket(diagnosis, plan.ticket_node):
                    await self.attach(request.place, file)
        for note in proposal.notes:
            await self.mail.post(request.place, messages.answer.note(note))

    async def show(self, place: Place, plan: Plan, *, requester: str) -> None:
        """Show a plan with its buttons."""
        card = plan_card(plan, policy=self.remedies.policy, requester=requester)
        await self.mail.post(place, messages.plan.fallback(plan), card)
        for file in plan_files(plan):
            await self.attach(place, file)

    async def attach(self, place: Place, file: File) -> None:
        """Attach a file, or say that it is missing."""
        try:
            await self.mail.attach(place, file)
        except CannotWrite as problem:
            log.warning("file %s could not be attached: %s", file.name, problem)
            await self.mail.post(place, messages.answer.file_not_sent(file.title))

    async def _keep(self, request: Request, diagnosis: Diagnosis) -> str:
        incident = await self.store.add_incident(
            requester=self.identity.name_of(request.requester),
            symptom=request.symptom,
            channel=request.place.channel,
            thread=request.place.thread,
            context=diagnosis.access.context,
            chosen=request.chosen,
            incident_id=request.incident,
        )
        await self.store.add_diagnosis(incident.id, await asyncio.to_thread(to_json, diagnosis))
        return incident.id

    async def _close_opening(self, request: Request, diagnosis: Diagnosis) -> None:
        """Put the verdict where the channel sees it without opening the thread, and where it was asked first."""
        try:
            if request.opening:
                text = f"{request.headline or messages.asking.asked(request.symptom, request.requester.user)}\n"
                await self.mail.edit(request.place, request.opening, text + messages.answer.verdict(diagnosis))
            if request.echo:
                veiled = messages.answer.veiled(diagnosis, channel=request.place.channel)
                await self.mail.edit(request.echo.place, request.echo.message, veiled)
        except CannotWrite as problem:
            log.info("the opening message could not be edited: %s", problem)
