"""Changes that make an object, or replace a Pod."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.objects import Pod
from bot.cluster.writer import POD, Conflict, Json, Target, Writer
from bot.remediation.desk import Desk, Made, NoPlan, checked, target_of
from bot.remediation.diff import digest, metadata_of, shown_text, unified
from bot.remediation.fieldpath import FieldPath
from bot.remediation.holes import fill, fill_typed
from bot.remediation.plan import Action, Change
from bot.remediation.steps import Create, ReplacePod
from bot.remediation.values import TYPES, shown

MANAGED_BY = "app.kubernetes.io/managed-by"
LABELS: Mapping[str, Json] = {MANAGED_BY: "netmedic"}


async def created(step: Create, desk: Desk) -> Made:
    """Return an object to make."""
    target = target_of(step.of, desk.cause)
    content: dict[str, Json] = {
        "apiVersion": target.api_version,
        "kind": target.kind,
        "metadata": {key: value for key, value in (("name", target.name), ("namespace", target.namespace)) if value},
        **copy.deepcopy(dict(step.content)),
    }
    for setting in step.settings:
        path: FieldPath = setting.path.fill(lambda value: fill(value, desk.cause))
        value = TYPES[setting.type](fill_typed(setting.value, desk.cause), path.read(content))
        content = path.put(content, value)
    return await made(target, content, desk.writer)


async def made(
    target: Target, content: Mapping[str, Json], writer: Writer | None, *, foreseen: tuple[str, ...] = ()
) -> Made:
    """Return the change that makes an object; tried, where there is a writer.

    Raises:
        NoPlan: It exists.
        ClusterError: It cannot be made, or not be tried.
    """
    metadata = content.get("metadata")
    labelled = {**content, "metadata": {**(metadata if isinstance(metadata, dict) else {}), "labels": dict(LABELS)}}
    change = Change(action=Action.CREATE, target=target, fragment=labelled)
    if writer is None:
        return Made(change=change, foreseen=foreseen)
    try:
        dry = await writer.create(target, labelled, dry_run=True)
    except Conflict as problem:
        raise NoPlan(f"{target} exists already") from problem
    diff = unified({}, dry, name=str(target), was="not there", becomes="after the fix")
    change = Change(action=Action.CREATE, target=target, fragment=labelled, digest=digest(dry))
    return Made(change=change, diff=diff, foreseen=foreseen)


async def replaced(step: ReplacePod, desk: Desk) -> Made:
    """Return the deletion of one Pod.

    Raises:
        NoPlan: There is not one such Pod, or nothing would make another.
    """
    pod = await _pod_of(step, desk)
    owner = next((owner for owner in pod.metadata.owner_references if owner.controller), None)
    if owner is None:
        raise NoPlan(f"Pod {pod.metadata.namespace}/{pod.metadata.name} belongs to no workload: nothing makes another")
    target = checked(Target(api_version=POD[0], kind=POD[1], namespace=pod.metadata.namespace, name=pod.metadata.name))
    fragment: dict[str, Json] = {
        "apiVersion": target.api_version,
        "kind": target.kind,
        "metadata": {"name": target.name, "namespace": target.namespace},
    }
    if desk.writer is None:
        return Made(change=Change(action=Action.DELETE, target=target, fragment=fragment))
    live = await desk.writer.read(target)
    uid = str(metadata_of(live).get("uid", ""))
    try:
        await desk.writer.delete(target, uid=uid, dry_run=True)
    except (NotFound, Conflict) as problem:
        raise NoPlan(f"{target} is gone already") from problem
    change = Change(
        action=Action.DELETE, target=target, uid=uid, digest=digest(live), seen=shown_text(live), fragment=fragment
    )
    return Made(change=change, diff=f"{target} is deleted; {owner.kind} {owner.name} makes another.")


async def deleted(change: Change, writer: Writer) -> Made:
    """Return the deletion of the very object that a change is about, tried.

    Raises:
        NoPlan: Somebody changed it.
        NotFound: It is gone.
    """
    live = await writer.read(change.target)
    if digest(live) != change.digest:
        raise NoPlan(f"somebody else changed {change.target} in the meantime")
    uid = str(metadata_of(live).get("uid", ""))
    await writer.delete(change.target, uid=uid, dry_run=True)
    gone = Change(
        action=Action.DELETE,
        target=change.target,
        uid=uid,
        digest=digest(live),
        seen=shown_text(live),
        fragment=change.fragment,
    )
    return Made(change=gone, diff=unified(live, {}, name=str(change.target), was="live", becomes="deleted"))


async def _pod_of(step: ReplacePod, desk: Desk) -> Pod:
    namespaces, workloads = ([fill(text, desk.cause) for text in texts] for texts in (step.namespaces, step.workloads))
    try:
        if step.name:
            return await desk.cluster.get(Pod, name=fill(step.name, desk.cause), namespace=namespaces[0])
        node = fill(step.node, desk.cause)
        pods = [
            pod
            for namespace in namespaces
            for pod in await desk.cluster.list(Pod, namespace=namespace, fields=f"spec.nodeName={node}")
            if any(owner.controller and owner.name in workloads for owner in pod.metadata.owner_references)
        ]
    except ClusterError as problem:
        raise NoPlan(str(problem)) from problem
    if len(pods) != 1:
        raise NoPlan(f"{len(pods)} Pods of {' or '.join(workloads)} run on Node {shown(node)}, not one")
    return pods[0]
