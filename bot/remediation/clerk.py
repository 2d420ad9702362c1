"""Plans from the command line: who asks is whom the API server takes them for, and the rest is as in the chat."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

from bot.cluster.port import Cluster
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.serialise import to_json
from bot.remediation.apply import Progress
from bot.remediation.approval import Approved, Denied
from bot.remediation.make import Proposal
from bot.remediation.plan import Plan
from bot.remediation.remedy import Remedy
from bot.store.records import Decision, StoredPlan

SHORTEST = 6
"""Characters of a hash that are enough to name a plan (ours)."""


class NoSuchPlan(Exception):
    """The text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Clerk:
    """What one person at a terminal does with plans. Every method may raise StoreError."""

    remedy: Remedy
    cluster: Cluster
    diagnose: Callable[[str, str], Awaitable[Diagnosis]]
    """From a symptom and a namespace to its diagnosis."""
    user: str
    """Who the API server says it is, with the prefix."""

    async def propose(self, symptom: str, *, namespace: str, rule: str = "") -> tuple[Diagnosis, Proposal]:
        """Diagnose, and keep the plans so that another person can approve them.

        With a rule, for what that one finds, even where the symptom is not blamed on it: a risk.
        """
        found = await self.diagnose(symptom, namespace)
        incident = await self.remedy.store.add_incident(
            requester=self.user, symptom=symptom, namespace=namespace, context=self.cluster.context
        )
        await self.remedy.store.add_diagnosis(incident.id, to_json(found))
        wanted = found
        if rule:
            causes = tuple(cause for cause in (*found.causes, *found.also_seen) if cause.rule == rule)
            if not causes:
                return found, Proposal(plans=(), notes=(f"This diagnosis does not find {rule}.",))
            wanted = replace(found, causes=causes)
        return found, await self.remedy.propose(wanted, self.cluster, incident_id=incident.id)

    async def find(self, name: str) -> StoredPlan:
        """Return the plan whose hash begins so.

        Raises:
            NoSuchPlan: There is none, or there are several.
        """
        found = await self.remedy.store.plans_named(name) if len(name) >= SHORTEST else []
        if len(found) != 1:
            many = f"{len(found)} plans begin with" if found else "There is no plan that begins with"
            raise NoSuchPlan(f"{many} {name[:64]!a}. `netmedic history` lists them; give {SHORTEST} letters or more.")
        return found[0]

    async def decision(self, plan: StoredPlan) -> Decision | None:
        """Return what was decided about a plan."""
        return await self.remedy.store.decision(plan.hash)

    async def approve(self, plan: StoredPlan) -> Approved | Denied:
        """Say yes."""
        return await self.remedy.approve(plan.hash, by=self.user)

    async def reject(self, plan: StoredPlan, *, reason: str) -> Approved | Denied:
        """Say no."""
        return await self.remedy.reject(plan.hash, by=self.user, reason=reason)

    async def edit(self, plan: StoredPlan, text: str) -> Plan | Denied:
        """Return the plan with the values that were written, in the place of the one before."""
        return await self.remedy.edit(plan.hash, text, by=self.user, cluster=self.cluster)

    async def undo(self, plan: StoredPlan) -> Plan | Denied:
        """Return the plan that puts back what a plan changed."""
        return await self.remedy.undo(plan.hash, by=self.user)

    async def apply(self, plan: StoredPlan) -> AsyncIterator[Progress]:
        """Carry out a plan that was approved."""
        async for move in self.remedy.apply(plan.hash):
            yield move
