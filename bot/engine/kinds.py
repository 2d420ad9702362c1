"""Kinds of object a rule can blame, and whether they live in a namespace."""

from __future__ import annotations

import difflib
import re

NAMESPACED = frozenset(
    (
        "CiliumNetworkPolicy",
        "ConfigMap",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "EndpointSlice",
        "Endpoints",
        "Gateway",
        "HTTPRoute",
        "Ingress",
        "Job",
        "Lease",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "Pod",
        "ReplicaSet",
        "Secret",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    )
)
CLUSTER_SCOPED = frozenset(
    (
        "APIService",
        "CiliumNode",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "FelixConfiguration",
        "GatewayClass",
        "GlobalNetworkPolicy",
        "IPPool",
        "IngressClass",
        "Installation",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "OutsideHost",
        "PersistentVolume",
        "StorageClass",
        "ValidatingWebhookConfiguration",
    )
)
"""``OutsideHost`` is ours: a place outside the cluster, named by host name or address."""

KIND = re.compile(r"[A-Z][A-Za-z0-9]*")
NEAR = 0.85
"""So alike, a kind that is not listed is a misspelling (ours): Servcie 0.86, ServiceEntry 0.74."""


def is_kind(kind: str) -> bool:
    """Return whether a text is written like a kind."""
    return bool(KIND.fullmatch(kind))


def meant(kind: str) -> str:
    """Return the listed kind that an unlisted one is probably a misspelling of; empty for a kind of one's own."""
    if kind in NAMESPACED | CLUSTER_SCOPED:
        return ""
    near = difflib.get_close_matches(kind, NAMESPACED | CLUSTER_SCOPED, n=1, cutoff=NEAR)
    return near[0] if near else ""
