"""Where the data of a namespace with a residency policy is, or goes."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator

from bot.cluster.errors import NotFound
from bot.cluster.objects import Node, Object, PersistentVolume, PersistentVolumeClaim, Pod
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.residency import RegionUse
from bot.facts.scope import Scope
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import Pods

MOST_VOLUMES = 50
"""Looked at, of one namespace (ours): each is a read."""
REGION_LABELS = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
"""The second until Kubernetes 1.17."""


@probe(RegionUse, reads=(Node, Pod, PersistentVolume, PersistentVolumeClaim))
async def region_use(cluster: Cluster, scope: Scope) -> Iterable[RegionUse]:
    """Find the regions of the Nodes below the symptom's Pods, of their namespaces' volumes, and of the host outside."""
    if not scope.regions_allowed:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the settings hold no residency for the symptom's namespaces")
    regions = {node.metadata.name: label_of(node) for node in await cluster.list(Node)}
    facts: list[RegionUse] = []
    for namespace, allowed in scope.regions_allowed:
        pods = Pods(await cluster.list(Pod, namespace=namespace))
        facts += uses_of(namespace, allowed, pods_of(pods, namespace, scope), regions, scope)
        facts += [
            use(namespace, allowed, region, scope, place=min(claims), volumes=len(claims))
            for region, claims in sorted((await claims_by_region(cluster, namespace)).items())
        ]
        if scope.outside_host:
            facts.append(use(namespace, allowed, scope.outside_region, scope, place=scope.outside_host))
    return facts


async def claims_by_region(cluster: Cluster, namespace: str) -> dict[str, list[str]]:
    """Return the claims of a namespace that are bound to a volume, by the region of that."""
    bound = [
        claim for claim in await cluster.list(PersistentVolumeClaim, namespace=namespace) if claim.spec.volume_name
    ]
    found: dict[str, list[str]] = defaultdict(list)
    for claim in bound[:MOST_VOLUMES]:
        with contextlib.suppress(NotFound):
            volume = await cluster.get(PersistentVolume, name=claim.spec.volume_name)
            found[region_of_volume(volume)].append(claim.metadata.name)
    return found


def region_of_volume(volume: PersistentVolume) -> str:
    """Return the region of a volume: as it is labelled, or the only one it can be used from; empty if neither tells."""
    terms = volume.spec.node_affinity.required.node_selector_terms
    bound = {
        value
        for term in terms
        for expression in term.match_expressions
        if expression.key in REGION_LABELS and expression.operator == "In"
        for value in expression.values
    }
    return label_of(volume) or (bound.pop() if len(bound) == 1 else "")


def pods_of(pods: Pods, namespace: str, scope: Scope) -> list[Pod]:
    """Return the Pods of a namespace that the symptom is about; all of it if it names none."""
    named = [pod for pod in pods.named((*scope.clients, *scope.backends)) if pod.metadata.namespace == namespace]
    return named or pods.of(namespace)


def uses_of(
    namespace: str, allowed: tuple[str, ...], pods: Iterable[Pod], regions: dict[str, str], scope: Scope
) -> Iterator[RegionUse]:
    """Yield the regions in which Pods run."""
    nodes: dict[str, list[str]] = defaultdict(list)
    for pod in pods:
        if pod.spec.node_name:
            nodes[regions.get(pod.spec.node_name, "")].append(pod.spec.node_name)
    for region, names in sorted(nodes.items()):
        yield use(namespace, allowed, region, scope, place=min(names), pods=len(names))


def use(
    namespace: str, allowed: tuple[str, ...], region: str, scope: Scope, *, place: str, pods: int = 0, volumes: int = 0
) -> RegionUse:
    """Return one region a namespace uses."""
    claim = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{place} and its volume"
    return RegionUse(
        namespace=namespace,
        use="pods" if pods else "volumes" if volumes else "outside",
        region=region,
        known=bool(region),
        permitted=region in allowed,
        allowed=", ".join(allowed),
        pods=pods,
        volumes=volumes,
        place=place,
        asked=scope.asks_residency,
        source=f"/api/v1/nodes/{place}" if pods else claim if volumes else "settings: outside_targets",
    )


def label_of(item: Object) -> str:
    """Return the region that a Node or a volume is labelled with; empty if it is not."""
    return next((item.metadata.labels[key] for key in REGION_LABELS if key in item.metadata.labels), "")
