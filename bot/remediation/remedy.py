"""What the chat and the command line call: plans for a diagnosis, a yes or a no, and what follows from a yes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.cluster.port import Cluster
from bot.diagnosis.report import Diagnosis
from bot.remediation import make
from bot.remediation.apply import Applier, Progress
from bot.remediation.approval import Denied
from bot.remediation.decisions import HASH, Decisions
from bot.remediation.desk import NoPlan
from bot.remediation.history import recurrence
from bot.remediation.lease import Lease, NotOurs
from bot.remediation.look import Sleep
from bot.remediation.make import Proposal
from bot.remediation.plan import SHORT_HASH, Plan
from bot.remediation.playbook import Playbook
from bot.remediation.undo import undo_plan
from bot.store.records import UNFINISHED, Incident, PlanState, StoredPlan

log = logging.getLogger(__name__)

Recheck = Callable[[Incident], Awaitable[Diagnosis]]
"""Diagnoses an incident's symptom once more."""


@dataclass(frozen=True, kw_only=True)
class Remedy(Decisions):
    """Plans, and what becomes of them. Every method may raise :class:`bot.store.records.StoreError`."""

    playbooks: Mapping[str, Playbook]
    recheck: Recheck
    sleep: Sleep = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    job_namespace: str = make.JOB_NAMESPACE
    """Where Jobs on Nodes run: the node helper's."""
    _running: set[str] = field(default_factory=set)
    """Hashes of the plans this process is carrying out."""

    async def propose(self, diagnosis: Diagnosis, cluster: Cluster, *, incident_id: str) -> Proposal:
        """Return the plans for a diagnosis, stored so that they can be approved."""
        proposal = await make.propose(
            diagnosis,
            self.playbooks,
            cluster=cluster,
            writer=self.writer,
            expires_seconds=self.expires_seconds,
            incident=incident_id,
            job_namespace=self.job_namespace,
        )
        for plan in proposal.plans:
            await self._keep(plan, incident_id)
        before = await recurrence(self.store, diagnosis, now=self.now(), incident=incident_id)
        return replace(proposal, notes=(before, *proposal.notes)) if before else proposal

    async def undo(self, plan_hash: str, *, by: str) -> Plan | Denied:
        """Return the plan that puts back what a plan changed, stored so that another person can approve it."""
        stored = await self.store.plan(plan_hash) if HASH.fullmatch(plan_hash) else None
        first = await self.store.incident(stored.incident) if stored else None
        if stored is None or first is None:
            return Denied("There is no such plan.", is_closed=True)
        if stored.state is not PlanState.CONFIRMED:
            return Denied(f"Only a plan that was confirmed can be undone; this one is {stored.state.in_words}.")
        plan = Plan.from_json(stored.content)
        if self.writer is None or plan.context != self.writer.context:
            return Denied(f"This plan is for the cluster {plan.context}, which this bot does not change.")
        if waiting := await self._undo_that_waits(plan_hash):
            return Denied(f"Nothing done: plan {waiting} waits already to undo it.")
        incident = await self.store.add_incident(
            requester=by,
            symptom=first.symptom,
            channel=first.channel,
            thread=first.thread,
            namespace=first.namespace,
            context=first.context,
            chosen=first.chosen,
        )
        try:
            back = await undo_plan(
                plan, self.writer, now=self.now(), expires_seconds=self.expires_seconds, incident=incident.id
            )
        except NoPlan as reason:
            return Denied(f"It cannot be undone from here: {reason}.")
        await self._keep(back, incident.id)
        return back

    async def _undo_that_waits(self, plan_hash: str) -> str:
        """Return the plan that can be approved to undo another one; empty if there is none."""
        for stored in await self.store.plans_in([PlanState.PROPOSED]):
            if stored.expires > self.now() and _undoes(stored) == plan_hash:
                return stored.hash[:SHORT_HASH]
        return ""

    async def _keep(self, plan: Plan, incident_id: str) -> None:
        await self.store.add_plan(
            plan_hash=plan.hash,
            incident_id=incident_id,
            playbook=plan.playbook,
            content=plan.to_json(),
            made=plan.made,
            expires=plan.expires,
        )

    async def apply(self, plan_hash: str) -> AsyncIterator[Progress]:
        """Carry out a plan that was approved, and confirm it or put back what was there; yields each move.

        Does nothing for a plan that was not approved, has ended, is for another cluster, or is being carried out by
        this process or another.
        """
        stored = await self.store.plan(plan_hash)
        if self.writer is None or stored is None or stored.state not in UNFINISHED or plan_hash in self._running:
            return
        incident = await self.store.incident(stored.incident)
        if incident is None:
            return
        plan = Plan.from_json(stored.content)
        if plan.context != self.writer.context:
            log.warning("plan %s is for %s, not for %s", plan.short, plan.context, self.writer.context)
            return
        self._running.add(plan_hash)
        lease = Lease(store=self.store, plan=plan_hash, holder=self.holder, seconds=self.lease_seconds)
        try:
            async with lease as is_ours:
                if not is_ours:
                    return
                applier = Applier(
                    store=self.store, writer=lease.guard(self.writer), now=self.now, sleep=self.sleep, clock=self.clock
                )
                async for progress in applier.run(plan, lambda: self.recheck(incident)):
                    yield progress
        except NotOurs as lost:
            log.warning("plan %s: %s", plan.short, lost)
        finally:
            self._running.discard(plan_hash)

    async def unfinished(self) -> list[tuple[Incident, StoredPlan]]:
        """Return the plans that another process left half way; :meth:`apply` takes each of them to its end."""
        found: list[tuple[Incident, StoredPlan]] = []
        taken = self._running | await self.store.held_by_others(self.holder)
        for stored in await self.store.plans_in(UNFINISHED):
            incident = await self.store.incident(stored.incident)
            if incident is not None and stored.hash not in taken:
                found.append((incident, stored))
        return found

    async def plan(self, plan_hash: str) -> Plan | None:
        """Return a stored plan."""
        stored = await self.store.plan(plan_hash)
        return Plan.from_json(stored.content) if stored else None


def _undoes(stored: StoredPlan) -> str:
    try:
        return Plan.from_json(stored.content).undoes
    except ValueError:
        return ""
