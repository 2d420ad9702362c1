"""What can be asked besides diagnoses: status, history, rules and clusters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.diagnosis.report import Diagnosis
from bot.diagnosis.serialise import NotADiagnosis, from_json
from bot.slack import messages
from bot.slack.clusters import Clusters
from bot.slack.fit import lines_that_fit
from bot.slack.health import Check, in_time
from bot.slack.limits import MESSAGE_TEXT
from bot.slack.ports import KnownRule, Store
from bot.slack.work import Work
from bot.store.records import Incident, IncidentState, PlanState, StoredPlan

log = logging.getLogger(__name__)

HISTORY = 10
"""Incidents in a list; further back the cluster was another (ours)."""
RULES = 20


@dataclass(frozen=True, kw_only=True)
class Information:
    """What the bot knows about itself and about the past."""

    store: Store
    clusters: Clusters
    rules: Sequence[KnownRule]
    checks: Mapping[str, Check]
    """What has to be well, by name."""
    work: Work
    single_operator: bool
    """Whoever asks may approve too, which everybody is told."""

    async def about(self, text: str, *, channel: str) -> str:
        """Return the answer to one of the topics, empty where the text is none of them."""
        topic, _, rest = text.strip().partition(" ")
        match topic.lower():
            case "status" if not rest:
                return await self.status()
            case "history" if not rest or rest.strip() == "all":
                return await self.history("" if rest else channel)
            case "rules" if len(rest.split()) <= 1:
                return self.known_rules(rest.strip().lower())
            case "clusters" if not rest:
                return messages.information.clusters(self.clusters.known, here=self.clusters.of_channel(channel))
            case _:
                return ""

    async def status(self) -> str:
        """Return how the bot is, what it does, and what waits for somebody."""
        return messages.information.status(
            wrong=await self.wrong(),
            running=self.work.running,
            single_operator=self.single_operator,
            open_incidents=len(await self.store.latest_incidents(100, state=IncidentState.OPEN)),
            waiting_plans=len(await self.waiting_plans()),
        )

    async def wrong(self) -> dict[str, str]:
        """Return what is not well, by name."""
        answers = await asyncio.gather(*map(in_time, self.checks.values()))
        return {name: answer for name, answer in zip(self.checks, answers, strict=True) if answer}

    async def history(self, channel: str) -> str:
        """Return the latest incidents of a channel, or of all."""
        found = await self.store.latest_incidents(HISTORY, channel=channel)
        lines = [await self._line(incident) for incident in found]
        head = messages.information.history_title(here=bool(channel))
        body = lines_that_fit(lines, MESSAGE_TEXT - len(head) - 1, messages.information.more_incidents)
        return f"{head}\n{body or messages.information.no_incidents()}"

    async def waiting_plans(self) -> list[StoredPlan]:
        """Return the plans that can be approved now, oldest first."""
        now = datetime.now(UTC)
        return [plan for plan in await self.store.plans_in([PlanState.PROPOSED]) if plan.expires > now]

    def known_rules(self, word: str) -> str:
        """Return how many rules there are, or those that have a word in their id or title."""
        if not word:
            return messages.information.rules(self.rules)
        found = [rule for rule in self.rules if word in f"{rule.id} {rule.title} {rule.category}".lower()]
        lines = [messages.information.rule(rule) for rule in found[:RULES]]
        more = [messages.information.more_rules(len(found) - RULES)] if len(found) > RULES else []
        return lines_that_fit([*lines, *more], MESSAGE_TEXT, messages.information.more_rules) or (
            messages.information.no_rules(word)
        )

    async def latest(self, incident: Incident) -> Diagnosis | None:
        """Return the latest diagnosis of an incident; none where it is gone or of another version."""
        documents = await self.store.diagnoses(incident.id)
        try:
            return await asyncio.to_thread(from_json, documents[-1]) if documents else None
        except NotADiagnosis as problem:
            log.info("incident %s: %s", incident.id, problem)
            return None

    async def _line(self, incident: Incident) -> str:
        opinions = [item.opinion for item in await self.store.conversation.feedback(incident.id)]
        return messages.information.incident(incident, await self.latest(incident), opinions)
