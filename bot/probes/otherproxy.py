"""Services that kube-proxy leaves to another proxy."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.objects import Service
from bot.cluster.port import Cluster
from bot.facts.scope import Scope
from bot.facts.service import OtherProxy
from bot.probes.probe import probe
from bot.probes.reading import find_services, path_of

LABEL = "service.kubernetes.io/service-proxy-name"
"""pkg/proxy/apis/well_known_labels.go: whatever its value, kube-proxy does not serve such a Service."""


@probe(OtherProxy, reads=(Service,))
async def other_proxy(cluster: Cluster, scope: Scope) -> Iterable[OtherProxy]:
    """Find the Services of the symptom that carry the label."""
    return [
        OtherProxy(
            namespace=service.metadata.namespace,
            name=service.metadata.name,
            proxy=service.metadata.labels[LABEL],
            source=path_of(service),
        )
        for service in await find_services(cluster, scope)
        if LABEL in service.metadata.labels
    ]
