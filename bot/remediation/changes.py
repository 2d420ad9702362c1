"""Changes of objects that exist: the exact fields, tried by the API server in a dry run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import msgspec

from bot.cluster.errors import ClusterError
from bot.cluster.objects import OBJECT_TYPES
from bot.cluster.port import Cluster
from bot.cluster.writer import Conflict, Json, Target, Writer
from bot.diagnosis.report import Cause
from bot.remediation import inner
from bot.remediation.desk import Desk, Made, NoPlan, target_of
from bot.remediation.diff import diff_texts, digest, metadata_of, plain_text, shown_text, unified
from bot.remediation.fieldpath import FieldPath, NoSuchField
from bot.remediation.foresight import foresee
from bot.remediation.holes import fill, fill_typed
from bot.remediation.owners import keeper
from bot.remediation.plan import Action, Change, Edit
from bot.remediation.rollout import restarts_by_itself
from bot.remediation.steps import Patch, Restart
from bot.remediation.values import TYPES

ATTEMPTS = 2
"""Of a dry run, when somebody changes the object between the look and the try (ours)."""
RESTARTED_AT = "netmedic/restarted-at"
"""Annotation of a Pod template; a new value makes new Pods, as ``kubectl rollout restart`` does."""
ANNOTATIONS = FieldPath.parse("spec.template.metadata.annotations")

Edits = Callable[[dict[str, Json]], tuple[Edit, ...]]
"""What to change in an object."""


async def patched(step: Patch, desk: Desk) -> Made:
    """Return a patch; tried, where there is a writer."""
    target = target_of(step.of, desk.cause)
    if desk.writer is None:
        return Made(change=replace(await _recorded(step, target, desk), wait_seconds=step.within_seconds))
    made = await tried(target, lambda live: _edits(step, target, desk.cause, live), desk.writer)
    foreseen = await foresee(made.change, cluster=desk.cluster, evidence=desk.cause.evidence)
    return replace(made, change=replace(made.change, wait_seconds=step.within_seconds), foreseen=foreseen)


async def restarted(step: Restart, desk: Desk) -> Made:
    """Return what replaces the Pods of a workload."""
    target = target_of(step.of, desk.cause)
    edits = restart_edits(target, desk.made)
    if desk.writer is None:
        made = Made(change=Change(target=target, fragment=_fragment(target, edits(_SKELETON), _SKELETON, "")))
    else:
        made = await tried(target, edits, desk.writer)
    change = replace(made.change, action=Action.RESTART, wait_seconds=step.within_seconds)
    return replace(made, change=change, kept_by="")  # a restart is no setting that another tool would put back


def restart_edits(target: Target, at: datetime) -> Edits:
    """Return what makes a workload replace its Pods."""

    def edits(live: dict[str, Json]) -> tuple[Edit, ...]:
        if not restarts_by_itself(live):
            raise NoPlan(f"the Pods of {target} are only replaced when somebody deletes them (OnDelete)")
        before = ANNOTATIONS.read(live)
        kept = before if isinstance(before, dict) else {}
        after: dict[str, Json] = {**kept, RESTARTED_AT: at.isoformat(timespec="seconds")}
        return (Edit(path=ANNOTATIONS, before=before, after=after),)

    return edits


_SKELETON: dict[str, Json] = {"spec": {"template": {"metadata": {}}}}


async def tried(target: Target, edits_of: Edits, writer: Writer) -> Made:
    """Return a change that the API server accepted in a dry run, and its diff.

    Raises:
        NoPlan: The server would make something else of it.
        ClusterError, NothingToFill, WrongValue, NoSuchField: It cannot be made, or not be tried.
    """
    for left in reversed(range(ATTEMPTS)):
        live = await writer.read(target)
        edits = edits_of(live)
        metadata = metadata_of(live)
        version = str(metadata.get("resourceVersion", ""))
        change = Change(
            target=target,
            uid=str(metadata.get("uid", "")),
            resource_version=version,
            digest=digest(live),
            seen=shown_text(live),
            edits=edits,
            fragment=_fragment(target, edits, live, version),
        )
        try:
            dry = await writer.patch(target, change.operations(live), resource_version=version, dry_run=True)
        except Conflict:
            if left:
                continue
            raise
        for edit in edits:
            if edit.path.read(dry) != edit.after:
                raise NoPlan(f"the API server would not keep {edit.path} of {target} as it is set")
        diff = unified(live, dry, name=str(target), was="live", becomes="after the fix")
        diffs = [diff, *_inner_diffs(change)]
        return Made(change=change, diff="\n".join(diffs), kept_by=keeper(live, edits))
    raise AssertionError("the last attempt returns or raises")


def _inner_diffs(change: Change) -> list[str]:
    """Return what changes in the texts of a ConfigMap, whose values a diff of objects hides."""
    return [
        diff_texts(
            plain_text(str(edit.before)),
            plain_text(str(edit.after)),
            name=f"{change.target} {edit.path}",
            was="live",
            becomes="after the fix",
        )
        for edit in change.edits
        if change.target.kind == "ConfigMap" and edit.path.way[:1] == ("data",)
    ]


async def _recorded(step: Patch, target: Target, desk: Desk) -> Change:
    """Return a change made from what the reader knows of the object, which is not all of it.

    Raises:
        NoPlan: The object cannot be read.
        NothingToFill, WrongValue, NoSuchField: The change cannot be made.
    """
    obj = await _known(target, desk.cluster)
    edits = _edits(step, target, desk.cause, obj)
    return Change(target=target, edits=edits, fragment=_fragment(target, edits, obj, ""))


async def _known(target: Target, cluster: Cluster) -> dict[str, Json]:
    if target.kind == "ConfigMap":
        raise NoPlan(f"the text of {target} is not kept in what was read; where plans can be tried, this one is made")
    [of] = [of for of in OBJECT_TYPES if of.__name__ == target.kind]
    try:
        return _mapping(await cluster.get(of, name=target.name, namespace=target.namespace))
    except ClusterError as problem:
        raise NoPlan(str(problem)) from problem


def _mapping(part: msgspec.Struct) -> dict[str, Json]:
    """Return an object as the API writes it, defaults included: encoding it leaves them out."""
    return {field.encode_name: _value(getattr(part, field.name)) for field in msgspec.structs.fields(part)}


def _value(value: object) -> Json:
    if isinstance(value, msgspec.Struct):
        return _mapping(value)
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    builtins: Json = msgspec.to_builtins(value)
    return builtins


def _edits(step: Patch, target: Target, cause: Cause, obj: dict[str, Json]) -> tuple[Edit, ...]:
    """Return the fields of a step that are not yet as they should be, with old and new values."""
    edits = _inner_edits(step, cause, obj) if step.inside else _own_edits(step, cause, obj)
    if not edits:
        raise NoPlan(f"{target} already is as the fix would make it")
    return edits


def _own_edits(step: Patch, cause: Cause, obj: dict[str, Json]) -> tuple[Edit, ...]:
    edits: list[Edit] = []
    for setting in step.settings:
        path = setting.path.fill(lambda value: fill(value, cause))
        before = path.read(obj)
        after = TYPES[setting.type](fill_typed(setting.value, cause), before)
        if before != after:
            edits.append(Edit(path=path, before=before, after=after, type=setting.type))
    return tuple(edits)


def _inner_edits(step: Patch, cause: Cause, obj: dict[str, Json]) -> tuple[Edit, ...]:
    """Return the one edit of a ConfigMap's key, whose text is a document with fields of its own."""
    outer = FieldPath(("data",), step.inside)
    before = outer.read(obj)
    if not isinstance(before, str):
        raise NoSuchField(f"{outer} is not set")
    after = before
    for setting in step.settings:
        value = TYPES[setting.type](fill_typed(setting.value, cause), setting.path.read(inner.read(after)))
        after = inner.put(after, setting.path, value)
    same = inner.read(before) == inner.read(after)
    return () if same else (Edit(path=outer, before=before, after=after),)


