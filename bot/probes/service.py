"""Services: the Pods they select, the endpoints that are ready, and what is wrong with a selector that selects none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from bot.cluster.objects import Endpoint, EndpointSlice, Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import to_text
from bot.facts.scope import Scope
from bot.facts.service import ServiceBackends, ServiceSelectorMisfit
from bot.probes.probe import probe
from bot.probes.reading import Pods, key_of, namespaces_in, owner_of, path_of, pods_in, services_in

SERVICE_NAME_LABEL = "kubernetes.io/service-name"

SHOWN_VALUES = 3
"""Different label values named in one sentence (ours)."""


@probe(ServiceBackends, reads=(Service, Pod, EndpointSlice))
async def service_backends(cluster: Cluster, scope: Scope) -> Iterable[ServiceBackends]:
    """Count the Pods each Service selects and the endpoints that are ready."""
    services, every_pod = await services_in(cluster, scope), await pods_in(cluster, scope)
    endpoints = by_service(
        [item for namespace in namespaces_in(scope) for item in await cluster.list(EndpointSlice, namespace=namespace)]
    )
    found = []
    for service in services:
        pods = every_pod.selected_by(service)
        own = endpoints.get((service.metadata.namespace, service.metadata.name), [])
        ready = ready_of(own)
        found.append(
            ServiceBackends(
                namespace=service.metadata.namespace,
                name=service.metadata.name,
                type=service.spec.type,
                has_selector=bool(service.spec.selector),
                selector=to_text(service.spec.selector),
                selected_pods=len(pods),
                ready_pods=sum(pod.ready for pod in pods),
                ready_endpoints=len(ready),
                not_ready_endpoints=len({identity(endpoint) for endpoint in own} - ready),
                source=f"{path_of(service)}, its Pods and EndpointSlices",
            )
        )
    return found


def by_service(slices: Iterable[EndpointSlice]) -> dict[tuple[str, str], list[Endpoint]]:
    """Return endpoints by the namespace and name of their Service."""
    found: dict[tuple[str, str], list[Endpoint]] = defaultdict(list)
    for item in slices:
        found[item.metadata.namespace, item.metadata.labels.get(SERVICE_NAME_LABEL, "")].extend(item.endpoints)
    return found


def ready_of(endpoints: Iterable[Endpoint]) -> set[tuple[str, ...]]:
    """Return those endpoints that are ready, each once."""
    return {identity(endpoint) for endpoint in endpoints if endpoint.conditions.ready}


def identity(endpoint: Endpoint) -> tuple[str, ...]:
    """Return what is the same in the IPv4 and the IPv6 slice of a dual-stack Service: the Pod."""
    if endpoint.target_ref.name:
        return (endpoint.target_ref.kind, endpoint.target_ref.name)
    return endpoint.addresses


@probe(ServiceSelectorMisfit, reads=(Service, Pod))
async def service_selector_misfit(cluster: Cluster, scope: Scope) -> Iterable[ServiceSelectorMisfit]:
    """Find, for each Service that selects nothing, the Pods it would select if part of its selector were different."""
    services, every_pod = await services_in(cluster, scope), await pods_in(cluster, scope)
    served = {key_of(pod) for other in await every_service(cluster, scope) for pod in every_pod.selected_by(other)}
    found = []
    for service in services:
        selector = service.spec.selector
        near = [] if every_pod.selected_by(service) else nearest(service, every_pod)
        if not near:
            continue
        workloads = {owner_of(pod) for pod in near}
        unmatched = {
            key: value for key, value in selector.items() if any(pod.metadata.labels.get(key) != value for pod in near)
        }
        found.append(
            ServiceSelectorMisfit(
                namespace=service.metadata.namespace,
                name=service.metadata.name,
                selector=to_text(selector),
                unmatched=to_text(unmatched),
                carried=", ".join(carried(key, near) for key in sorted(unmatched)),
                near_pods=len(near),
                near_workload=next(iter(workloads)).name if len(workloads) == 1 else "",
                near_unserved=not any(each in served for each in map(key_of, near)),
                source=f"{path_of(service)}, labels of the Pods in its namespace",
            )
        )
    return found


async def every_service(cluster: Cluster, scope: Scope) -> list[Service]:
    """Return all Services of the namespaces that are looked at, named or not."""
    return [item for namespace in namespaces_in(scope) for item in await cluster.list(Service, namespace=namespace)]


def nearest(service: Service, pods: Pods) -> list[Pod]:
    """Return the Pods that carry most of a Service's selector; of equals, those of the workload of its own name.

    What the Pods of many workloads carry tells nothing: then, and where nobody carries any of it, it is the latter.
    """
    namespace, selector = service.metadata.namespace, service.spec.selector
    own = pods.owned_by(namespace, service.metadata.name) if selector else []
    carriers = [pod for key, value in selector.items() for pod in pods.carrying(namespace, key, value)]
    matched = Counter(map(key_of, carriers))
    most = max(matched.values(), default=0)
    alike = {key_of(pod): pod for pod in carriers if matched[key_of(pod)] == most}
    own_and_alike = [pod for pod in own if key_of(pod) in alike]
    if not own_and_alike and len({owner_of(pod) for pod in alike.values()}) in range(1, SHOWN_VALUES + 1):
        return list(alike.values())
    return own_and_alike or own


def carried(key: str, pods: Iterable[Pod]) -> str:
    """Return what Pods carry under a label key: ``version=v1``, or ``version (not set)``."""
    values = sorted({pod.metadata.labels.get(key, "") for pod in pods})
    if values == [""]:
        return f"{key} (not set)"
    more = f" and {len(values) - SHOWN_VALUES} more" if len(values) > SHOWN_VALUES else ""
    return ", ".join(f"{key}={value}" if value else f"{key} (not set)" for value in values[:SHOWN_VALUES]) + more
