"""Facts about Pods and why they are not ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class PodState(Fact):
    """One Pod that a symptom's Services select, or that the symptom names.

    Source: core/v1 Pod; ``readiness_failure`` from Events.
    """

    kind: ClassVar[str] = "pod_state"

    namespace: str
    name: str
    node: str
    """Empty while it is not scheduled."""
    ip: str
    service: str
    """The Service that selects it; empty if it is not a backend. A Pod behind two Services makes two facts."""
    workload: str
    """Name of the Deployment, StatefulSet, DaemonSet or the like that owns it; the Pod's own name if none does."""
    workload_type: str
    """Its kind; ``Pod`` if nothing owns it."""
    phase: str
    ready: bool
    waiting_reason: str
    """Why a container waits, such as CrashLoopBackOff or ImagePullBackOff; empty if none does."""
    restarts: int
    last_exit_reason: str
    """Why the last container that ended did so, such as OOMKilled or Error; empty if none ended."""
    last_exit_code: int
    last_exit_seconds_ago: int
    """Since that end; 0 if none ended."""
    all_containers_running: bool
    readiness_probe: str
    """That of the first container that is not ready, in words: ``HTTPS GET :8080/healthz``; empty if none."""
    readiness_failure: str
    """What kubelet last said about it, at most 200 characters; empty if it said nothing.

    The Pod's address is written ``PodIP``, so that replicas say the same."""


@dataclass(frozen=True, kw_only=True)
class PodPortRange(Fact):
    """The local ports a Pod may connect from, where its own settings say.

    Source: spec.securityContext.sysctls, net.ipv4.ip_local_port_range.
    """

    kind: ClassVar[str] = "pod_port_range"

    namespace: str
    name: str
    node: str
    workload: str
    workload_type: str
    first: int
    last: int
    ports: int
