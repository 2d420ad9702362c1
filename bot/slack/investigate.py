"""One request from the first word to the last: progress, the diagnosis or a question, and the plans."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.cluster.errors import ClusterError
from bot.diagnosis.diagnose import Progress
from bot.diagnosis.scope import Ambiguous
from bot.diagnosis.symptom import SymptomError
from bot.facts.scope import Subject
from bot.logs import about
from bot.slack import clusters, messages
from bot.slack.clusters import Clusters
from bot.slack.deliver import Deliverer
from bot.slack.form_blocks import reword_blocks
from bot.slack.ledger import Ledger
from bot.slack.live import LiveMessage, Pace
from bot.slack.mail import Mail
from bot.slack.ports import Diagnose, Echo, Person, Place, Question, Request
from bot.slack.privacy import Privacy
from bot.slack.question_blocks import question_blocks
from bot.slack.questions import Questions
from bot.slack.work import Work
from bot.store.records import StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Investigator:
    """Everything an answer needs."""

    mail: Mail
    diagnose: Diagnose
    clusters: Clusters
    deliverer: Deliverer
    work: Work
    questions: Questions
    privacy: Privacy
    pace: Pace
    ledger: Ledger

    async def open_thread(self, symptom: str, *, requester: Person, channel: str, cluster: str = "") -> None:
        """Open a thread for a symptom, and answer in it.

        Raises:
            CannotWrite: Slack does not let us write there.
        """
        place = Place(channel=channel)
        if self.privacy.hides(channel):
            await self.answer(Request(symptom=symptom, requester=requester, place=place, cluster=cluster))
            return
        opening = await self.mail.post(place, messages.asking.asked(symptom, requester.user))
        place = Place(channel=channel, thread=opening)
        await self.answer(Request(symptom=symptom, requester=requester, place=place, opening=opening, cluster=cluster))

    async def answer(self, request: Request, *, message: str = "") -> None:
        """Answer in the request's thread; ``message`` is the one of ours that becomes the answer, if there is one yet.

        Raises:
            CannotWrite: Slack does not let us write there.
        """
        about(request.incident)
        if request.echo is None and self.privacy.hides(request.place.channel):
            request, message = await self._moved(request), ""
        if not self.clusters.is_known(request.cluster):
            name, symptom = self.clusters.choose(request.symptom, channel=request.place.channel)
            request = replace(request, cluster=name, symptom=symptom or request.symptom)
        ts = message or await self.mail.post(request.place, messages.progress.starting())
        async with self.ledger.kept(request, ts), LiveMessage(self.mail, request.place, ts, pace=self.pace) as live:
            if request.cluster:
                await self._look(request, live)
            else:
                await self._ask(request, messages.asking.cluster_word(), self.clusters.candidates(), live)

    async def resume(self, question: Question, chosen: Subject, *, message: str) -> None:
        """Go on with a request after its question was answered; the question's message becomes the answer."""
        if chosen.kind == clusters.KIND:
            await self.answer(replace(question.request, cluster=chosen.name), message=message)
            return
        known = {**question.request.chosen, question.word: chosen}
        await self.answer(replace(question.request, chosen=known), message=message)

    async def _look(self, request: Request, live: LiveMessage) -> None:
        if self.work.is_full:
            live.show(messages.progress.waiting())
        try:
            async with self.work.turn():
                answer = await self.diagnose(
                    request.symptom, cluster=request.cluster, chosen=request.chosen, progress=shown_in(live)
                )
        except SymptomError as problem:
            await live.become(
                messages.refusals.not_answered(str(problem)), reword_blocks(str(problem), request.symptom)
            )
            return
        except ClusterError as problem:
            await live.become(messages.refusals.not_answered(str(problem)))
            return
        if isinstance(answer, Ambiguous):
            await self._ask(request, answer.word, answer.candidates, live)
            return
        incident = await self.deliverer.tell(request, answer, live)
        await self.deliverer.draw(request, answer)
        if incident:
            await self.deliverer.propose(request, answer, incident)

    async def _ask(self, request: Request, word: str, candidates: tuple[Subject, ...], live: LiveMessage) -> None:
        question = Question(request=request, word=word, candidates=candidates)
        try:
            question_id = await self.questions.keep(question)
        except StoreError as problem:
            await live.become(messages.refusals.not_answered(str(problem)))
            return
        await live.become(messages.asking.which_one(word), question_blocks(question, question_id=question_id))

    async def _moved(self, request: Request) -> Request:
        """Return the request with the channel for details as its place; where it was asked it is told so."""
        private = self.privacy.details_channel
        there = await self.mail.post(request.place, messages.asking.moved(request.requester.user, private))
        echo = Echo(place=request.place, message=there)
        opening = await self.mail.post(
            Place(channel=private), messages.asking.asked(request.symptom, request.requester.user)
        )
        return replace(request, place=Place(channel=private, thread=opening), opening=opening, echo=echo)


def shown_in(live: LiveMessage) -> Callable[[Progress], None]:
    """Return the callback that shows progress in a message."""

    def show(step: Progress) -> None:
        live.show(messages.progress.progress(doing=step.doing, done=step.done, total=step.total))

    return show
