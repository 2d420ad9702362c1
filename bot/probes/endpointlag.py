"""Whether EndpointSlices follow the Pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.cluster.objects import EndpointSlice, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.controlplane import EndpointLag
from bot.facts.scope import Scope
from bot.probes.probe import probe
from bot.probes.reading import key_of, namespaces_in, path_of, pods_in, services_in
from bot.probes.times import seconds_since

SERVICE_LABEL = "kubernetes.io/service-name"


@probe(EndpointLag, reads=(Service, Pod, EndpointSlice))
async def endpoint_lag(cluster: Cluster, scope: Scope) -> Iterable[EndpointLag]:
    """Find ready Pods of Services that their EndpointSlices do not hold yet."""
    services = [item for item in await services_in(cluster, scope) if item.spec.selector]
    slices: dict[tuple[str, str], list[EndpointSlice]] = defaultdict(list)
    for place in namespaces_in(scope):
        for item in await cluster.list(EndpointSlice, namespace=place):
            slices[item.metadata.namespace, item.metadata.labels.get(SERVICE_LABEL, "")].append(item)
    pods, now = await pods_in(cluster, scope), cluster.now()
    return [lag_of(service, pods.selected_by(service), slices[key_of(service)], now) for service in services]


def lag_of(service: Service, pods: Sequence[Pod], slices: Sequence[EndpointSlice], now: datetime) -> EndpointLag:
    """Return how far the EndpointSlices of one Service are behind."""
    held = {address for item in slices for endpoint in item.endpoints for address in endpoint.addresses}
    held |= {endpoint.target_ref.name for item in slices for endpoint in item.endpoints}
    ready = [pod for pod in pods if pod.ready and pod.status.pod_ip]
    missing = [pod for pod in ready if not {pod.status.pod_ip, pod.metadata.name} & held]
    waiting = {pod.metadata.name: seconds_since(ready_at(pod), now) for pod in missing}
    longest = max(waiting, key=lambda name: waiting[name], default="")
    changes = [seconds_since(item.triggered_at, now) for item in slices if item.triggered_at]
    return EndpointLag(
        namespace=service.metadata.namespace,
        service=service.metadata.name,
        ready_pods=len(ready),
        missing_pods=len(missing),
        example=longest,
        waiting_seconds=waiting.get(longest, 0),
        slices=len(slices),
        changed_seconds_ago=min(changes, default=0),
        source=f"{path_of(service)}, its Pods and EndpointSlices",
    )


def ready_at(pod: Pod) -> str:
    """Return since when a Pod is ready."""
    return next((item.last_transition_time for item in pod.status.conditions if item.type == "Ready"), "")
