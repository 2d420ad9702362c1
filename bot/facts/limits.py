"""Facts about what keeps Pods and Services from being there, or from being used, besides the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class NamespaceQuota(Fact):
    """One resource of one ResourceQuota in the symptom's namespaces.

    Source: core/v1 ResourceQuota; Events of reason FailedCreate.
    """

    kind: ClassVar[str] = "namespace_quota"

    namespace: str
    name: str
    resource: str
    """``pods``, ``services.nodeports``, ``requests.cpu``."""
    used: str
    hard: str
    full: bool
    """Nothing is left of it."""
    refused: str
    """The workload that could lately not create a Pod because of this quota: ``ReplicaSet web-5d8f``; empty if none."""
    says: str
    """In the API server's words, at most 200 characters."""


@dataclass(frozen=True, kw_only=True)
class ReadinessGate(Fact):
    """One readiness gate of a Pod behind a Service of the symptom, or of a Pod it names.

    Source: core/v1 Pod.
    """

    kind: ClassVar[str] = "readiness_gate"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    gate: str
    """The condition's type, ``target-health.elbv2.k8s.aws/...``."""
    status: str
    """``True``, ``False``, or ``unset`` while nobody wrote it."""
    containers_ready: bool
    """All containers are; then gates alone decide whether the Pod is."""


@dataclass(frozen=True, kw_only=True)
class ServiceFamily(Fact):
    """One IP family of a Service, and the endpoints it has there.

    Source: core/v1 Service, discovery.k8s.io EndpointSlice.
    """

    kind: ClassVar[str] = "service_family"

    namespace: str
    name: str
    family: str
    """IPv4 or IPv6."""
    policy: str
    """ipFamilyPolicy: SingleStack, PreferDualStack, RequireDualStack; empty before Kubernetes 1.20."""
    ready_endpoints: int
    """Of this family."""
    other_endpoints: int
    """Ready ones of the other family."""


@dataclass(frozen=True, kw_only=True)
class NodeLease(Fact):
    """How long ago a Node's kubelet reported.

    Source: coordination.k8s.io Lease in kube-node-lease.
    """

    kind: ClassVar[str] = "node_lease"

    node: str
    age_seconds: int
    duration_seconds: int
    """After which it counts as old."""


@dataclass(frozen=True, kw_only=True)
class ObjectWarning(Fact):
    """The latest Event of type Warning, and of one reason, about a Service, Ingress or Pod of the symptom.

    Source: core/v1 Event.
    """

    kind: ClassVar[str] = "object_warning"

    object_kind: str
    namespace: str
    name: str
    reason: str
    says: str
    """At most 200 characters. A Pod's address is written ``PodIP``."""
    times: int
    seconds_ago: int


@dataclass(frozen=True, kw_only=True)
class NodeWarning(Fact):
    """The latest Event of type Warning, and of one reason, about a Node of the path; or bad news of type Normal.

    Source: core/v1 Event in namespace default.
    """

    kind: ClassVar[str] = "node_warning"

    node: str
    reason: str
    says: str
    """At most 200 characters."""
    times: int
    seconds_ago: int
