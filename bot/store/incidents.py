"""Reading incidents, and how they are written down."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import ColumnElement, RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.facts.scope import Subject
from bot.store.records import Incident, IncidentState
from bot.store.tables import incidents


async def latest(connection: AsyncConnection, count: int, *where: ColumnElement[bool]) -> list[Incident]:
    """Return the latest incidents of which all this is true, newest first."""
    wanted = select(incidents).where(*where).order_by(incidents.c.created.desc()).limit(count)
    return [_incident(row) for row in (await connection.execute(wanted)).mappings()]


def chosen_text(chosen: Mapping[str, Subject]) -> str:
    """Return answers to questions as they are stored."""
    return json.dumps({word: [meant.kind, meant.namespace, meant.name] for word, meant in chosen.items()})


def _incident(row: RowMapping) -> Incident:
    chosen = {word: Subject(*names) for word, names in json.loads(row["chosen"]).items()}
    return Incident(**{**row, "state": IncidentState(row["state"]), "chosen": chosen})
