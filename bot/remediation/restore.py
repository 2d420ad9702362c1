"""Putting back what a plan changed: only what still is as the plan made it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.writer import LOOK_AGAIN, Conflict, Json, Writer, resource_of
from bot.remediation.diff import canonical, digest, metadata_of
from bot.remediation.doing import NotDone, run_to_end, target_of_job, wait
from bot.remediation.fieldpath import NoSuchField
from bot.remediation.look import Sleep, patiently
from bot.remediation.plan import Action, Change, Edit

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """What is left for a person."""

    why: str
    what: tuple[str, ...]
    """Sentences."""


async def restore(change: Change, writer: Writer, *, sleep: Sleep) -> ByHand | None:
    """Undo one change; None when it is, or when the object is gone."""
    try:
        match change.action:
            case Action.DELETE:
                return None  # its owner made another one
            case Action.CREATE:
                return await patiently(lambda: _delete(change, writer), sleep=sleep, over=LOOK_AGAIN)
            case Action.RUN:
                return await _run_back(change, writer, sleep=sleep)
        left = await patiently(lambda: _attempt(change, writer), sleep=sleep, over=LOOK_AGAIN)
        if left is None and change.wait_seconds:
            await wait(change, writer, sleep=sleep)
    except NotFound:
        return None
    except (ClusterError, NotDone) as problem:
        return ByHand(why=str(problem), what=_all_advice(change))
    return left


def _all_advice(change: Change) -> tuple[str, ...]:
    if change.action is Action.CREATE:
        return (_delete_advice(change),)
    if change.action is Action.RUN:
        return tuple(
            f"On Node {edit.path.way[0]}: sysctl -w {edit.path.key}={edit.before}; it was set to {edit.after}."
            for edit in change.edits
        )
    return tuple(_advice(change, edit) for edit in change.edits)


async def _delete(change: Change, writer: Writer) -> ByHand | None:
    """Delete an object that was made, if nobody changed it since."""
    live = await writer.read(change.target)
    if digest(live) != change.digest:
        return ByHand(why=f"somebody else changed {change.target} in the meantime", what=(_delete_advice(change),))
    await writer.delete(change.target, uid=str(metadata_of(live).get("uid", "")), dry_run=False)
    return None


def _delete_advice(change: Change) -> str:
    target = change.target
    place = f" -n {target.namespace}" if target.namespace else ""
    return f"netmedic made it. To delete it: kubectl{place} delete {resource_of(target).permission} {target.name}"


async def _run_back(change: Change, writer: Writer, *, sleep: Sleep) -> ByHand | None:
    """Let the Job run that sets the value back; one that is there already is waited for."""
    target = target_of_job(change.back)
    try:
        await patiently(lambda: writer.create(target, change.back, dry_run=False), sleep=sleep)
    except Conflict:
        log.info("%s is running already", target)
    await run_to_end(change.back, writer, seconds=change.wait_seconds, sleep=sleep)
    return None


async def _attempt(change: Change, writer: Writer) -> ByHand | None:
    try:
        live = await writer.read(change.target)
    except NotFound:
        return None
    metadata = metadata_of(live)
    if metadata.get("uid") != change.uid:
        return None  # another object of the same name, of which netmedic changed nothing
    left = [edit for edit in change.edits if _value(edit, live) != edit.before]
    if any(_value(edit, live) != edit.after for edit in left):
        return ByHand(
            why=f"somebody else changed {change.target} in the meantime",
            what=tuple(f"{edit.path} is {_now(edit, live)}. {_advice(change, edit)}" for edit in left),
        )
    if left:
        operations = [edit.path.operation(live, edit.before) for edit in left]
        version = str(metadata.get("resourceVersion", ""))
        await writer.patch(change.target, operations, resource_version=version, dry_run=False)
    return None


def _value(edit: Edit, obj: dict[str, Json]) -> Json:
    """Return what the field holds; what cannot be is neither before nor after."""
    try:
        return edit.path.read(obj)
    except NoSuchField:
        return {"": "no such field"}


def _now(edit: Edit, obj: dict[str, Json]) -> str:
    try:
        return _shown(edit.path.read(obj))
    except NoSuchField:
        return "gone"


def _advice(change: Change, edit: Edit) -> str:
    """Return what a field was, and how to put it back by hand."""
    target = change.target
    place = f" -n {target.namespace}" if target.namespace else ""
    return (
        f"netmedic set {edit.path} to {_shown(edit.after)}; before it was {_shown(edit.before)}. "
        f"To put it back: kubectl{place} edit {resource_of(target).permission} {target.name}"
    )


def _shown(value: Json) -> str:
    return "not set" if value is None else canonical(value)
