"""Who is configured to call the Services of a cluster, where a symptom names none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.cluster.objects import Ingress, Namespace, Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.facts.base import Reason
from bot.facts.scope import Scope, Subject
from bot.facts.service import ServiceUse
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import find_services, key_of, namespaces_in, owner_of, path_of

ROOT_CERTIFICATE = "kube-root-ca.crt"
"""The ConfigMap that every Pod has; it names no host."""

Key = tuple[str, str]


@probe(ServiceUse, reads=(Service, Pod, Ingress, Namespace))
async def service_use(cluster: Cluster, scope: Scope) -> Iterable[ServiceUse]:
    """Count the workloads that are configured to call each Service."""
    if not scope.cluster_wide:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom says what is called")
    services = {key_of(item): item for item in await find_services(cluster, scope)}
    pods = [pod for place in namespaces_in(scope) for pod in await cluster.list(Pod, namespace=place) if pod.alive]
    callers = callers_of(services, pods)
    routed = await routed_to(cluster)
    unread = {pod.metadata.namespace for pod in pods if takes_settings(pod)}
    return [
        use_of(item, callers.get(key, []), routed=key in routed, unread=key[0] in unread or bool(scope.triaged))
        for key, item in services.items()
    ]


def use_of(service: Service, callers: Sequence[Subject], *, routed: bool, unread: bool) -> ServiceUse:
    """Return who calls one Service."""
    outside = routed or service.spec.type in ("NodePort", "LoadBalancer")
    return ServiceUse(
        namespace=service.metadata.namespace,
        service=service.metadata.name,
        callers=len(callers),
        example=str(callers[0]) if callers else "",
        from_outside=outside,
        unread=unread,
        idle=not (callers or outside or unread),
        source=f"{path_of(service)}, settings of Pods, Ingresses",
    )


def callers_of(services: Mapping[Key, Service], pods: Iterable[Pod]) -> dict[Key, list[Subject]]:
    """Return the workloads that are configured with the name or the address of a Service, those behind it left out."""
    by_address = {item.spec.cluster_ip: key for key, item in services.items() if item.spec.cluster_ip}
    found: dict[Key, dict[Subject, None]] = defaultdict(dict)
    for pod in pods:
        for host in {address.host for container in pod.spec.containers for address in container.addresses}:
            key = by_address.get(host) or named(host, pod.metadata.namespace, services)
            service = services.get(key) if key else None
            if key and service and not is_behind(pod, service):
                found[key][owner_of(pod)] = None
    return {key: list(owners) for key, owners in found.items()}


def named(host: str, home: str, services: Mapping[Key, Service]) -> Key | None:
    """Return the Service that a host name means to Pods of a namespace, if there is one."""
    name, _, rest = host.partition(".")
    wanted = (rest.partition(".")[0] or home, name)
    return wanted if wanted in services else None


def is_behind(pod: Pod, service: Service) -> bool:
    """Tell whether a Service selects a Pod."""
    same = pod.metadata.namespace == service.metadata.namespace
    return same and bool(service.spec.selector) and selects(service.spec.selector, pod.metadata.labels)


async def routed_to(cluster: Cluster) -> set[Key]:
    """Return the Services that Ingresses lead to."""
    return {
        (item.metadata.namespace, path.backend.service.name)
        for item in await cluster.list(Ingress)
        for rule in item.spec.rules
        for path in rule.http.paths
    }


def takes_settings(pod: Pod) -> bool:
    """Tell whether a Pod takes settings from where they were not read."""
    return any(name != ROOT_CERTIFICATE for name in pod.config_maps)
