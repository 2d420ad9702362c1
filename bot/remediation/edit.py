"""A plan with other values: what a person writes is held to what the plan sets, and tried anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import yaml

from bot.cluster.errors import ClusterError
from bot.cluster.port import Cluster
from bot.cluster.writer import Json, Writer
from bot.diagnosis.serialise import yaml_text
from bot.remediation import inner
from bot.remediation.changes import restart_edits, tried
from bot.remediation.creations import deleted, made
from bot.remediation.desk import Made, NoPlan
from bot.remediation.diff import canonical
from bot.remediation.fieldpath import NoSuchField
from bot.remediation.foresight import foresee
from bot.remediation.plan import Action, Change, Edit, Plan
from bot.remediation.sysctls import tried_job
from bot.remediation.values import DEPENDS_ON_OBJECT, TYPES, WrongValue

BY_HAND = "Edited by hand: the values are those of the diff."
UNFORESEEN = "What was known of its effect beforehand was known of the plan before it was edited."
FIELD_TYPES = {"only_port": "port", "doubled": "number"}
"""What the field itself holds, where a type makes it of something else."""


class WrongEdit(ValueError):
    """What was written cannot be taken. The text says why and where."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where an edited plan is made."""

    cluster: Cluster
    writer: Writer
    now: datetime
    expires_seconds: int


def text_of(plan: Plan) -> str:
    """Return the objects of a plan as YAML documents: what is edited."""
    return "---\n".join(yaml_text(change.fragment) for change in plan.changes)


def documents(text: str) -> list[dict[str, Json]]:
    """Return the objects that were written.

    Raises:
        WrongEdit: It is no YAML of objects.
    """
    if len(text) > inner.MAX_BYTES:
        raise WrongEdit("it is too long")
    try:
        if any(isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken) for token in yaml.scan(text)):
            raise WrongEdit("anchors, aliases and tags are not taken: write values out")
        for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
            _no_key_twice(node)
        found = [document for document in yaml.safe_load_all(text) if document is not None]
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        if isinstance(problem, WrongEdit):
            raise
        mark = getattr(problem, "problem_mark", None)
        raise WrongEdit(f"it is no YAML{f' (line {mark.line + 1})' if mark else ''}") from problem
    if not all(isinstance(document, dict) for document in found):
        raise WrongEdit("each document has to be an object")
    return [_json(document) for document in found]


async def edited(plan: Plan, text: str, *, by: str, bench: Bench) -> Plan:
    """Return the plan with the values that were written, tried by the API server.

    Raises:
        WrongEdit: It changes what the plan does not set, or nothing.
        NoPlan: The API server, or what is there by now, does not take it.
    """
    if plan.undoes:
        raise WrongEdit("an undo puts back what was there, and nothing else")
    written = documents(text)
    if len(written) != len(plan.changes):
        raise WrongEdit(f"the plan has {len(plan.changes)} objects, and {len(written)} were written")
    if all(canonical(new) == canonical(change.fragment) for change, new in zip(plan.changes, written, strict=True)):
        raise WrongEdit("nothing was changed")
    try:
        found = [await _tried(change, new, bench) for change, new in zip(plan.changes, written, strict=True)]
    except (ClusterError, NoSuchField, WrongValue) as problem:
        raise NoPlan(str(problem)) from problem
    kept_by = next((each.kept_by for each in found if each.kept_by), "")
    if kept_by:
        raise NoPlan(f"{kept_by} keeps the object by now")
    return replace(
        plan,
        blast_radius=plan.blast_radius if plan.edited_by else f"{BY_HAND} {plan.blast_radius}",
        changes=tuple(each.change for each in found),
        diff="\n".join(each.diff for each in found if each.diff),
        foreseen=(UNFORESEEN, *dict.fromkeys(sentence for each in found for sentence in each.foreseen)),
        made=bench.now,
        expires=bench.now + timedelta(seconds=bench.expires_seconds),
        replaces=plan.hash,
        edited_by=by,
    ).sealed()


