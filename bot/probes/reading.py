"""What several probes read: the Services a symptom is about, their Pods, and who owns a Pod."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.cluster.errors import Absent
from bot.cluster.objects import Object, Pod, Service
from bot.cluster.port import Cluster, T
from bot.facts.base import Reason
from bot.facts.scope import Scope, Subject
from bot.node.targets import DNS_LABEL, DNS_NAMES, SYSTEM_NAMESPACE, is_dns
from bot.probes.labels import ByLabel
from bot.probes.probe import CannotTell

__all__ = ["DNS_LABEL", "DNS_NAMES", "SYSTEM_NAMESPACE", "is_dns"]


async def served(cluster: Cluster, of: type[T], *, namespace: str = "") -> list[T]:
    """Return the objects of an API that may not be installed: then there are none."""
    try:
        return await cluster.list(of, namespace=namespace)
    except Absent:
        return []


async def services_in(cluster: Cluster, scope: Scope) -> list[Service]:
    """Return the Services to look at: those named, else those of the symptom's namespaces, else all.

    The DNS Service is left out, since :mod:`bot.probes.dns` looks at it.

    Raises:
        CannotTell: There is none to look at.
    """
    found = await find_services(cluster, scope)
    if not found:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Service to look at")
    return found


async def find_services(cluster: Cluster, scope: Scope) -> list[Service]:
    """Return the same, and nothing where there is none."""
    if not is_about_services(scope):
        return []
    named = {(service.namespace, service.name) for service in scope.services}
    return [
        service
        for namespace in namespaces_in(scope)
        for service in await cluster.list(Service, namespace=namespace)
        if not is_dns(service) and (not named or (service.metadata.namespace, service.metadata.name) in named)
    ]


def is_about_services(scope: Scope) -> bool:
    """Tell whether Services lie on the way: not when only Pods or a place outside were named."""
    return scope.cluster_wide or bool(scope.services) or not (scope.backends or scope.outside_host)


def namespaces_in(scope: Scope) -> tuple[str, ...]:
    """Return the namespaces to read: those of the named Services, else of the symptom, else ``""`` for all.

    Of the whole of a large cluster, those where something is not ready (:mod:`bot.diagnosis.triage`).

    Raises:
        CannotTell: The symptom gives none, and is not about the whole cluster.
    """
    if scope.cluster_wide:
        return scope.triaged or ("",)
    namespaces = tuple(dict.fromkeys(service.namespace for service in scope.services)) or scope.namespaces
    if not namespaces:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Service or namespace to look at")
    return namespaces


class Pods(ByLabel[Pod]):
    """The living Pods of some namespaces: neither ended nor on their way out."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        """Keep the living ones."""
        living = [pod for pod in pods if pod.alive]
        super().__init__((pod, pod.metadata.namespace, pod.metadata.labels) for pod in living)
        self._by_namespace: dict[str, list[Pod]] = defaultdict(list)
        self._by_owner: dict[tuple[str, str], list[Pod]] = defaultdict(list)
        for pod in living:
            self._by_namespace[pod.metadata.namespace].append(pod)
            self._by_owner[pod.metadata.namespace, owner_of(pod).name].append(pod)

    def owned_by(self, namespace: str, name: str) -> list[Pod]:
        """Return those of a workload, whatever its kind."""
        return self._by_owner.get((namespace, name), [])

    def of(self, namespace: str) -> list[Pod]:
        """Return all of a namespace."""
        return self._by_namespace.get(namespace, [])

    def all(self) -> list[Pod]:
        """Return those of all namespaces."""
        return [pod for pods in self._by_namespace.values() for pod in pods]

    def named(self, subjects: Iterable[Subject]) -> list[Pod]:
        """Return those that are named, each once."""
        wanted = {(subject.namespace, subject.name) for subject in subjects}
        namespaces = sorted({namespace for namespace, _ in wanted})
        return [pod for place in namespaces for pod in self.of(place) if (place, pod.metadata.name) in wanted]


async def pods_in(cluster: Cluster, scope: Scope) -> Pods:
    """Return the living Pods of the namespaces to read, and of those the symptom's Pods live in."""
    homes = () if scope.cluster_wide else (pod.namespace for pod in (*scope.clients, *scope.backends))
    namespaces = dict.fromkeys((*namespaces_in(scope), *homes))
    return Pods([pod for namespace in namespaces for pod in await cluster.list(Pod, namespace=namespace)])


def owner_of(pod: Pod) -> Subject:
    """Return the Deployment, StatefulSet, DaemonSet, ReplicaSet or Job of a Pod, or the Pod itself if it has none."""
    owner = next((owner for owner in pod.metadata.owner_references if owner.controller), None)
    if owner is None:
        return Subject("Pod", pod.metadata.namespace, pod.metadata.name)
    # A Deployment names its ReplicaSets after itself and the hash that it puts on their Pods as a label.
    suffix = f"-{pod.metadata.labels.get('pod-template-hash', '')}"
    if owner.kind == "ReplicaSet" and suffix != "-" and owner.name.endswith(suffix):
        return Subject("Deployment", pod.metadata.namespace, owner.name.removesuffix(suffix))
    return Subject(owner.kind, pod.metadata.namespace, owner.name)


def key_of(item: Object) -> tuple[str, str]:
    """Return namespace and name of an object."""
    return item.metadata.namespace, item.metadata.name


def path_of(item: Object) -> str:
    """Return where an object is served: ``/api/v1/namespaces/shop/services/web``."""
    resource, meta = item.resource, item.metadata
    root = f"/apis/{resource.group}/{resource.versions[0]}" if resource.group else f"/api/{resource.versions[0]}"
    place = f"/namespaces/{meta.namespace}" if meta.namespace else ""
    return f"{root}{place}/{resource.plural}/{meta.name}"
