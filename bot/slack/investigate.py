"""One request from the first word to the last: progress, the diagnosis or a question, and the plans."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.cluster.errors import ClusterError
from bot.diagnosis.diagnose import Progress
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.diagnosis.serialise import to_json, to_yaml
from bot.diagnosis.symptom import SymptomError
from bot.facts.scope import Subject
from bot.slack import messages
from bot.slack.api import CannotWrite, Slack
from bot.slack.blocks import diagnosis_blocks, is_shortened
from bot.slack.identity import Identity
from bot.slack.live import LiveMessage, Pace
from bot.slack.plan_blocks import File, plan_card, plan_files
from bot.slack.ports import Diagnose, Person, Place, Question, Remedies, Request, Store
from bot.slack.question_blocks import question_blocks
from bot.slack.questions import Questions
from bot.slack.work import Work
from bot.store.records import StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Investigator:
    """Everything an answer needs."""

    identity: Identity
    slack: Slack
    diagnose: Diagnose
    remedies: Remedies
    store: Store
    work: Work
    questions: Questions
    pace: Pace

    async def open_thread(self, symptom: str, *, requester: Person, channel: str) -> None:
        """Open a thread for a symptom, and answer in it.

        Raises:
            CannotWrite: Slack does not let us write there.
        """
        opening = await self.slack.post(Place(channel=channel), messages.asking.asked(symptom, requester.user))
        place = Place(channel=channel, thread=opening)
        await self.answer(Request(symptom=symptom, requester=requester, place=place, opening=opening))

    async def answer(self, request: Request, *, message: str = "") -> None:
        """Answer in the request's thread; ``message`` is the one of ours that becomes the answer, if there is one yet.

        Raises:
            CannotWrite: Slack does not let us write there.
        """
        ts = message or await self.slack.post(request.place, messages.progress.starting())
        async with LiveMessage(self.slack, request.place, ts, pace=self.pace) as live:
            if self.work.is_full:
                live.show(messages.progress.waiting())
            try:
                async with self.work.turn():
                    answer = await self.diagnose(request.symptom, chosen=request.chosen, progress=shown_in(live))
            except (SymptomError, ClusterError) as problem:
                await live.become(messages.refusals.not_answered(str(problem)))
                return
            if isinstance(answer, Ambiguous):
                await self._ask(request, answer, live)
                return
            incident = await self._tell(request, answer, live)
        if incident:
            await self._propose(request, answer, incident)

    async def _ask(self, request: Request, ambiguous: Ambiguous, live: LiveMessage) -> None:
        question = Question(request=request, word=ambiguous.word, candidates=ambiguous.candidates)
        question_id = self.questions.keep(question)
        await live.become(messages.asking.which_one(question.word), question_blocks(question, question_id=question_id))

    async def resume(self, question: Question, chosen: Subject, *, message: str) -> None:
        """Go on with a request after its question was answered; the question's message becomes the answer."""
        known = {**question.request.chosen, question.word: chosen}
        await self.answer(replace(question.request, chosen=known), message=message)

    async def _tell(self, request: Request, diagnosis: Diagnosis, live: LiveMessage) -> str:
        incident = ""
        try:
            incident = await self._keep(request, diagnosis)
        except StoreError as problem:
            log.warning("a diagnosis could not be kept: %s", problem)
            diagnosis = replace(diagnosis, notes=(messages.answer.not_kept(str(problem)), *diagnosis.notes))
        blocks = diagnosis_blocks(diagnosis, incident=incident)
        await live.become(messages.answer.verdict(diagnosis), blocks)
        if request.opening:
            await self._close_opening(request, diagnosis)
        if is_shortened(blocks):
            # PyYAML takes a tenth of a second for ten causes: off the event loop.
            content = await asyncio.to_thread(to_yaml, diagnosis)
            name = f"netmedic-{incident or 'diagnosis'}.yaml"
            await self._attach(request.place, File(name=name, title=messages.answer.whole_diagnosis(), content=content))
        return incident

    async def _keep(self, request: Request, diagnosis: Diagnosis) -> str:
        incident = await self.store.add_incident(
            requester=self.identity.name_of(request.requester),
            symptom=request.symptom,
            channel=request.place.channel,
            thread=request.place.thread,
            context=diagnosis.access.context,
            chosen=request.chosen,
        )
        await self.store.add_diagnosis(incident.id, await asyncio.to_thread(to_json, diagnosis))
        return incident.id

    async def _close_opening(self, request: Request, diagnosis: Diagnosis) -> None:
        """Put the verdict where the channel sees it without opening the thread."""
        text = messages.asking.answered(request.symptom, request.requester.user, diagnosis)
        try:
            await self.slack.edit(request.place, request.opening, text)
        except CannotWrite as problem:
            log.info("the opening message could not be edited: %s", problem)

    async def _propose(self, request: Request, diagnosis: Diagnosis, incident: str) -> None:
        try:
            proposal = await self.remedies.propose(diagnosis, incident_id=incident)
        except (ClusterError, StoreError) as problem:
            await self.slack.post(request.place, messages.answer.no_plan(str(problem)))
            return
        for plan in proposal.plans:
            card = plan_card(plan, policy=self.remedies.policy, requester=self.identity.name_of(request.requester))
            await self.slack.post(request.place, messages.plan.fallback(plan), card)
            for file in plan_files(plan):
                await self._attach(request.place, file)
        for note in proposal.notes:
            await self.slack.post(request.place, messages.answer.note(note))

    async def _attach(self, place: Place, file: File) -> None:
        try:
            await self.slack.attach(place, filename=file.name, title=file.title, content=file.content)
        except CannotWrite as problem:
            log.warning("file %s could not be attached: %s", file.name, problem)
            await self.slack.post(place, messages.answer.file_not_sent(file.title))


def shown_in(live: LiveMessage) -> Callable[[Progress], None]:
    """Return the callback that shows progress in a message."""

    def show(step: Progress) -> None:
        live.show(messages.progress.progress(doing=step.doing, done=step.done, total=step.total))

    return show
