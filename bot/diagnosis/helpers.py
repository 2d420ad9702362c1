"""Which node helpers a diagnosis has: those that are installed, or its own for as long as it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from bot.cluster.errors import ClusterError
from bot.cluster.helper_pods import HelperPods
from bot.cluster.objects import Node, Pod
from bot.cluster.port import Cluster
from bot.facts.scope import Scope
from bot.node.visit import NODES_VISITED, HelperSpec, reap, visit
from bot.probes.reading import DNS_LABEL, SYSTEM_NAMESPACE

NODES_COMPARED = 2
"""Nodes that are visited where the symptom gives fewer (ours): one tells little without another."""

Helpers: TypeAlias = Callable[[Cluster, Scope], AbstractAsyncContextManager[tuple[str, ...]]]
"""Gives helpers for a while, with notes for the reader."""


@asynccontextmanager
async def installed(cluster: Cluster, scope: Scope) -> AsyncIterator[tuple[str, ...]]:  # noqa: ARG001 - as any Helpers
    """Have the helpers that are there."""
    yield ()


@dataclass(frozen=True, kw_only=True)
class OnDemand:
    """Helper Pods on the Nodes that a symptom is about, while it is diagnosed."""

    spec: HelperSpec
    pods_in: Callable[[Cluster], HelperPods | None]
    """None for a cluster in which nothing can be started: a recording."""

    def __call__(self, cluster: Cluster, scope: Scope) -> AbstractAsyncContextManager[tuple[str, ...]]:
        """Have them."""
        return self._visit(cluster, scope)

    @asynccontextmanager
    async def _visit(self, cluster: Cluster, scope: Scope) -> AsyncIterator[tuple[str, ...]]:
        pods = self.pods_in(cluster)
        if pods is None:
            yield ()
            return
        await reap(pods)
        async with visit(pods, cluster, await nodes_to_visit(cluster, scope), self.spec) as notes:
            yield notes


async def nodes_to_visit(cluster: Cluster, scope: Scope) -> list[str]:
    """Return the Nodes of the path, and with fewer than two of those, the DNS servers' or any."""
    found = list(scope.nodes[:NODES_VISITED])
    try:
        if len(found) < NODES_COMPARED:
            dns = await cluster.list(Pod, namespace=SYSTEM_NAMESPACE, labels="=".join(DNS_LABEL))
            found += [pod.spec.node_name for pod in dns if pod.spec.node_name and pod.alive]
        if scope.cluster_wide or len(set(found)) < NODES_COMPARED:
            found += [node.metadata.name for node in await cluster.list(Node)]
    except ClusterError:
        pass
    wanted = NODES_VISITED if scope.cluster_wide else max(NODES_COMPARED, len(scope.nodes))
    return list(dict.fromkeys(found))[:wanted]
