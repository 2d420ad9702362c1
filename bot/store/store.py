"""Everything that outlives the process: one object with the few questions and answers the rest of the bot has."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Self

from sqlalchemy import ColumnElement, RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.facts.scope import Subject
from bot.store import audit
from bot.store.alerts import AlertThreads
from bot.store.conversation import Conversation
from bot.store.database import Database
from bot.store.incidents import chosen_text, latest
from bot.store.outbox import Outbox
from bot.store.records import (
    AuditEntry,
    Decision,
    Incident,
    IncidentState,
    KeptDiagnosis,
    PlanState,
    StepRecord,
    StepState,
    StoredPlan,
)
from bot.store.tables import audit as audit_table
from bot.store.tables import decisions, diagnoses, incidents, leases, plans, steps

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


class Store:
    """Incidents, diagnoses, plans, decisions, steps and the audit trail.

    Every method may raise :class:`bot.store.records.StoreError`; then nothing was changed.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now
        self.conversation = Conversation(database, now=now)
        self.outbox = Outbox(database, now=now)
        self.alerts = AlertThreads(database, now=now)

    @classmethod
    async def open(cls, url: str, *, now: Callable[[], datetime] = utc_now) -> Self:
        """Return a store whose schema is up to date; ``url`` is SQLAlchemy's, with an asyncio driver."""
        return cls(await Database.open(url), now=now)

    async def close(self) -> None:
        """Close all connections."""
        await self._database.close()

    # Incidents and diagnoses ------------------------------------------------------------------------------------------

    async def add_incident(
        self,
        *,
        requester: str,
        symptom: str,
        channel: str = "",
        thread: str = "",
        namespace: str = "",
        context: str = "",
        chosen: Mapping[str, Subject] | None = None,
    ) -> Incident:
        """Keep a symptom that somebody reported."""
        incident = Incident(
            id=uuid.uuid4().hex,
            channel=channel,
            thread=thread,
            requester=requester,
            symptom=symptom,
            namespace=namespace,
            context=context,
            chosen=dict(chosen or {}),
            state=IncidentState.OPEN,
            created=self._now(),
        )
        async with self._database.transaction() as connection:
            await connection.execute(
                incidents.insert().values(**{**vars(incident), "chosen": chosen_text(incident.chosen)})
            )
            await audit.append(
                connection,
                at=incident.created,
                actor=requester,
                action="reported",
                incident=incident.id,
                detail={"symptom": symptom},
            )
        return incident

    async def incident(self, incident_id: str) -> Incident | None:
        """Return an incident."""
        return next(iter(await self._incidents(1, incidents.c.id == incident_id)), None)

    async def incident_of_thread(self, channel: str, thread: str) -> Incident | None:
        """Return the latest incident of a thread."""
        here = (incidents.c.channel == channel, incidents.c.thread == thread)
        return next(iter(await self._incidents(1, *here)), None)

    async def latest_incidents(
        self, count: int, *, channel: str = "", state: IncidentState | None = None
    ) -> list[Incident]:
        """Return the latest incidents, newest first; of one channel, and in one state, where these are given."""
        where = [
            *([incidents.c.channel == channel] if channel else []),
            *([incidents.c.state == state] if state else []),
        ]
        return await self._incidents(count, *where)

    async def add_diagnosis(self, incident_id: str, document: str) -> None:
        """Keep a diagnosis of an incident, as JSON."""
        async with self._database.transaction() as connection:
            await connection.execute(
                diagnoses.insert().values(incident=incident_id, document=document, made=self._now())
            )

    async def diagnoses(self, incident_id: str) -> list[str]:
        """Return the diagnoses of an incident as JSON, oldest first."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(
                select(diagnoses.c.document).where(diagnoses.c.incident == incident_id).order_by(diagnoses.c.id)
            )
            return [row.document for row in rows]

    async def diagnoses_since(self, since: datetime) -> list[KeptDiagnosis]:
        """Return the diagnoses made since then, oldest first."""
        kept = select(diagnoses.c.incident, diagnoses.c.document, diagnoses.c.made)
        async with self._database.transaction() as connection:
            rows = await connection.execute(kept.where(diagnoses.c.made >= since).order_by(diagnoses.c.id))
            return [KeptDiagnosis(**row) for row in rows.mappings()]

    # Plans ------------------------------------------------------------------------------------------------------------

    async def add_plan(
        self, *, plan_hash: str, incident_id: str, playbook: str, content: str, made: datetime, expires: datetime
    ) -> None:
        """Keep a plan that can be approved; one that is there already stays as it is."""
        async with self._database.transaction() as connection:
            if await _plan(connection, plan_hash) is not None:
                return
            await connection.execute(
                plans.insert().values(
                    hash=plan_hash,
                    incident=incident_id,
                    playbook=playbook,
                    content=content,
                    state=PlanState.PROPOSED,
                    detail="",
                    made=made,
                    expires=expires,
                    version=1,
                )
            )
            await connection.execute(leases.insert().values(plan=plan_hash, holder="", until=LONG_AGO))
            await audit.append(
                connection,
                at=self._now(),
                actor="netmedic",
                action=PlanState.PROPOSED,
                incident=incident_id,
                plan=plan_hash,
                detail={"playbook": playbook, "content": content},
            )

    async def plan(self, plan_hash: str) -> StoredPlan | None:
        """Return a plan."""
        async with self._database.transaction() as connection:
            return await _plan(connection, plan_hash)

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

    async def take(self, plan_hash: str, *, holder: str, seconds: float) -> bool:
        """Take, or keep, the right to carry a plan out; False while another process has it."""
        now = self._now()
        mine = (leases.c.holder == holder) | (leases.c.until <= now)
        async with self._database.transaction() as connection:
            taken = await connection.execute(
                update(leases)
                .where((leases.c.plan == plan_hash) & mine)
                .values(holder=holder, until=now + timedelta(seconds=seconds))
            )
            return taken.rowcount == 1

    async def give_back(self, plan_hash: str, *, holder: str) -> None:
        """Let another process carry the plan on."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(leases)
                .where((leases.c.plan == plan_hash) & (leases.c.holder == holder))
                .values(holder="", until=LONG_AGO)
            )

    async def held_by_others(self, holder: str) -> frozenset[str]:
        """Return the plans that another process is carrying out."""
        async with self._database.transaction() as connection:
            held = (leases.c.holder != holder) & (leases.c.until > self._now())
            return frozenset((await connection.execute(select(leases.c.plan).where(held))).scalars())

    async def decide(self, plan_hash: str, *, by: str, approved: bool, reason: str = "") -> bool:
        """Give a proposed plan its one yes or no; False if it had one, or is not proposed any more."""
        to = PlanState.APPROVED if approved else PlanState.REJECTED
        now = self._now()
        async with self._database.transaction() as connection:
            if not await self._moved(connection, plan_hash, expected=PlanState.PROPOSED, to=to, detail=reason):
                return False
            await connection.execute(
                decisions.insert().values(plan=plan_hash, by=by, approved=approved, reason=reason, at=now)
            )
            await self._told(connection, plan_hash, actor=by, action=to, detail={"reason": reason})
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
            if not await self._moved(connection, plan_hash, expected=expected, to=to, detail=detail):
                return False
            await self._told(connection, plan_hash, actor=actor, action=to, detail={"detail": detail})
            if to is PlanState.CONFIRMED:
                of_plan = select(plans.c.incident).where(plans.c.hash == plan_hash).scalar_subquery()
                await connection.execute(
                    update(incidents).where(incidents.c.id == of_plan).values(state=IncidentState.FIXED)
                )
        return True

    # Steps and audit --------------------------------------------------------------------------------------------------

    async def record_step(
        self,
        plan_hash: str,
        step: int,
        *,
        state: StepState,
        target: str,
        before: str,
        after: str,
    ) -> None:
        """Keep how far a step is; ``before`` and ``after`` are the fields it changes, as JSON."""
        values = {
            "target": target,
            "state": state,
            "before": before,
            "after": after,
            "at": self._now(),
        }
        async with self._database.transaction() as connection:
            here = (steps.c.plan == plan_hash) & (steps.c.step == step)
            changed = await connection.execute(update(steps).where(here).values(**values))
            if changed.rowcount == 0:
                await connection.execute(steps.insert().values(plan=plan_hash, step=step, **values))
            told = {"step": str(step), "target": target, "before": before, "after": after}
            await self._told(connection, plan_hash, actor="netmedic", action=f"step {state}", detail=told)

    async def steps(self, plan_hash: str) -> list[StepRecord]:
        """Return the steps of a plan that were begun, in their order."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(select(steps).where(steps.c.plan == plan_hash).order_by(steps.c.step))
            return [StepRecord(**{**row, "state": StepState(row["state"])}) for row in rows.mappings()]

    async def audit(
        self,
        *,
        actor: str,
        action: str,
        incident_id: str = "",
        plan_hash: str = "",
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Add something to the audit trail that changes nothing else, such as a refused click."""
        async with self._database.transaction() as connection:
            await audit.append(
                connection,
                at=self._now(),
                actor=actor,
                action=action,
                incident=incident_id,
                plan=plan_hash,
                detail=detail,
            )

    async def audit_trail(self) -> list[AuditEntry]:
        """Return the audit trail, oldest first; :func:`bot.store.audit.first_broken` tells whether it is whole."""
        async with self._database.transaction() as connection:
            return await audit.read(connection)

    async def _incidents(self, count: int, *where: ColumnElement[bool]) -> list[Incident]:
        async with self._database.transaction() as connection:
            return await latest(connection, count, *where)

    async def _moved(
        self, connection: AsyncConnection, plan_hash: str, *, expected: PlanState, to: PlanState, detail: str
    ) -> bool:
        changed = await connection.execute(
            update(plans)
            .where((plans.c.hash == plan_hash) & (plans.c.state == expected))
            .values(state=to, detail=detail, version=plans.c.version + 1)
        )
        return changed.rowcount == 1

    async def _told(
        self, connection: AsyncConnection, plan_hash: str, *, actor: str, action: str, detail: Mapping[str, str]
    ) -> None:
        plan = await _plan(connection, plan_hash)
        incident = plan.incident if plan else ""
        await audit.append(
            connection, at=self._now(), actor=actor, action=action, incident=incident, plan=plan_hash, detail=detail
        )


async def _plan(connection: AsyncConnection, plan_hash: str) -> StoredPlan | None:
    row = (await connection.execute(select(plans).where(plans.c.hash == plan_hash))).mappings().first()
    return _stored(row) if row else None


def _stored(row: RowMapping) -> StoredPlan:
    return StoredPlan(**{**row, "state": PlanState(row["state"])})