async def _tried(change: Change, new: Mapping[str, Json], bench: Bench) -> Made:
    writer = bench.writer
    if change.action is Action.CREATE:
        fixed = ("apiVersion", "kind", "metadata")
        if {key: new.get(key) for key in fixed} != {key: change.fragment.get(key) for key in fixed}:
            raise WrongEdit(f"apiVersion, kind and metadata of {change.target} stay as they are")
        return await made(change.target, new, writer)
    if change.action is Action.PATCH:
        values = _values(change, new)
        found = await tried(change.target, lambda live: _edits(change, values, live), writer)
        patched = replace(found.change, wait_seconds=change.wait_seconds)
        return replace(found, change=patched, foreseen=await foresee(patched, cluster=bench.cluster, evidence=()))
    if canonical(new) != canonical(change.fragment):
        raise WrongEdit(f"of {change.target} nothing can be edited")
    match change.action:
        case Action.RESTART:
            found = await tried(change.target, restart_edits(change.target, bench.now), writer)
            again = replace(found.change, action=Action.RESTART, wait_seconds=change.wait_seconds)
            return replace(found, change=again, kept_by="")
        case Action.DELETE:
            return await deleted(change, writer)
        case _:
            return await tried_job(change, writer, becomes="after the fix")


def _values(change: Change, new: Mapping[str, Json]) -> tuple[Edit, ...]:
    """Return the fields with the values that were written; all else has to be as it was."""
    found: list[Edit] = []
    rest = dict(new)
    try:
        for edit in change.edits:
            found.append(replace(edit, after=_value(edit, edit.path.read(rest))))
            rest = edit.path.put(rest, edit.path.read(dict(change.fragment)))
    except NoSuchField as problem:
        raise WrongEdit(f"{change.target}: {problem}") from problem
    except WrongValue as problem:
        raise WrongEdit(str(problem)) from problem
    if canonical(rest) != canonical(change.fragment):
        fields = ", ".join(str(edit.path) for edit in change.edits)
        raise WrongEdit(f"of {change.target} only {fields} can be edited: the plan sets nothing else")
    return tuple(found)


def _value(edit: Edit, written: Json) -> Json:
    """Return what a field becomes, held to its type as the playbook's own value was."""
    if written is None and edit.after is not None:
        raise WrongEdit(f"{edit.path} needs a value")
    if type(written) is not type(edit.after):
        raise WrongEdit(f"{edit.path} needs a value of the same kind as before")
    kind = FIELD_TYPES.get(edit.type, edit.type)
    if isinstance(written, str | int) and kind in TYPES and kind not in DEPENDS_ON_OBJECT:
        return TYPES[kind](written, edit.before)
    if isinstance(edit.before, str) and isinstance(written, str) and _is_document(edit.before):
        inner.read(written)  # a text of settings has to stay one
    if isinstance(edit.before, dict) and isinstance(written, dict):
        return {key: value for key, value in {**edit.before, **written}.items() if value is not None}
    return written


def _is_document(text: str) -> bool:
    try:
        inner.read(text)
    except NoSuchField:
        return False
    return True


def _edits(change: Change, values: tuple[Edit, ...], live: dict[str, Json]) -> tuple[Edit, ...]:
    if any(edit.path.read(live) != edit.before for edit in change.edits):
        raise NoPlan(f"somebody else changed {change.target} in the meantime")
    left = tuple(edit for edit in values if edit.before != edit.after)
    if not left:
        raise NoPlan(f"{change.target} already is as it was written")
    return left


def _no_key_twice(node: yaml.Node) -> None:
    """Look that no mapping has a key twice: the last one would win unseen.

    Raises:
        WrongEdit: One has.
    """
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _no_key_twice(item)
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        if len(set(map(str, keys))) < len(keys):
            raise WrongEdit(f"a key is there twice (line {node.start_mark.line + 1})")
        for _, value in node.value:
            _no_key_twice(value)


def _json(value: object) -> dict[str, Json]:
    """Return an object whose every value JSON knows.

    Raises:
        WrongEdit: YAML made a date or the like of one.
    """
    try:
        canonical(value)
    except (TypeError, ValueError) as problem:
        raise WrongEdit("a value is none of Kubernetes': put dates and the like in quotes") from problem
    assert isinstance(value, dict)  # noqa: S101
    return value
