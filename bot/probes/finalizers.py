"""Pods that were deleted and stay, because a finalizer holds them."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.objects import Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.facts.pod import HeldPod
from bot.facts.scope import Scope
from bot.probes.events import TEXT_LENGTH
from bot.probes.probe import probe
from bot.probes.reading import find_services, owner_of, path_of
from bot.probes.times import seconds_since


@probe(HeldPod, reads=(Service, Pod))
async def held_pod(cluster: Cluster, scope: Scope) -> Iterable[HeldPod]:
    """Find the Pods behind the symptom's Services that are on their way out and have finalizers."""
    found: dict[tuple[str, str], HeldPod] = {}
    for service in await find_services(cluster, scope):
        namespace, selector = service.metadata.namespace, service.spec.selector
        for pod in await cluster.list(Pod, namespace=namespace) if selector else ():
            meta = pod.metadata
            if meta.deletion_timestamp and meta.finalizers and selects(selector, meta.labels):
                found[namespace, meta.name] = HeldPod(
                    namespace=namespace,
                    pod=meta.name,
                    workload=owner_of(pod).name,
                    workload_type=owner_of(pod).kind,
                    finalizers=", ".join(meta.finalizers)[:TEXT_LENGTH],
                    overdue_seconds=seconds_since(meta.deletion_timestamp, cluster.now()),
                    source=path_of(pod),
                )
    return found.values()
