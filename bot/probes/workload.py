"""The workloads that should provide a Service's Pods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.cluster.objects import DaemonSet, Deployment, Event, Pod, Service, StatefulSet
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.facts.scope import Scope, Subject
from bot.facts.service import Workload
from bot.probes.events import TEXT_LENGTH, events_of, text_of
from bot.probes.labels import ByLabel
from bot.probes.pod import passes_first
from bot.probes.probe import probe
from bot.probes.reading import key_of, namespaces_in, owner_of, path_of, services_in
from bot.probes.times import seconds_since

AnyWorkload = Deployment | StatefulSet | DaemonSet

CREATING = "ContainerCreating"
STARTING_SECONDS = 60
"""How long a Pod may take until its first container runs (ours; Kubernetes means to need 5 s for it, images aside)."""


@probe(Workload, reads=(Service, Deployment, StatefulSet, DaemonSet, Pod, Event))
async def workload(cluster: Cluster, scope: Scope) -> Iterable[Workload]:
    """Find the workloads whose Pod template a Service of the symptom selects, with their replicas."""
    services, places = await services_in(cluster, scope), namespaces_in(scope)
    workloads = ByLabel(
        (item, item.metadata.namespace, item.spec.template.metadata.labels)
        for item in [item for place in places for item in await workloads_of(cluster, place)]
    )
    providing = [(item, service) for service in services for item in workloads.selected_by(service)]
    failures = await create_failures(cluster, [item for item, _ in providing if ready(item) < wanted(item)])
    pods = [pod for place in places for pod in await cluster.list(Pod, namespace=place)]
    leaving = {owner_of(pod): pod for pod in pods if pod.metadata.deletion_timestamp}
    starting = Counter(owner_of(pod) for pod in pods if is_starting(pod, cluster.now()))
    living = Counter(owner_of(pod) for pod in pods if pod.alive)
    return [
        fact_of(
            item,
            service,
            failure=failures.get(key_of(item), ""),
            leaving=leaving.get(subject_of(item)),
            starting=starting[subject_of(item)],
            living=living[subject_of(item)],
            taken=name_taken(item, pods) if isinstance(item, StatefulSet) else "",
        )
        for item, service in providing
    ]


def is_starting(pod: Pod, now: datetime) -> bool:
    """Tell whether a Pod has only just been made: it has a Node, and nothing is said against its containers."""
    waiting = {one.state.waiting.reason for one in pod.status.container_statuses if one.state.waiting}
    age_seconds = seconds_since(pod.metadata.creation_timestamp, now)
    made = bool(pod.spec.node_name) and waiting <= {CREATING} and age_seconds < STARTING_SECONDS
    return made and pod.alive and pod.status.phase == "Pending"


def fact_of(
    item: AnyWorkload,
    service: Service,
    *,
    failure: str,
    leaving: Pod | None,
    starting: int,
    living: int,
    taken: str,
) -> Workload:
    """Return what there is to know of one workload; ``leaving`` is one of its Pods that are on their way out."""
    now = passes_first(item.spec.template.spec)
    before = passes_first(leaving.spec) if leaving else ""
    return Workload(
        namespace=item.metadata.namespace,
        name=item.metadata.name,
        type=type(item).__name__,
        service=service.metadata.name,
        wanted_replicas=wanted(item),
        ready_replicas=ready(item),
        create_failure=failure,
        starting_pods=starting,
        ready_without_pods=max(0, ready(item) - living),
        name_taken_by=taken,
        readiness_probe=now,
        leaving_readiness_probe=before,
        readiness_probe_changes=before not in ("", now),
        source=path_of(item),
    )


def name_taken(item: StatefulSet, pods: Sequence[Pod]) -> str:
    """Return a Pod that has the name of one of a StatefulSet's and is nobody's or another's; empty if there is none."""
    names = {(item.metadata.namespace, f"{item.metadata.name}-{number}") for number in range(item.spec.replicas)}
    strangers = (pod for pod in pods if key_of(pod) in names and pod.alive and owner_of(pod) != subject_of(item))
    return next((pod.metadata.name for pod in strangers), "")


def subject_of(item: AnyWorkload) -> Subject:
    """Return a workload as the owner of its Pods."""
    return Subject(type(item).__name__, item.metadata.namespace, item.metadata.name)


async def create_failures(cluster: Cluster, workloads: Sequence[AnyWorkload]) -> Mapping[tuple[str, str], str]:
    """Return why Pods of workloads could not be created, by namespace and name.

    A Deployment's Pods are created by its ReplicaSets, which are named after it and a hash.
    """
    found: dict[tuple[str, str], str] = {}
    for namespace in sorted({item.metadata.namespace for item in workloads}):
        for event in await events_of(cluster, namespace, fields="reason=FailedCreate"):
            creator = event.involved_object.name
            name = creator.rpartition("-")[0] if event.involved_object.kind == "ReplicaSet" else creator
            found[namespace, name] = text_of(event)[:TEXT_LENGTH]
    return found


async def workloads_of(cluster: Cluster, namespace: str) -> list[AnyWorkload]:
    """Return the Deployments, StatefulSets and DaemonSets of a namespace, or of all."""
    return [
        *await cluster.list(Deployment, namespace=namespace),
        *await cluster.list(StatefulSet, namespace=namespace),
        *await cluster.list(DaemonSet, namespace=namespace),
    ]


def provides(item: AnyWorkload, service: Service) -> bool:
    """Tell whether a Service selects the Pods that a workload makes."""
    if not service.spec.selector or item.metadata.namespace != service.metadata.namespace:
        return False
    return selects(service.spec.selector, item.spec.template.metadata.labels)


def wanted(item: AnyWorkload) -> int:
    """Return how many Pods a workload should have: of a DaemonSet, the Nodes it fits."""
    return item.status.desired_number_scheduled if isinstance(item, DaemonSet) else item.spec.replicas


def ready(item: AnyWorkload) -> int:
    """Return how many of them are ready."""
    return item.status.number_ready if isinstance(item, DaemonSet) else item.status.ready_replicas
