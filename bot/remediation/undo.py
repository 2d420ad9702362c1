"""The way back later: a plan that puts back what another one changed, with an approval of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.writer import Json, Writer
from bot.engine.verdict import Outcome
from bot.remediation.changes import restart_edits, tried
from bot.remediation.creations import deleted
from bot.remediation.desk import Made, NoPlan
from bot.remediation.doing import target_of_job
from bot.remediation.fieldpath import NoSuchField
from bot.remediation.plan import Action, Change, Edit, Plan
from bot.remediation.sysctls import tried_job


async def undo_plan(plan: Plan, writer: Writer, *, now: datetime, expires_seconds: int, incident: str) -> Plan:
    """Return the plan that puts back what a plan changed, tried by the API server.

    Raises:
        NoPlan: Somebody changed it since, or there is no way back.
    """
    if not plan.reversible:
        raise NoPlan("this change has no automatic way back")
    made: list[Made] = []
    # Pods that restart read settings as they find them, so these go back first.
    backwards = plan.changes[::-1]
    for change in sorted(backwards, key=lambda change: change.action is Action.RESTART):
        try:
            back = await _back(change, writer, now)
        except (ClusterError, NoSuchField) as problem:
            raise NoPlan(str(problem)) from problem
        made += [back] if back else []
    if not made:
        raise NoPlan("nothing of it is left to put back")
    return replace(
        plan,
        title=f"Undo: {plan.title}",
        blast_radius=f"Puts back what plan {plan.short} changed; what it fixed may fail again. {plan.blast_radius}",
        incident=incident,
        changes=tuple(each.change for each in made),
        diff="\n".join(each.diff for each in made if each.diff),
        foreseen=(),
        commands=(),
        check=replace(plan.check, rules=(), answers=Outcome.RULED_OUT),
        reversible=False,
        made=now,
        expires=now + timedelta(seconds=expires_seconds),
        undoes=plan.hash,
        replaces="",
        edited_by="",
    ).sealed()


async def _back(change: Change, writer: Writer, now: datetime) -> Made | None:
    """Return the opposite of a change; None where there is nothing to do."""
    match change.action:
        case Action.PATCH:
            return await tried(change.target, _opposite(change), writer)
        case Action.RESTART:
            made = await tried(change.target, restart_edits(change.target, now), writer)
            again = replace(made.change, action=Action.RESTART, wait_seconds=change.wait_seconds)
            return replace(made, change=again)
        case Action.CREATE:
            return await _deletion(change, writer)
        case Action.RUN:
            return await _job_back(change, writer)
        case Action.DELETE:
            return None


def _opposite(change: Change) -> Callable[[dict[str, Json]], tuple[Edit, ...]]:
    def edits(live: dict[str, Json]) -> tuple[Edit, ...]:
        if any(edit.path.read(live) != edit.after for edit in change.edits):
            raise NoPlan(f"somebody else changed {change.target} in the meantime")
        return tuple(replace(edit, before=edit.after, after=edit.before) for edit in change.edits)

    return edits


async def _deletion(change: Change, writer: Writer) -> Made | None:
    try:
        return await deleted(change, writer)
    except NotFound:
        return None


async def _job_back(change: Change, writer: Writer) -> Made:
    back = replace(
        change,
        target=target_of_job(change.back),
        fragment=change.back,
        back=change.fragment,
        edits=tuple(replace(edit, before=edit.after, after=edit.before) for edit in change.edits),
    )
    return await tried_job(back, writer, becomes="after the undo")
