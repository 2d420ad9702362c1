"""The audit trail as the rest of the bot adds to it, and reads it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.store import audit
from bot.store.records import AuditEntry
from bot.store.shelf import Shelf


class Trail(Shelf):
    """Who did what; see :mod:`bot.store.audit`."""

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
