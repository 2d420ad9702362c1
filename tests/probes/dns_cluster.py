"""A cluster whose helpers were answered by the DNS as a test says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.scope import Scope, Subject
from tests.node.samples import resolved
from tests.probes.manifests import Manifest, deployment, endpoints, pod, service

LABELS = {"k8s-app": "kube-dns"}
BY_SERVICE, BY_POD = "10.96.0.10:53", "10.244.1.7:53"
COMMON = "kubernetes.default.svc.cluster.local"
NOBODY = "netmedic-asks-for-nobody.default.svc.cluster.local"
WEB = "web.shop.svc.cluster.local"
OUTSIDE = "oslo.example.net"
FROM_NODE2 = Scope(namespaces=("shop",), services=(Subject("Service", "shop", "web"),), client_nodes=("node2",))

Said = Mapping[str, Mapping[str, Any]]


def workload(*words: str) -> Manifest:
    made = deployment("kube-dns", labels=LABELS)
    made["metadata"]["namespace"] = "kube-system"
    made["spec"]["template"]["spec"] = {"containers": [{"name": "dns", "command": list(words)}]}
    return made


def answers(**changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a healthy DNS says, with what another server or name says instead: ``{"service": ..., "web": ...}``."""
    said: dict[str, dict[str, Any]] = {}
    for server, word in ((BY_SERVICE, "service"), (BY_POD, "pod")):
        names: dict[str, dict[str, Any]] = {
            COMMON: {"ip": "10.96.0.1"},
            NOBODY: {"code": "NXDOMAIN"},
            WEB: {"ip": "10.96.0.7"},
        }
        names[WEB] |= changes.get("web", {})
        names[NOBODY] |= changes.get("nobody", {})
        said |= {f"{server}/{name}": how | changes.get(word, {}) for name, how in names.items()}
    return said


def of_outside(ms: int) -> dict[str, dict[str, Any]]:
    """What is said of a host outside, and how late."""
    return {f"{server}/{OUTSIDE}": {"ip": "198.51.100.10", "ms": ms} for server in (BY_SERVICE, BY_POD)}


def cluster(
    *more: Manifest, scope_words: tuple[str, ...] = (), outside_ms: Mapping[str, int] | None = None, **said: Said
) -> MemoryCluster:
    dns = service(
        "kube-dns",
        namespace="kube-system",
        labels=LABELS,
        selector=LABELS,
        clusterIP="10.96.0.10",
        ports=[{"port": 53, "protocol": "UDP", "name": "dns"}, {"port": 53, "protocol": "TCP", "name": "dns-tcp"}],
    )
    server = pod("kube-dns-1", namespace="kube-system", labels=LABELS, node="node1")
    slices = endpoints("kube-dns", ("kube-dns-1", True), namespace="kube-system")
    web = service()
    web["metadata"]["creationTimestamp"] = "2026-01-01T11:58:00Z"
    asked = {node: [all_, of_outside((outside_ms or {}).get(node, 1))] for node, all_ in said.items()}
    helpers = {
        node: Helper(pod=f"helper-{node}", answers=dict(resolved(node, each) for each in all_))
        for node, all_ in asked.items()
    }
    return from_manifests(dns, server, slices, web, workload(*scope_words), *more, helpers=helpers)
