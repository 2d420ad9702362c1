"""What the chat and the command line call: plans for a diagnosis, a yes or a no, and what follows from a yes."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.cluster.port import Cluster
from bot.cluster.writer import Writer
from bot.diagnosis.report import Diagnosis
from bot.remediation import make
from bot.remediation.apply import Applier, Progress
from bot.remediation.approval import Approved, Click, Denied, Policy, decide, may_reject
from bot.remediation.desk import NoPlan
from bot.remediation.history import recurrence
from bot.remediation.lease import LEASE_SECONDS, Lease, NotOurs
from bot.remediation.look import Sleep
from bot.remediation.make import Proposal
from bot.remediation.plan import Plan
from bot.remediation.playbook import Playbook
from bot.remediation.undo import undo_plan
from bot.store.records import UNFINISHED, Incident, PlanState, StoredPlan
from bot.store.shelf import utc_now
from bot.store.store import Store

log = logging.getLogger(__name__)

HASH = re.compile(r"[0-9a-f]{64}")

Recheck = Callable[[Incident], Awaitable[Diagnosis]]
"""Diagnoses an incident's symptom once more."""


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """Plans, and what becomes of them. Every method may raise :class:`bot.store.records.StoreError`."""

    store: Store
    playbooks: Mapping[str, Playbook]
    writer: Writer | None
    """None: plans are shown and cannot be approved."""
    policy: Policy
    expires_seconds: int
    recheck: Recheck
    now: Callable[[], datetime] = utc_now
    sleep: Sleep = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    job_namespace: str = make.JOB_NAMESPACE
    """Where Jobs on Nodes run: the node helper's."""
    lease_seconds: float = LEASE_SECONDS
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    """This process, where several carry plans out."""
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

    async def _keep(self, plan: Plan, incident_id: str) -> None:
        await self.store.add_plan(
            plan_hash=plan.hash,
            incident_id=incident_id,
            playbook=plan.playbook,
            content=plan.to_json(),
            made=plan.made,
            expires=plan.expires,
        )

    async def approve(self, plan_hash: str, *, by: str) -> Approved | Denied:
        """Record a yes, if it counts; :meth:`apply` comes next."""
        found = await self._found(plan_hash, by)
        if isinstance(found, Denied):
            return await self._denied(found, plan_hash, by)
        plan, click = found
        answer = decide(plan, click, self.policy.of(plan))
        if isinstance(answer, Denied):
            return await self._denied(answer, plan_hash, by)
        if await self.store.decide(plan_hash, by=by, approved=True, reason=answer.note):
            # Whoever takes the yes has a moment to begin, before others think that nobody does.
            await self.store.take(plan_hash, holder=self.holder, seconds=self.lease_seconds)
            return answer
        return await self._lost(plan_hash, by)

    async def reject(self, plan_hash: str, *, by: str, reason: str = "") -> Approved | Denied:
        """Record a no, if it counts."""
        found = await self._found(plan_hash, by)
        if isinstance(found, Denied):
            return await self._denied(found, plan_hash, by)
        plan, click = found
        answer = may_reject(click, self.policy.of(plan))
        if isinstance(answer, Denied):
            return await self._denied(answer, plan_hash, by)
        if await self.store.decide(plan_hash, by=by, approved=False, reason=reason):
            return answer
        return await self._lost(plan_hash, by)

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

    async def _found(self, plan_hash: str, by: str) -> tuple[Plan, Click] | Denied:
        """Return a plan, and what is known about it at this moment."""
        stored = await self.store.plan(plan_hash) if HASH.fullmatch(plan_hash) else None
        incident = await self.store.incident(stored.incident) if stored else None
        if stored is None or incident is None:
            return Denied("There is no such plan. Ask for a new diagnosis.", is_closed=True)
        try:
            plan = Plan.from_json(stored.content)
        except ValueError as problem:
            return Denied(f"Another version of netmedic made this plan ({problem}). Ask again.", is_closed=True)
        click = Click(
            shown_hash=plan_hash,
            by=by,
            requester=incident.requester,
            state=stored.state,
            decision=await self.store.decision(plan_hash),
            context=self.writer.context if self.writer else "",
            at=self.now(),
        )
        return plan, click

    async def _lost(self, plan_hash: str, by: str) -> Denied:
        """Return that somebody else was faster."""
        found = await self._found(plan_hash, by)
        reason = "Nothing done: somebody else decided at the same moment."
        if not isinstance(found, Denied) and (decision := found[1].decision) is not None:
            word = "approved" if decision.approved else "rejected"
            reason = f"Nothing done: {decision.by} {word} this plan at the same moment."
        return await self._denied(Denied(reason, is_closed=True), plan_hash, by)

    async def _denied(self, denied: Denied, plan_hash: str, by: str) -> Denied:
        known = plan_hash if HASH.fullmatch(plan_hash) else ""
        await self.store.audit(
            actor=by, action="denied", plan_hash=known, detail={"reason": denied.reason, "shown": plan_hash[:100]}
        )
        log.info("plan %s: a click was denied: %s", known[:12] or "unknown", denied.reason)
        return denied
