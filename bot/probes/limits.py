"""What keeps Pods and Services from being there or being used: quotas, readiness gates, IP families, Leases."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from bot.cluster.objects import Endpoint, EndpointSlice, Event, Lease, Node, Pod, ResourceQuota, Service
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.limits import NamespaceQuota, NodeLease, ReadinessGate, ServiceFamily
from bot.facts.scope import Scope
from bot.probes.endpointlag import SERVICE_LABEL
from bot.probes.events import TEXT_LENGTH, events_of, text_of
from bot.probes.narrow import ONE_BY_ONE, nodes_on_path
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import find_services, key_of, namespaces_in, owner_of, path_of, pods_in, services_in
from bot.probes.times import seconds_since

EXCEEDED = re.compile(r"exceeded quota: ([a-z0-9][a-z0-9.-]{0,252})")
"""apiserver, admission plugin ResourceQuota: ``forbidden: exceeded quota: NAME, requested: ...``."""
LEASES = "kube-node-lease"
UNITS = {
    name: base**power
    for base, names in ((1000.0, ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")), (1024.0, ("Ki", "Mi", "Gi", "Ti")))
    for power, name in enumerate(names, start=-3 if base == 1000.0 else 1)  # noqa: PLR2004 - of decimal units
}
"""Of quantities (kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity)."""
QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)([A-Za-z]{0,2})")


@probe(NamespaceQuota, reads=(ResourceQuota, Event))
async def namespace_quota(cluster: Cluster, scope: Scope) -> Iterable[NamespaceQuota]:
    """Tell how much of each quota of the symptom's namespaces is used, and which one refused a Pod."""
    facts: list[NamespaceQuota] = []
    for namespace in namespaces_in(scope):
        quotas = await cluster.list(ResourceQuota, namespace=namespace)
        if not quotas:
            continue
        refused: dict[tuple[str, str], Event] = {}
        for event in await events_of(cluster, namespace, fields="reason=FailedCreate"):
            if match := EXCEEDED.search(event.message):
                refused[event.metadata.namespace, match[1]] = event
        facts += [fact for item in quotas for fact in of_quota(item, refused.get(key_of(item)))]
    return facts


def of_quota(item: ResourceQuota, refusal: Event | None) -> list[NamespaceQuota]:
    """Return the resources of one quota."""
    about = refusal.involved_object if refusal else None
    used = {name: str(item.status.used.get(name, "0")) for name in item.status.hard}
    return [
        NamespaceQuota(
            namespace=item.metadata.namespace,
            name=item.metadata.name,
            resource=name,
            used=used[name],
            hard=str(hard),
            full=amount(used[name]) >= amount(str(hard)),
            refused=f"{about.kind} {about.name}" if about else "",
            says=text_of(refusal)[:TEXT_LENGTH] if refusal else "",
            source=f"{path_of(item)} and Events",
        )
        for name, hard in sorted(item.status.hard.items())
    ]


def amount(text: str) -> float:
    """Return the number of a quantity; 0 of what is none."""
    match = QUANTITY.fullmatch(text)
    return float(match[1]) * UNITS.get(match[2], 1.0) if match else 0.0


@probe(ReadinessGate, reads=(Service, Pod))
async def readiness_gate(cluster: Cluster, scope: Scope) -> Iterable[ReadinessGate]:
    """Tell how the readiness gates stand of Pods that are reached for."""
    every_pod = await pods_in(cluster, scope)
    behind = [pod for service in await find_services(cluster, scope) for pod in every_pod.selected_by(service)]
    pods = {key_of(pod): pod for pod in (*behind, *every_pod.named(scope.backends)) if pod.spec.readiness_gates}
    return [gate_of(pod, gate.condition_type) for pod in pods.values() for gate in pod.spec.readiness_gates]


def gate_of(pod: Pod, gate: str) -> ReadinessGate:
    """Return how one gate stands."""
    said = {condition.type: condition.status for condition in pod.status.conditions}
    owner = owner_of(pod)
    return ReadinessGate(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        gate=gate,
        status=said.get(gate, "unset"),
        containers_ready=said.get("ContainersReady") == "True",
        source=path_of(pod),
    )


@probe(ServiceFamily, reads=(Service, EndpointSlice))
async def service_family(cluster: Cluster, scope: Scope) -> Iterable[ServiceFamily]:
    """Count the ready endpoints of each IP family that a Service has addresses of."""
    services = [item for item in await services_in(cluster, scope) if item.spec.ip_families]
    ready: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for place in namespaces_in(scope):
        for item in await cluster.list(EndpointSlice, namespace=place):
            of = item.metadata.namespace, item.metadata.labels.get(SERVICE_LABEL, "")
            ready[of][item.address_type] += count_ready(item.endpoints)
    return [
        ServiceFamily(
            namespace=item.metadata.namespace,
            name=item.metadata.name,
            family=family,
            policy=item.spec.ip_family_policy,
            ready_endpoints=ready[key_of(item)][family],
            other_endpoints=sum(count for of, count in ready[key_of(item)].items() if of != family),
            source=f"{path_of(item)} and its EndpointSlices",
        )
        for item in services
        for family in item.spec.ip_families
    ]


def count_ready(endpoints: Sequence[Endpoint]) -> int:
    """Return how many are ready."""
    return sum(endpoint.conditions.ready for endpoint in endpoints)


@probe(NodeLease, reads=(Lease, Node))
async def node_lease(cluster: Cluster, scope: Scope) -> Iterable[NodeLease]:
    """Tell how long ago each Node of the path reported, or each at all."""
    if not scope.nodes and not scope.cluster_wide:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Node to look at")
    nodes = {node.metadata.name for node in await nodes_on_path(cluster, scope)}
    if len(nodes) > ONE_BY_ONE:
        leases = await cluster.list(Lease, namespace=LEASES)
    else:
        named = [f"metadata.name={name}" for name in sorted(nodes)]
        leases = [item for fields in named for item in await cluster.list(Lease, namespace=LEASES, fields=fields)]
    now = cluster.now()
    return [
        NodeLease(
            node=item.metadata.name,
            age_seconds=seconds_since(item.spec.renew_time, now),
            duration_seconds=item.spec.lease_duration_seconds,
            source=path_of(item),
        )
        for item in leases
        if item.metadata.name in nodes
    ]
