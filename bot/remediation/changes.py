"""One step of a playbook, filled in: the exact change of one object."""

from __future__ import annotations

import msgspec

from bot.cluster.errors import ClusterError
from bot.cluster.objects import OBJECT_TYPES
from bot.cluster.port import Cluster
from bot.cluster.writer import Conflict, Json, Target, Writer, resource_of
from bot.diagnosis.report import Cause
from bot.remediation.diff import digest, shown_text, unified
from bot.remediation.holes import fill, fill_typed
from bot.remediation.plan import Change, Edit
from bot.remediation.playbook import Patch
from bot.remediation.values import DNS_LABEL, DNS_NAME, TYPES, shown

ATTEMPTS = 2
"""Of a dry run, when somebody changes the object between the look and the try (ours)."""


class NoPlan(Exception):
    """The playbook cannot be filled in for this cause. The text says why, for people; it has no full stop."""


def target_of(step: Patch, cause: Cause) -> Target:
    """Return the object a step is about, its namespace and name held to what Kubernetes allows.

    Raises:
        NoPlan: They are not, or the cause is about another kind of object.
        NothingToFill: The cause does not name it.
    """
    about_subject = len(step.kinds) > 1 or "{cause.subject." in step.namespace + step.name
    if about_subject and cause.subject.kind not in step.kinds:
        raise NoPlan(f"it is for a {' or '.join(step.kinds)}, and the fault is at {cause.subject}")
    target = Target(
        api_version=step.api_version,
        kind=cause.subject.kind if about_subject else step.kinds[0],
        namespace=fill(step.namespace, cause),
        name=fill(step.name, cause),
    )
    if not DNS_NAME.fullmatch(target.name):
        raise NoPlan(f"{shown(target.name)} is no name of a {target.kind}")
    if resource_of(target).namespaced and not DNS_LABEL.fullmatch(target.namespace):
        raise NoPlan(f"{shown(target.namespace)} is no name of a namespace")
    return target


async def tried(step: Patch, target: Target, cause: Cause, writer: Writer) -> tuple[Change, str]:
    """Return a change that the API server accepted in a dry run, and its diff.

    Raises:
        NoPlan: The server would make something else of it.
        ClusterError, NothingToFill, WrongValue, NoSuchField: It cannot be made, or not be tried.
    """
    for left in reversed(range(ATTEMPTS)):
        live = await writer.read(target)
        edits = _edits(step, target, cause, live)
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
        return change, unified(live, dry, name=str(target), was="live", becomes="after the fix")
    raise AssertionError("the last attempt returns or raises")


async def recorded(step: Patch, target: Target, cause: Cause, cluster: Cluster) -> Change:
    """Return a change made from what the reader knows of the object, which is not all of it.

    Raises:
        NoPlan: The object cannot be read.
        NothingToFill, WrongValue, NoSuchField: The change cannot be made.
    """
    [of] = [of for of in OBJECT_TYPES if of.__name__ == target.kind]
    try:
        known = await cluster.get(of, name=target.name, namespace=target.namespace)
    except ClusterError as problem:
        raise NoPlan(str(problem)) from problem
    obj = _mapping(known)
    edits = _edits(step, target, cause, obj)
    return Change(
        target=target,
        uid="",
        resource_version="",
        digest="",
        seen="",
        edits=edits,
        fragment=_fragment(target, edits, obj, ""),
    )


def metadata_of(obj: dict[str, Json]) -> dict[str, Json]:
    """Return an object's metadata."""
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


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
    edits: list[Edit] = []
    for setting in step.settings:
        path = setting.path.fill(lambda value: fill(value, cause))
        before = path.read(obj)
        after = TYPES[setting.type](fill_typed(setting.value, cause), before)
        if before != after:
            edits.append(Edit(path=path, before=before, after=after))
    if not edits:
        raise NoPlan(f"{target} already is as the fix would make it")
    return tuple(edits)


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
