"""``netmedic serve``: the bot for one cluster, put together."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.live import LiveCluster
from bot.cluster.live_writer import LiveWriter
from bot.cluster.port import Cluster
from bot.diagnosis.diagnose import Diagnose, Progress
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from bot.remediation.apply import Progress as Move
from bot.remediation.approval import Approved, Denied, Policy
from bot.remediation.make import Proposal
from bot.remediation.plan import Plan
from bot.remediation.playbook import Playbook
from bot.remediation.remedy import Remedy
from bot.settings import Settings
from bot.slack.serve import serve as serve_slack
from bot.store.records import Incident, StoredPlan
from bot.store.store import Store


@dataclass(frozen=True, kw_only=True)
class DiagnoseHere:
    """Diagnoses of one cluster."""

    cluster: Cluster
    diagnose: Diagnose

    async def __call__(
        self,
        symptom: str,
        *,
        chosen: Mapping[str, Subject],
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> Diagnosis | Ambiguous:
        """Return the diagnosis, or the question that has to be answered first."""
        return await dataclasses.replace(self.diagnose, chosen=chosen)(self.cluster, symptom, progress=progress)

    async def again(self, incident: Incident) -> Diagnosis:
        """Return a new diagnosis of an incident's symptom, for a remedy to be judged by.

        Raises:
            LookupError: A name in the symptom has several meanings by now.
        """
        answer = await self(incident.symptom, chosen=incident.chosen)
        if isinstance(answer, Diagnosis):
            return answer
        raise LookupError(f"“{answer.word}” has several meanings by now")


@dataclass(frozen=True, kw_only=True)
class RemediesHere:
    """Remedies in one cluster."""

    cluster: Cluster
    remedy: Remedy

    @property
    def policy(self) -> Policy:
        """Who may approve."""
        return self.remedy.policy

    async def propose(self, diagnosis: Diagnosis, *, incident_id: str) -> Proposal:
        """Return the plans for a diagnosis, stored so that they can be approved."""
        return await self.remedy.propose(diagnosis, self.cluster, incident_id=incident_id)

    async def plan(self, plan_hash: str) -> Plan | None:
        """Return a stored plan."""
        return await self.remedy.plan(plan_hash)

    async def approve(self, plan_hash: str, *, by: str) -> Approved | Denied:
        """Record a yes, if it counts."""
        return await self.remedy.approve(plan_hash, by=by)

    async def reject(self, plan_hash: str, *, by: str) -> Approved | Denied:
        """Record a no, if it counts."""
        return await self.remedy.reject(plan_hash, by=by)

    def apply(self, plan_hash: str) -> AsyncIterator[Move]:
        """Carry out a plan that was approved."""
        return self.remedy.apply(plan_hash)

    async def unfinished(self) -> Sequence[tuple[Incident, StoredPlan]]:
        """Return the plans that an earlier process left half way."""
        return await self.remedy.unfinished()


async def serve(
    settings: Settings, *, cluster: LiveCluster, diagnose: Diagnose, playbooks: Mapping[str, Playbook]
) -> None:
    """Answer in Slack until the process is told to end.

    Raises:
        CannotServe: A setting is missing or refused, or Slack cannot be reached.
        StoreError: The database cannot be opened.
    """
    here = DiagnoseHere(cluster=cluster, diagnose=diagnose)
    store = await Store.open(settings.database_url)
    writer = LiveWriter.beside(cluster)
    try:
        remedy = Remedy(
            store=store,
            playbooks=playbooks,
            writer=writer,
            policy=Policy(approvers=settings.approvers, single_operator=settings.single_operator),
            expires_seconds=settings.plan_expires_seconds,
            recheck=here.again,
        )
        await serve_slack(settings, diagnose=here, remedies=RemediesHere(cluster=cluster, remedy=remedy), store=store)
    finally:
        await writer.close()
        await store.close()
