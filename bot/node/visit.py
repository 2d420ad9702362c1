"""Helper Pods for one diagnosis: started on the Nodes that it is about, and ended with it.

A process that is killed meanwhile leaves its Pods to their deadline, and their objects to whoever comes next and reaps.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.cluster.errors import ClusterError
from bot.cluster.helper_pods import DEADLINE_LABEL, RUN_LABEL, HelperPods, Run
from bot.cluster.port import Cluster
from bot.node.manifest import code_of_collector, labels_of, pod_spec

log = logging.getLogger(__name__)

NODES_VISITED = 10
"""Nodes that one diagnosis visits (ours), as many as it samples."""
START_SECONDS = 20.0
"""What pulling an image and starting a Pod may take (ours)."""
LOOK_SECONDS = 0.3
"""Between two looks whether the Pods run (ours)."""
GRACE_SECONDS = 30
"""Beyond its deadline, a run is reaped by anybody (ours): clocks differ, and kubelet ends Pods a little late."""
END_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class HelperSpec:
    """What is started."""

    image: str
    labels: str
    tier: int
    deadline_seconds: int


@asynccontextmanager
async def visit(
    pods: HelperPods, cluster: Cluster, nodes: Sequence[str], spec: HelperSpec
) -> AsyncIterator[tuple[str, ...]]:
    """Have helper Pods on some Nodes; give, in sentences, what did not work. They are ended on the way out."""
    run = f"netmedic-run-{secrets.token_hex(5)}"
    try:
        notes = await start(pods, run, list(dict.fromkeys(nodes))[:NODES_VISITED], spec)
        missing = await not_started(cluster, nodes[:NODES_VISITED]) if not notes else []
        if missing:
            notes = (f"Helper Pods did not start within {START_SECONDS:g} s on {', '.join(missing)}.",)
        yield notes
    finally:
        # Also where the diagnosis is cancelled: a second cancellation does not stop this.
        await asyncio.shield(ended(pods, run))


async def start(pods: HelperPods, run: str, nodes: Iterable[str], spec: HelperSpec) -> tuple[str, ...]:
    """Create what a run consists of; return why not, if it cannot be."""
    code = code_of_collector()
    try:
        uid = await pods.create("ConfigMap", config_map(run, pods.namespace, code, spec))
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": run, "uid": uid, "controller": True}
        bodies = [pod(owner, number, node, code, spec) for number, node in enumerate(nodes)]
        await asyncio.gather(*(pods.create("Pod", body) for body in bodies))
    except ClusterError as problem:
        return (f"Helper Pods could not be started: {problem}.",)
    return ()


async def not_started(cluster: Cluster, nodes: Iterable[str]) -> list[str]:
    """Wait until the helpers run; return the Nodes where none does in time."""
    wanted = set(nodes)
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while True:
        missing = wanted - set(await cluster.helper_nodes())
        if not missing or asyncio.get_running_loop().time() > deadline:
            return sorted(missing)
        await asyncio.sleep(LOOK_SECONDS)


async def ended(pods: HelperPods, run: str) -> None:
    """End a run; what cannot be ended now is left to its deadline and the next who reaps."""
    try:
        async with asyncio.timeout(END_SECONDS):
            await pods.end(run)
    except (ClusterError, TimeoutError) as problem:
        log.warning("helper Pods of run %s could not be deleted and end by themselves: %s", run, problem)


def is_left_over(run: Run) -> bool:
    """Tell whether nobody can be using a run any more."""
    return run.age_seconds > run.deadline_seconds + GRACE_SECONDS


async def reap(pods: HelperPods) -> int:
    """End the runs that others left behind, and return how many there were; what cannot be read is left alone."""
    try:
        left = [run for run in await pods.runs() if is_left_over(run)]
    except ClusterError as problem:
        log.warning("left-over helper Pods could not be looked for: %s", problem)
        return 0
    await asyncio.gather(*(ended(pods, run.name) for run in left))
    return len(left)


def config_map(run: str, namespace: str, code: dict[str, str], spec: HelperSpec) -> dict[str, Any]:
    """Return the helper's program, which its Pods belong to."""
    labels = {RUN_LABEL: run, DEADLINE_LABEL: str(spec.deadline_seconds)}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": run, "namespace": namespace, "labels": labels},
        "data": code,
    }


def pod(owner: dict[str, Any], number: int, node: str, code: dict[str, str], spec: HelperSpec) -> dict[str, Any]:
    """Return one helper Pod, bound to a Node: no scheduler keeps it from one that is full or cordoned."""
    run = owner["name"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{run}-{number}",
            "labels": labels_of(spec.labels) | {RUN_LABEL: run},
            "ownerReferences": [owner],
        },
        "spec": pod_spec(spec.image, code, tier=spec.tier, config_map=run)
        | {"nodeName": node, "restartPolicy": "Never", "activeDeadlineSeconds": spec.deadline_seconds},
    }
