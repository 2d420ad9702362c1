"""How far the steps of plans are."""

from __future__ import annotations

from sqlalchemy import select, update

from bot.store.plans import told as plan_told
from bot.store.records import StepRecord, StepState
from bot.store.shelf import Shelf
from bot.store.tables import steps


class Steps(Shelf):
    """What each step changes, recorded before and after."""

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
            detail = {"step": str(step), "target": target, "before": before, "after": after}
            await plan_told(
                connection, plan_hash, at=self._now(), actor="netmedic", action=f"step {state}", detail=detail
            )

    async def steps(self, plan_hash: str) -> list[StepRecord]:
        """Return the steps of a plan that were begun, in their order."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(select(steps).where(steps.c.plan == plan_hash).order_by(steps.c.step))
            return [StepRecord(**{**row, "state": StepState(row["state"])}) for row in rows.mappings()]
