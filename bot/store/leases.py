"""Which process carries a plan out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from bot.store.plans import LONG_AGO
from bot.store.shelf import Shelf
from bot.store.tables import leases


class Leases(Shelf):
    """The right to carry a plan out, for seconds."""

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
