"""A yes, a no or other values for a plan: looked at anew at the moment of the click, and recorded once."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from bot.cluster.port import Cluster
from bot.cluster.writer import Writer
from bot.remediation.access import Access
from bot.remediation.approval import Approved, Click, Denied, Policy, decide, may_edit, may_reject
from bot.remediation.desk import NoPlan
from bot.remediation.edit import Bench, WrongEdit, edited
from bot.remediation.lease import LEASE_SECONDS
from bot.remediation.plan import Plan
from bot.store.shelf import utc_now
from bot.store.store import Store

log = logging.getLogger(__name__)

HASH = re.compile(r"[0-9a-f]{64}")
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """What people decide about plans. Every method may raise :class:`bot.store.records.StoreError`.

    ``groups`` are the user groups that the chat system says a person is in.
    """

    store: Store
    writer: Writer | None
    """None: plans are shown and cannot be approved."""
    policy: Policy
    expires_seconds: int
    access: Access | None = None
    """None: who is on the list may approve, whatever their own rights are."""
    now: Callable[[], datetime] = utc_now
    lease_seconds: float = LEASE_SECONDS
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    """This process, where several carry plans out."""

    async def approve(self, plan_hash: str, *, by: str, groups: Collection[str] = NONE) -> Approved | Denied:
        """Record a yes, if it counts; to carry the plan out comes next."""
        found = await self._found(plan_hash, by, groups)
        if isinstance(found, Denied):
            return await self._denied(found, plan_hash, by)
        plan, click = found
        answer = decide(plan, click, self.policy.of(plan))
        if isinstance(answer, Approved) and self.access is not None and (why := await self.access.why_not(plan, by)):
            answer = Denied(why)
        if isinstance(answer, Denied):
            return await self._denied(answer, plan_hash, by)
        if await self.store.decide(plan_hash, by=by, approved=True, reason=answer.note):
            # Whoever takes the yes has a moment to begin, before others think that nobody does.
            await self.store.take(plan_hash, holder=self.holder, seconds=self.lease_seconds)
            return answer
        return await self._lost(plan_hash, by)

    async def reject(
        self, plan_hash: str, *, by: str, reason: str = "", groups: Collection[str] = NONE
    ) -> Approved | Denied:
        """Record a no, if it counts."""
        found = await self._found(plan_hash, by, groups)
        if isinstance(found, Denied):
            return await self._denied(found, plan_hash, by)
        plan, click = found
        answer = may_reject(click, self.policy.of(plan))
        if isinstance(answer, Denied):
            return await self._denied(answer, plan_hash, by)
        if await self.store.decide(plan_hash, by=by, approved=False, reason=reason):
            return answer
        return await self._lost(plan_hash, by)

    async def edit(
        self, plan_hash: str, text: str, *, by: str, cluster: Cluster, groups: Collection[str] = NONE
    ) -> Plan | Denied:
        """Return the plan with the values that were written, stored in the place of the one before."""
        found = await self._found(plan_hash, by, groups)
        if isinstance(found, Denied):
            return await self._denied(found, plan_hash, by)
        plan, click = found
        answer = may_edit(plan, click, self.policy.of(plan))
        if isinstance(answer, Denied):
            return await self._denied(answer, plan_hash, by)
        assert self.writer is not None  # noqa: S101 - else the plan would be of another cluster
        bench = Bench(cluster=cluster, writer=self.writer, now=self.now(), expires_seconds=self.expires_seconds)
        try:
            new = await edited(plan, text, by=by, bench=bench)
        except (WrongEdit, NoPlan) as problem:
            return Denied(f"The edited plan is not taken: {problem}. The plan stays as it was.")
        if await self.store.replace_plan(
            plan_hash, by=by, plan_hash=new.hash, content=new.to_json(), made=new.made, expires=new.expires
        ):
            return new
        return await self._lost(plan_hash, by)

    async def _found(self, plan_hash: str, by: str, groups: Collection[str]) -> tuple[Plan, Click] | Denied:
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
            groups=frozenset(groups),
            requester=incident.requester,
            state=stored.state,
            decision=await self.store.decision(plan_hash),
            context=self.writer.context if self.writer else "",
            at=self.now(),
        )
        return plan, click

    async def _lost(self, plan_hash: str, by: str) -> Denied:
        """Return that somebody else was faster."""
        found = await self._found(plan_hash, by, NONE)
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
