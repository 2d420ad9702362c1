"""What can be known of a change's effect before it is made."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.cluster.writer import Json
from bot.diagnosis.report import Evidence
from bot.remediation.desk import NoPlan
from bot.remediation.fieldpath import FieldPath
from bot.remediation.plan import Change, Edit

SELECTOR = FieldPath.parse("spec.selector")
DEAD = ("Succeeded", "Failed")


async def foresee(change: Change, *, cluster: Cluster, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Return what a change of an object that exists will bring.

    Raises:
        NoPlan: It would not help.
    """
    if change.target.kind != "Service":
        return ()
    sentences: list[str] = []
    for edit in change.edits:
        if edit.path == SELECTOR and isinstance(edit.after, dict):
            sentences.append(await _selection(change, edit.after, cluster))
        elif edit.path.key == "targetPort":
            sentences += _listening(edit, evidence)
    return tuple(sentences)


async def _selection(change: Change, selector: dict[str, Json], cluster: Cluster) -> str:
    """Return how many Pods a Service's new selector fits."""
    try:
        pods = await cluster.list(Pod, namespace=change.target.namespace)
    except ClusterError as problem:
        return f"Whether Pods fit the new selector could not be looked up: {problem}."
    wanted = {key: str(value) for key, value in selector.items()}
    fitting = [pod for pod in pods if selects(wanted, pod.metadata.labels) and pod.status.phase not in DEAD]
    if not fitting:
        raise NoPlan(f"no Pod in namespace {change.target.namespace} would fit the new selector either")
    return f"The new selector fits {_pods(len(fitting))}, {ready(fitting)} of them ready."


def _listening(edit: Edit, evidence: Sequence[Evidence]) -> list[str]:
    """Return that a connection to the new port was accepted, if a fact says so."""
    told = {item.fact for item in evidence if item.value.get("listening_port") == edit.after}
    return [f"A connection to port {edit.after} of the Service's Pods was accepted just now."] if told else []


def ready(pods: Sequence[Pod]) -> int:
    """Return how many Pods are ready."""
    return sum(
        any(condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions)
        for pod in pods
    )


def _pods(count: int) -> str:
    return f"{count} Pod" if count == 1 else f"{count} Pods"
