"""Pods that are meant to answer: how many files they have open, and may. Who may open no more accepts no connection."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.podview import PodFiles
from bot.facts.scope import Scope
from bot.node import ask
from bot.node.answers import named
from bot.node.files import OpenFiles
from bot.probes.counters import PERMILLE, share
from bot.probes.node import INSTALL
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import Pods, owner_of

PODS_COUNTED = 8
"""Pods that are looked at in one diagnosis (ours)."""


@probe(PodFiles, reads=(Pod,), helper=True)
async def pod_files(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count the open files of the Pods that are meant to answer."""
    namespaces = dict.fromkeys(end.namespace for end in scope.backends)
    known = Pods([pod for namespace in namespaces for pod in await cluster.list(Pod, namespace=namespace)])
    pods = [pod for pod in known.named(scope.backends) if pod.status.phase == "Running"][:PODS_COUNTED]
    if not pods:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that is meant to answer")
    if not await cluster.helper_nodes():
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    wanted: dict[str, list[str]] = {}
    for pod in pods:
        wanted.setdefault(pod.spec.node_name, []).append(pod.metadata.uid)
    found = await ask.files(cluster, wanted)
    return [
        Unreadable(of=PodFiles, subject=node, error=answer)
        for node, answer in found.items()
        if isinstance(answer, ClusterError)
    ] + [
        fact_of(pod, answer[pod.metadata.uid])
        for pod in pods
        if not isinstance(answer := found[pod.spec.node_name], ClusterError)
    ]


def fact_of(pod: Pod, found: OpenFiles) -> Fact | Unreadable:
    """Return what was counted of one Pod, or why it could not be."""
    if found.error:
        return Unreadable(of=PodFiles, subject=pod.spec.node_name, error=named(found.error))
    owner = owner_of(pod)
    return PodFiles(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        node=pod.spec.node_name,
        open=found.open,
        limit=found.limit,
        free=max(0, found.limit - found.open),
        used_permille=share(found.open, found.limit, PERMILLE),
        source=f"{pod.spec.node_name}: /proc/PID/fd of Pod {pod.metadata.namespace}/{pod.metadata.name}",
    )
