"""Incidents and their diagnoses."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.facts.scope import Subject
from bot.store import audit
from bot.store.records import Incident, IncidentState, KeptDiagnosis
from bot.store.shelf import Shelf
from bot.store.tables import diagnoses, incidents


class Incidents(Shelf):
    """What people reported, and what was found."""

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
        incident_id: str = "",
    ) -> Incident:
        """Keep a symptom that somebody reported; without an id it gets one, and with one it is kept once."""
        incident = Incident(
            id=incident_id or uuid.uuid4().hex,
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
            if incident_id and (kept := await _latest(connection, 1, incidents.c.id == incident_id)):
                return kept[0]
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

    async def _incidents(self, count: int, *where: ColumnElement[bool]) -> list[Incident]:
        async with self._database.transaction() as connection:
            return await _latest(connection, count, *where)


async def _latest(connection: AsyncConnection, count: int, *where: ColumnElement[bool]) -> list[Incident]:
    """Return the latest incidents of which all this is true, newest first."""
    wanted = select(incidents).where(*where).order_by(incidents.c.created.desc()).limit(count)
    return [_incident(row) for row in (await connection.execute(wanted)).mappings()]


def chosen_text(chosen: Mapping[str, Subject]) -> str:
    """Return answers to questions as they are stored."""
    return json.dumps({word: [meant.kind, meant.namespace, meant.name] for word, meant in chosen.items()})


def _incident(row: RowMapping) -> Incident:
    chosen = {word: Subject(*names) for word, names in json.loads(row["chosen"]).items()}
    return Incident(**{**row, "state": IncidentState(row["state"]), "chosen": chosen})