def _fragment(target: Target, edits: tuple[Edit, ...], obj: dict[str, Json], resource_version: str) -> dict[str, Json]:
    metadata = {"name": target.name, "namespace": target.namespace, "resourceVersion": resource_version}
    fragment: dict[str, Json] = {
        "apiVersion": target.api_version,
        "kind": target.kind,
        "metadata": {key: value for key, value in metadata.items() if value},
    }
    for edit in edits:
        fragment = _merged(fragment, edit.path.excerpt(obj, _as_merge(edit)))
    return fragment


def _as_merge(edit: Edit) -> Json:
    """Return the new value as a merge patch has it, where null removes a key."""
    if isinstance(edit.before, dict) and isinstance(edit.after, dict):
        return {**dict.fromkeys(edit.before.keys() - edit.after.keys()), **edit.after}
    return edit.after


def _merged(one: dict[str, Json], other: dict[str, Json]) -> dict[str, Json]:
    """Return two excerpts of one object as one."""
    merged = {**one, **other}
    for key in one.keys() & other.keys():
        mine, theirs = one[key], other[key]
        if isinstance(mine, dict) and isinstance(theirs, dict):
            merged[key] = _merged(mine, theirs)
        elif isinstance(mine, list) and isinstance(theirs, list):
            merged[key] = [*mine, *theirs]
    return merged
