"""The audit trail: who did what to which plan, each entry sealed with the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import AuditEntry
from bot.store.tables import audit


def digest_of(entry: AuditEntry) -> str:
    """Return the SHA-256 over everything in an entry but its digest, the digest of the one before included."""
    content = [
        entry.seq,
        entry.at.isoformat(),
        entry.actor,
        entry.action,
        entry.incident,
        entry.plan,
        dict(entry.detail),
        entry.previous,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def first_broken(entries: Iterable[AuditEntry]) -> int:
    """Return the number of the first entry that was altered, or follows one that is gone; 0 if all is well."""
    previous = ""
    for seq, entry in enumerate(entries, start=1):
        if entry.seq != seq or entry.previous != previous or entry.digest != digest_of(entry):
            return seq
        previous = entry.digest
    return 0


async def append(
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    action: str,
    incident: str = "",
    plan: str = "",
    detail: Mapping[str, str] | None = None,
) -> None:
    """Add an entry, within the transaction that does what it tells."""
    last = (await connection.execute(select(audit.c.seq, audit.c.digest).order_by(audit.c.seq.desc()).limit(1))).first()
    entry = AuditEntry(
        seq=last.seq + 1 if last else 1,
        at=at,
        actor=actor,
        action=action,
        incident=incident,
        plan=plan,
        detail=dict(detail or {}),
        previous=last.digest if last else "",
        digest="",
    )
    entry = replace(entry, digest=digest_of(entry))
    # Two writers at once on another database than SQLite: the later one fails on seq and previous, which are unique.
    await connection.execute(
        audit.insert().values(
            seq=entry.seq,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            incident=entry.incident,
            plan=entry.plan,
            detail=json.dumps(dict(entry.detail), sort_keys=True),
            previous=entry.previous,
            digest=entry.digest,
        )
    )


async def read(connection: AsyncConnection) -> list[AuditEntry]:
    """Return the whole trail, oldest first."""
    rows = await connection.execute(select(audit).order_by(audit.c.seq))
    return [
        AuditEntry(**{**row._mapping, "detail": json.loads(row.detail)})  # noqa: SLF001 - SQLAlchemy's own interface
        for row in rows
    ]
