"""Putting back what a plan changed: only fields that still are as the plan set them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.writer import LOOK_AGAIN, Json, Writer, resource_of
from bot.remediation.changes import metadata_of
from bot.remediation.diff import canonical
from bot.remediation.fieldpath import NoSuchField
from bot.remediation.look import Sleep, patiently
from bot.remediation.plan import Change, Edit


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """What is left for a person."""

    why: str
    what: tuple[str, ...]
    """Sentences."""


async def restore(change: Change, writer: Writer, *, sleep: Sleep) -> ByHand | None:
    """Put one object's fields back; None when they are, or when the object is gone."""
    try:
        return await patiently(lambda: _attempt(change, writer), sleep=sleep, over=LOOK_AGAIN)
    except ClusterError as problem:
        return ByHand(why=str(problem), what=tuple(_advice(change, edit) for edit in change.edits))


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
