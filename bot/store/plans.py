"""Plans, and the one decision that each gets. Who moves a plan on does so by compare-and-set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import audit
from bot.store.records import Decision, IncidentState, PlanState, StoredPlan
from bot.store.shelf import Shelf
from bot.store.tables import audit as audit_table
from bot.store.tables import decisions, incidents, leases, plans

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Until when nobody held the lease of a new plan."""


class Plans(Shelf):
    """What can be approved, and how far it is."""

    async def add_plan(
        self, *, plan_hash: str, incident_id: str, playbook: str, content: str, made: datetime, expires: datetime
    ) -> None:
        """Keep a plan that can be approved; one that is there already stays as it is."""
        row = {"hash": plan_hash, "incident": incident_id, "playbook": playbook, "content": content}
        async with self._database.transaction() as connection:
            if await plan_of(connection, plan_hash) is None:
                await self._add(connection, {**row, "made": made, "expires": expires}, actor="netmedic")

    async def replace_plan(
        self, old: str, *, by: str, plan_hash: str, content: str, made: datetime, expires: datetime
    ) -> bool:
        """Put an edited plan in the place of a proposed one; False if that is not proposed any more."""
        async with self._database.transaction() as connection:
            replaced = await plan_of(connection, old)
            detail = f"Replaced by plan {plan_hash}."
            if replaced is None or not await _moved(
                connection, old, expected=PlanState.PROPOSED, to=PlanState.REPLACED, detail=detail
            ):
                return False
            at = self._now()
            await told(connection, old, at=at, actor=by, action=PlanState.REPLACED, detail={"detail": detail})
            row = {"hash": plan_hash, "incident": replaced.incident, "playbook": replaced.playbook, "content": content}
            await self._add(connection, {**row, "made": made, "expires": expires}, actor=by)
        return True

    async def _add(self, connection: AsyncConnection, row: Mapping[str, Any], *, actor: str) -> None:
        await connection.execute(plans.insert().values(**row, state=PlanState.PROPOSED, detail="", version=1))
        await connection.execute(leases.insert().values(plan=row["hash"], holder="", until=LONG_AGO))
        await audit.append(
            connection,
            at=self._now(),
            actor=actor,
            action=PlanState.PROPOSED,
            incident=row["incident"],
            plan=row["hash"],
            detail={"playbook": row["playbook"], "content": row["content"]},
        )

    async def plan(self, plan_hash: str) -> StoredPlan | None:
        """Return a plan."""
        async with self._database.transaction() as connection:
            return await plan_of(connection, plan_hash)

    async def plans_in(self, states: Collection[PlanState]) -> list[StoredPlan]:
        """Return the plans in these states, oldest first."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(
                select(plans).where(plans.c.state.in_(list(states))).order_by(plans.c.made, plans.c.hash)
            )
            return [_stored(row) for row in rows.mappings()]

    async def plans_of(self, incident_ids: Iterable[str]) -> list[StoredPlan]:
        """Return the plans of some incidents, oldest first."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(
                select(plans).where(plans.c.incident.in_(list(incident_ids))).order_by(plans.c.made, plans.c.hash)
            )
            return [_stored(row) for row in rows.mappings()]

    async def plans_named(self, beginning: str) -> list[StoredPlan]:
        """Return the plans whose hash begins so."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(select(plans).where(plans.c.hash.startswith(beginning, autoescape=True)))
            return [_stored(row) for row in rows.mappings()]

    async def ended(self, plan_hash: str) -> datetime | None:
        """Return when a plan was confirmed; None if it never was."""
        async with self._database.transaction() as connection:
            wanted = (audit_table.c.plan == plan_hash) & (audit_table.c.action == PlanState.CONFIRMED)
            return (await connection.execute(select(audit_table.c.at).where(wanted))).scalars().first()

    async def decide(self, plan_hash: str, *, by: str, approved: bool, reason: str = "") -> bool:
        """Give a proposed plan its one yes or no; False if it had one, or is not proposed any more."""
        to = PlanState.APPROVED if approved else PlanState.REJECTED
        now = self._now()
        async with self._database.transaction() as connection:
            if not await _moved(connection, plan_hash, expected=PlanState.PROPOSED, to=to, detail=reason):
                return False
            await connection.execute(
                decisions.insert().values(plan=plan_hash, by=by, approved=approved, reason=reason, at=now)
            )
            await told(connection, plan_hash, at=self._now(), actor=by, action=to, detail={"reason": reason})
        return True

    async def decision(self, plan_hash: str) -> Decision | None:
        """Return what was decided about a plan."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(select(decisions).where(decisions.c.plan == plan_hash))).mappings().first()
            return Decision(**row) if row else None

    async def move(
        self, plan_hash: str, *, expected: PlanState, to: PlanState, detail: str = "", actor: str = "netmedic"
    ) -> bool:
        """Move a plan on from the expected state; False if somebody else did."""
        async with self._database.transaction() as connection:
            if not await _moved(connection, plan_hash, expected=expected, to=to, detail=detail):
                return False
            await told(connection, plan_hash, at=self._now(), actor=actor, action=to, detail={"detail": detail})
            if to is PlanState.CONFIRMED:
                of_plan = select(plans.c.incident).where(plans.c.hash == plan_hash).scalar_subquery()
                await connection.execute(
                    update(incidents).where(incidents.c.id == of_plan).values(state=IncidentState.FIXED)
                )
        return True


async def plan_of(connection: AsyncConnection, plan_hash: str) -> StoredPlan | None:
    """Return a plan, within a transaction."""
    row = (await connection.execute(select(plans).where(plans.c.hash == plan_hash))).mappings().first()
    return _stored(row) if row else None


async def told(
    connection: AsyncConnection, plan_hash: str, *, at: datetime, actor: str, action: str, detail: Mapping[str, str]
) -> None:
    """Add to the audit trail what happened to a plan, within the transaction that does it."""
    plan = await plan_of(connection, plan_hash)
    incident = plan.incident if plan else ""
    await audit.append(connection, at=at, actor=actor, action=action, incident=incident, plan=plan_hash, detail=detail)


async def _moved(
    connection: AsyncConnection, plan_hash: str, *, expected: PlanState, to: PlanState, detail: str
) -> bool:
    changed = await connection.execute(
        update(plans)
        .where((plans.c.hash == plan_hash) & (plans.c.state == expected))
        .values(state=to, detail=detail, version=plans.c.version + 1)
    )
    return changed.rowcount == 1


def _stored(row: RowMapping) -> StoredPlan:
    return StoredPlan(**{**row, "state": PlanState(row["state"])})
