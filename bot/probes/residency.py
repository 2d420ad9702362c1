"""Where the data of a namespace with a residency policy is, or goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from bot.cluster.objects import Node, Pod
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.residency import RegionUse
from bot.facts.scope import Scope
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import Pods

REGION_LABELS = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
"""The second until Kubernetes 1.17."""


@probe(RegionUse, reads=(Node, Pod))
async def region_use(cluster: Cluster, scope: Scope) -> Iterable[RegionUse]:
    """Find the regions of the Nodes below the symptom's Pods, and of the host outside."""
    if not scope.regions_allowed:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the settings hold no residency for the symptom's namespaces")
    regions = {node.metadata.name: region_of(node) for node in await cluster.list(Node)}
    facts: list[RegionUse] = []
    for namespace, allowed in scope.regions_allowed:
        pods = Pods(await cluster.list(Pod, namespace=namespace))
        facts += uses_of(namespace, allowed, pods_of(pods, namespace, scope), regions, scope)
        if scope.outside_host:
            facts.append(use(namespace, allowed, scope.outside_region, scope, place=scope.outside_host, pods=0))
    return facts


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


def use(namespace: str, allowed: tuple[str, ...], region: str, scope: Scope, *, place: str, pods: int) -> RegionUse:
    """Return one region a namespace uses."""
    return RegionUse(
        namespace=namespace,
        use="pods" if pods else "outside",
        region=region,
        known=bool(region),
        permitted=region in allowed,
        allowed=", ".join(allowed),
        pods=pods,
        place=place,
        asked=scope.asks_residency,
        source=f"/api/v1/nodes/{place}" if pods else "settings: outside_targets",
    )


def region_of(node: Node) -> str:
    """Return the region of a Node; empty if it is not labelled."""
    return next((node.metadata.labels[key] for key in REGION_LABELS if key in node.metadata.labels), "")
