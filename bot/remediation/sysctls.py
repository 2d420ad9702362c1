"""Setting a sysctl of a Node: a Job with one fixed script, which runs there for seconds and compares before it sets."""

from __future__ import annotations

import hashlib
import re

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Pod
from bot.cluster.writer import JOB, Json, Target, Writer
from bot.remediation.creations import LABELS
from bot.remediation.desk import Desk, Made, NoPlan, checked
from bot.remediation.fieldpath import FieldPath
from bot.remediation.holes import fill, fill_typed
from bot.remediation.plan import Action, Change, Edit
from bot.remediation.steps import Sysctl
from bot.remediation.values import DNS_NAME, TYPES, shown

KEY = re.compile(r"net(?:\.[a-z0-9_]+){2,6}")
"""Of the network, which is the Node's own in a Pod with hostNetwork; written with dots."""
JOB_SECONDS = 60
"""The image is on the Node and the script takes milliseconds; a busy kubelet starts a Pod within this time (ours)."""
SCRIPT = """\
set -eu
now=$(tr '\\t' ' ' < "$SYSCTL")
echo "$now" > /dev/termination-log
[ "$now" = "$WANTED" ] || [ "$now" = "$EXPECTED" ]
if [ -n "$LINE" ]; then echo "$LINE" > "$KEEP"; else rm -f "$KEEP"; fi
echo "$WANTED" > "$SYSCTL" && [ "$(tr '\\t' ' ' < "$SYSCTL")" = "$WANTED" ] || { rm -f "$KEEP"; exit 4; }
"""
"""Values come by the environment: nothing of them is code. A second run changes nothing, nor does one that fails."""


async def set_on_node(step: Sysctl, desk: Desk) -> Made:
    """Return a Job that sets a sysctl, with the Job that sets it back.

    Raises:
        NoPlan: No node helper runs on the Node, whose image would be used.
        ClusterError: It cannot be tried.
    """
    node = fill(step.node, desk.cause)
    if not DNS_NAME.fullmatch(node):
        raise NoPlan(f"{shown(node)} is no name of a Node")
    was = (
        TYPES[step.type](fill_typed(step.was, desk.cause), None)
        if step.type != "doubled"
        else fill_typed(step.was, desk.cause)
    )
    becomes = TYPES[step.type](fill_typed(step.value, desk.cause), None)
    if was == becomes:
        raise NoPlan(f"{step.key} of Node {node} already is as the fix would make it")
    image = await _image(node, desk)
    there = _job(step.key, node, str(was), str(becomes), image=image, desk=desk, keep=True)
    back = _job(step.key, node, str(becomes), str(was), image=image, desk=desk, keep=False)
    metadata = there["metadata"]
    assert isinstance(metadata, dict)  # noqa: S101
    target = checked(Target(api_version=JOB[0], kind=JOB[1], namespace=desk.job_namespace, name=str(metadata["name"])))
    change = Change(
        action=Action.RUN,
        target=target,
        edits=(Edit(path=FieldPath((node,), step.key), before=was, after=becomes),),
        fragment=there,
        back=back,
        wait_seconds=JOB_SECONDS,
    )
    if desk.writer is None:
        return Made(change=change)
    return await tried_job(change, desk.writer, becomes="after the fix")


async def tried_job(change: Change, writer: Writer, *, becomes: str) -> Made:
    """Return the change that a Job makes on a Node, tried.

    Raises:
        ClusterError: The Job cannot be made.
    """
    await writer.create(change.target, change.fragment, dry_run=True)
    node = change.edits[0].path.way[0]
    lines = [f"-{edit.path.key} = {edit.before}\n+{edit.path.key} = {edit.after}" for edit in change.edits]
    return Made(change=change, diff="\n".join([f"--- Node {node} (live)", f"+++ Node {node} ({becomes})", *lines]))


async def _image(node: str, desk: Desk) -> str:
    """Return the image of the node helper on a Node: it is there, and somebody trusted it."""
    try:
        pod = (await desk.cluster.helper_nodes()).get(node, "")
        if not pod:
            raise NoPlan(f"no node helper runs on Node {node}, in whose image the change would be made")
        found = await desk.cluster.get(Pod, name=pod, namespace=desk.job_namespace)
    except ClusterError as problem:
        raise NoPlan(str(problem)) from problem
    return found.spec.containers[0].image


def _job(key: str, node: str, expected: str, wanted: str, *, image: str, desk: Desk, keep: bool) -> dict[str, Json]:
    identity = f"{key} {node} {expected} {wanted} {desk.made.isoformat()}"
    name = f"netmedic-sysctl-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"
    file = f"99-netmedic-{key.replace('.', '-')}.conf"
    environment = {
        "SYSCTL": f"/proc/sys/{key.replace('.', '/')}",
        "EXPECTED": expected,
        "WANTED": wanted,
        "LINE": f"{key} = {wanted}" if keep else "",
        "KEEP": f"/etc/sysctl.d/{file}",
    }
    container: dict[str, Json] = {
        "name": "sysctl",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", SCRIPT],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        # /proc/sys is read-only in every other container.
        "securityContext": {"privileged": True, "runAsUser": 0},
        "resources": {"limits": {"memory": "32Mi"}},
        "volumeMounts": [{"name": "sysctl-d", "mountPath": "/etc/sysctl.d"}],
    }
    pod: dict[str, Json] = {
        "nodeName": node,
        "hostNetwork": True,
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
        "volumes": [{"name": "sysctl-d", "hostPath": {"path": "/etc/sysctl.d", "type": "DirectoryOrCreate"}}],
    }
    return {
        "apiVersion": JOB[0],
        "kind": JOB[1],
        "metadata": {"name": name, "namespace": desk.job_namespace, "labels": dict(LABELS)},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": JOB_SECONDS,
            "template": {"metadata": {"labels": dict(LABELS)}, "spec": pod},
        },
    }
