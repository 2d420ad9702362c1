"""Reads that stay small in a large cluster: what lies on the path, and not everything of its kind.

Every Node has Pods of DaemonSets in the system namespace, so that a list of these is as long as the cluster is large.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.cluster.errors import NotFound
from bot.cluster.objects import Node, Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import to_text
from bot.facts.scope import Scope
from bot.probes.reading import SYSTEM_NAMESPACE, Pods

ONE_BY_ONE = 30
"""Nodes that are read by name; from more on, a list costs the API server less (ours)."""
FEW_NODES = 500
"""One page (ours)."""
CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
"""Labels of kubeadm; the second one up to Kubernetes 1.23."""


async def nodes_on_path(cluster: Cluster, scope: Scope) -> list[Node]:
    """Return the Nodes of the path; all where the symptom gives none."""
    wanted = scope.nodes
    if not wanted or len(wanted) > ONE_BY_ONE:
        return [node for node in await cluster.list(Node) if not wanted or node.metadata.name in wanted]

    async def one(name: str) -> list[Node]:
        try:
            return [await cluster.get(Node, name=name)]
        except NotFound:
            return []

    return [node for found in await asyncio.gather(*map(one, sorted(wanted))) for node in found]


async def nodes_to_compare(cluster: Cluster, scope: Scope) -> list[Node]:
    """Return all Nodes of a small cluster, to find what two of them share; of a large one those of the path."""
    if scope.cluster_wide or await cluster.count(Node) <= FEW_NODES:
        return await cluster.list(Node)
    return await nodes_on_path(cluster, scope)


async def control_plane(cluster: Cluster) -> list[Node]:
    """Return the Nodes that say they are of the control plane; all of a small cluster in which none says so."""
    found = await asyncio.gather(*(cluster.list(Node, labels=label) for label in CONTROL_PLANE))
    said = {node.metadata.name: node for nodes in found for node in nodes}
    if said or await cluster.count(Node) > FEW_NODES:
        return list(said.values())
    return await cluster.list(Node)


async def pods_on_path(cluster: Cluster, scope: Scope, namespace: str) -> list[Pod]:
    """Return the Pods of a namespace on the Nodes of the path; all where the symptom gives no Node."""
    if not scope.nodes or len(scope.nodes) > ONE_BY_ONE:
        return [
            p
            for p in await cluster.list(Pod, namespace=namespace)
            if not scope.nodes or p.spec.node_name in scope.nodes
        ]
    reads = (cluster.list(Pod, namespace=namespace, fields=f"spec.nodeName={node}") for node in sorted(scope.nodes))
    return [pod for pods in await asyncio.gather(*reads) for pod in pods]


async def pods_behind(cluster: Cluster, services: Iterable[Service], namespace: str = SYSTEM_NAMESPACE) -> Pods:
    """Return the living Pods that Services of a namespace select."""
    selectors = sorted({to_text(service.spec.selector) for service in services if service.spec.selector})
    reads = (cluster.list(Pod, namespace=namespace, labels=selector) for selector in selectors)
    found = {pod.metadata.name: pod for pods in await asyncio.gather(*reads) for pod in pods}
    return Pods(found.values())
