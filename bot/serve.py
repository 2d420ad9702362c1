"""``netmedic serve``: the bot for one cluster or several, put together."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.live import LiveCluster
from bot.cluster.live_writer import LiveWriter
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
from bot.settings import ClusterSettings, Settings
from bot.slack.clusters import Clusters, KnownCluster
from bot.slack.errors import CannotServe
from bot.slack.pictures import DrawnPictures
from bot.slack.ports import Backend
from bot.slack.serve import serve as serve_slack
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
    """Diagnoses in the cluster that is named."""

    sites: Mapping[str, Site]

    async def __call__(
        self, symptom: str, *, cluster: str, chosen: Mapping[str, Subject], progress: Callable[[Progress], None]
    ) -> Diagnosis | Ambiguous:
        """Return the diagnosis, or the question that has to be answered first."""
        site = self.sites[cluster]
        return await dataclasses.replace(site.diagnose, chosen=chosen)(site.cluster, symptom, progress=progress)


@dataclass(frozen=True)
class RemediesAnywhere:
    """Remedies, each in the cluster its plan is for."""

    store: Store
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
        return await site.remedy.propose(diagnosis, site.cluster, incident_id=incident_id)

    async def plan(self, plan_hash: str) -> Plan | None:
        """Return a stored plan."""
        return await self._any.plan(plan_hash)

    async def approve(self, plan_hash: str, *, by: str) -> Approved | Denied:
        """Record a yes, if it counts."""
        return await (await self._of(plan_hash)).approve(plan_hash, by=by)

    async def reject(self, plan_hash: str, *, by: str) -> Approved | Denied:
        """Record a no, if it counts."""
        return await (await self._of(plan_hash)).reject(plan_hash, by=by)

    async def apply(self, plan_hash: str) -> AsyncIterator[Move]:
        """Carry out a plan that was approved."""
        async for move in (await self._of(plan_hash)).apply(plan_hash):
            yield move

    async def unfinished(self) -> Sequence[tuple[Incident, StoredPlan]]:
        """Return the plans that an earlier process left half way."""
        return await self._any.unfinished()

    @property
    def _any(self) -> Remedy:
        """Any site's: for what is the same for all, as all have one store."""
        return next(iter(self.sites.values())).remedy

    def _at(self, context: str) -> Site | None:
        return next((site for site in self.sites.values() if site.cluster.context == context), None)

    async def _of(self, plan_hash: str) -> Remedy:
        """Return the remedy of the cluster a plan is for; any other denies it in its own words."""
        stored = await self.store.plan(plan_hash)
        incident = await self.store.incident(stored.incident) if stored else None
        site = self._at(incident.context) if incident else None
        return site.remedy if site else self._any


Connect = Callable[[ClusterSettings], Awaitable[LiveCluster]]
"""Connects to a cluster of the settings; the caller disconnects."""


async def serve(settings: Settings, *, connect: Connect, diagnose: Diagnose, playbooks: Mapping[str, Playbook]) -> None:
    """Answer in Slack until the process is told to end.

    Raises:
        CannotServe: A setting is missing or refused, or Slack cannot be reached.
        StoreError: The database cannot be opened.
        ClusterError: A kubeconfig cannot be used.
    """
    wanted = settings.clusters or (ClusterSettings(name=CURRENT),)
    if len({cluster.name for cluster in wanted}) < len(wanted):
        raise CannotServe("Two clusters in NETMEDIC_CLUSTERS (clusters) have the same name.")
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.database_url)
        stack.push_async_callback(store.close)
        sites: dict[str, Site] = {}
        for cluster in wanted:
            live = await connect(cluster)
            stack.push_async_callback(live.aclose)
            writer = LiveWriter.beside(live)
            stack.push_async_callback(writer.close)
            site = site_of(
                cluster, live, writer, settings=settings, store=store, diagnose=diagnose, playbooks=playbooks
            )
            sites[site.name] = site
        await serve_slack(settings, backend_of(sites, store=store, diagnose=diagnose))


def site_of(
    wanted: ClusterSettings,
    cluster: LiveCluster,
    writer: LiveWriter,
    *,
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
        policy=Policy(approvers=settings.approvers, single_operator=settings.single_operator),
        expires_seconds=settings.plan_expires_seconds,
        recheck=again,
    )
    name = wanted.name if settings.clusters else cluster.context or CURRENT
    return Site(name=name, cluster=cluster, diagnose=diagnose, remedy=remedy, channels=wanted.channels)


def backend_of(sites: Mapping[str, Site], *, store: Store, diagnose: Diagnose) -> Backend:
    """Return what the Slack app needs of the rest."""
    return Backend(
        diagnose=DiagnoseAnywhere(sites),
        remedies=RemediesAnywhere(store, sites),
        store=store,
        pictures=DrawnPictures(),
        clusters=Clusters(tuple(site.known for site in sites.values())),
        rules=diagnose.book.rules,
        checks={f"cluster {site.name}": site.check for site in sites.values()},
    )
