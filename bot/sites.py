"""The clusters of one bot: each looked at and changed beside the loop that Slack is answered in."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.beside import Beside
from bot.cluster.errors import ClusterError
from bot.cluster.live import LiveCluster
from bot.cluster.live_writer import LiveWriter
from bot.diagnosis.diagnose import Diagnose, Progress
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from bot.remediation.access import Access, KubernetesUser, Reviewer
from bot.remediation.apply import Progress as Move
from bot.remediation.approval import Approved, Denied, Policy, policy_of
from bot.remediation.make import Proposal
from bot.remediation.plan import Plan
from bot.remediation.playbook import Playbook
from bot.remediation.remedy import Remedy
from bot.settings import ClusterSettings, Settings
from bot.slack.clusters import KnownCluster
from bot.store.records import Incident, StoredPlan
from bot.store.store import Store

CURRENT = "current"
"""What the only cluster is called where its context has no name."""


class UnknownCluster(ClusterError):
    """The cluster is not, or no longer, one of those in the settings."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One cluster: how it is looked at, and how it is changed."""

    name: str
    cluster: LiveCluster
    diagnose: Diagnose
    remedy: Remedy
    channels: tuple[str, ...]

    @property
    def known(self) -> KnownCluster:
        """What people know of it."""
        return KnownCluster(name=self.name, context=self.cluster.context, channels=self.channels)

    async def check(self) -> str:
        """Return what keeps it from being looked at; empty where nothing does."""
        try:
            await self.cluster.server_version()
        except ClusterError as problem:
            return str(problem)
        return ""


@dataclass(frozen=True)
class DiagnoseAnywhere:
    """Diagnoses in the cluster that is named, beside the loop that Slack is answered in."""

    beside: Beside
    sites: Mapping[str, Site]

    async def __call__(
        self, symptom: str, *, cluster: str, chosen: Mapping[str, Subject], progress: Callable[[Progress], None]
    ) -> Diagnosis | Ambiguous:
        """Return the diagnosis, or the question that has to be answered first."""
        site, loop = self.sites[cluster], asyncio.get_running_loop()
        diagnose = dataclasses.replace(site.diagnose, chosen=chosen)

        def told(step: Progress) -> None:
            loop.call_soon_threadsafe(progress, step)

        return await self.beside.run(lambda: diagnose(site.cluster, symptom, progress=told))


@dataclass(frozen=True)
class RemediesAnywhere:
    """Remedies, each in the cluster its plan is for, beside the loop that Slack is answered in."""

    beside: Beside
    store: Store
    """Of the second loop, as the sites are."""
    sites: Mapping[str, Site]

    @property
    def policy(self) -> Policy:
        """Who may approve: the same in every cluster."""
        return self._any.policy

    async def propose(self, diagnosis: Diagnosis, *, incident_id: str) -> Proposal:
        """Return the plans for a diagnosis, stored so that they can be approved."""
        site = self._at(diagnosis.access.context)
        if site is None:
            raise UnknownCluster(f"{diagnosis.access.context} is none of the clusters in the settings.")
        return await self.beside.run(lambda: site.remedy.propose(diagnosis, site.cluster, incident_id=incident_id))

    async def plan(self, plan_hash: str) -> Plan | None:
        """Return a stored plan."""
        return await self.beside.run(lambda: self._any.plan(plan_hash))

    async def approve(self, plan_hash: str, *, by: str, groups: Collection[str]) -> Approved | Denied:
        """Record a yes, if it counts."""
        remedy = (await self._of(plan_hash)).remedy
        return await self.beside.run(lambda: remedy.approve(plan_hash, by=by, groups=groups))

    async def reject(self, plan_hash: str, *, by: str, reason: str, groups: Collection[str]) -> Approved | Denied:
        """Record a no, if it counts."""
        remedy = (await self._of(plan_hash)).remedy
        return await self.beside.run(lambda: remedy.reject(plan_hash, by=by, reason=reason, groups=groups))

    async def edit(self, plan_hash: str, text: str, *, by: str, groups: Collection[str]) -> Plan | Denied:
        """Return the plan with the values that were written, in the place of the one before."""
        site = await self._of(plan_hash)
        return await self.beside.run(
            lambda: site.remedy.edit(plan_hash, text, by=by, cluster=site.cluster, groups=groups)
        )

    async def undo(self, plan_hash: str, *, by: str) -> Plan | Denied:
        """Return the plan that puts back what a plan changed."""
        remedy = (await self._of(plan_hash)).remedy
        return await self.beside.run(lambda: remedy.undo(plan_hash, by=by))

    async def apply(self, plan_hash: str) -> AsyncIterator[Move]:
        """Carry out a plan that was approved."""
        remedy = (await self._of(plan_hash)).remedy
        async for move in self.beside.iterate(lambda: remedy.apply(plan_hash)):
            yield move

    async def unfinished(self) -> Sequence[tuple[Incident, StoredPlan]]:
        """Return the plans that an earlier process left half way."""
        return await self.beside.run(self._any.unfinished)

    @property
    def _any(self) -> Remedy:
        """Any site's: for what is the same for all, as all have one store."""
        return self._first.remedy

    @property
    def _first(self) -> Site:
        return next(iter(self.sites.values()))

    def _at(self, context: str) -> Site | None:
        return next((site for site in self.sites.values() if site.cluster.context == context), None)

    async def _of(self, plan_hash: str) -> Site:
        """Return the cluster a plan is for; any other's remedy denies it in its own words."""
        stored = await self.beside.run(lambda: self.store.plan(plan_hash))
        incident = await self.beside.run(lambda: self.store.incident(stored.incident)) if stored else None
        site = self._at(incident.context) if incident else None
        return site or self._first


def site_of(
    wanted: ClusterSettings,
    cluster: LiveCluster,
    writer: LiveWriter,
    *,
    reviewer: Reviewer,
    settings: Settings,
    store: Store,
    diagnose: Diagnose,
    playbooks: Mapping[str, Playbook],
) -> Site:
    """Return a cluster with all that is done in it."""

    async def again(incident: Incident) -> Diagnosis:
        # A fix is confirmed by everything there is to see.
        anew = dataclasses.replace(diagnose, chosen=incident.chosen, thorough=True)
        answer = await anew(cluster, incident.symptom)
        if isinstance(answer, Diagnosis):
            return answer
        raise LookupError(f"“{answer.word}” has several meanings by now")

    remedy = Remedy(
        store=store,
        playbooks=playbooks,
        writer=writer,
        policy=policy_of(settings),
        expires_seconds=settings.plan_expires_seconds,
        recheck=again,
        access=_access(settings, reviewer),
        job_namespace=settings.helper_namespace,
    )
    name = wanted.name if settings.clusters else cluster.context or CURRENT
    return Site(name=name, cluster=cluster, diagnose=diagnose, remedy=remedy, channels=wanted.channels)


def _access(settings: Settings, reviewer: Reviewer) -> Access | None:
    """Return what is asked about the rights of those who approve; None where nothing is."""
    if not settings.approver_access_review:
        return None
    known = settings.kubernetes_users.items()
    users = {slack_user: KubernetesUser(name=user.name, groups=user.groups) for slack_user, user in known}
    return Access(reviewer=reviewer, users=users)
