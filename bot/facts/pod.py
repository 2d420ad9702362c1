"""Facts about Pods and why they are not ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class PodState(Fact):
    """One Pod that a symptom's Services select, or that the symptom names.

    Source: core/v1 Pod.
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
    """That of the first container that is not ready, in words: ``HTTPS GET :8080/healthz``; its startupProbe, as
    ``startupProbe TCP connect :80``, while that has not passed; empty if none."""


@dataclass(frozen=True, kw_only=True)
class ReadinessFailure(Fact):
    """What kubelet last said about the readinessProbe of a Pod that is not ready.

    Source: Events with reason Unhealthy; they are kept for an hour.
    """

    kind: ClassVar[str] = "readiness_failure"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    said: str
    """At most 200 characters. The Pod's address is written ``PodIP``, so that replicas say the same."""


@dataclass(frozen=True, kw_only=True)
class PodStart(Fact):
    """What the scheduler or kubelet last said about a Pod that has not started, or started late and is not ready yet.

    Source: Events with the type Warning of a Pod.
    """

    kind: ClassVar[str] = "pod_start"

    namespace: str
    name: str
    node: str
    """Empty while it is not scheduled."""
    workload: str
    workload_type: str
    trouble: str
    """``addresses-used-up``, ``network-plugin``, ``sandbox``, ``volume``, ``scheduling`` or ``other``."""
    said: str
    """At most 200 characters."""
    started: bool
    """It runs by now. Said of it is only what kept it in the last minutes."""


@dataclass(frozen=True, kw_only=True)
class PodPlacement(Fact):
    """The Nodes that a Pod without one may go to, by its nodeSelector and its required nodeAffinity.

    Source: the Pod, labels and conditions of the Nodes.
    """

    kind: ClassVar[str] = "pod_placement"

    namespace: str
    name: str
    workload: str
    workload_type: str
    unseen_seconds: int
    """Since it was made, if no scheduler has said anything of it yet (condition PodScheduled); else 0."""
    scheduler: str
    """Which it asks for (schedulerName)."""
    selects_nodes: bool
    """It has a nodeSelector or a required nodeAffinity."""
    fitting_nodes: int
    ready_nodes: int
    """Those of them that are Ready."""
    open_nodes: int
    """Those that are Ready and not cordoned."""
    node: str
    """The first of the fitting ones that is not Ready, else the first that is cordoned; empty if there is none."""
    node_reason: str
    node_says: str


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


@dataclass(frozen=True, kw_only=True)
class ContainerLimit(Fact):
    """The CPU limit of a container at the end that is reached for. Containers without one have none.

    Source: resources.limits of a Pod.
    """

    kind: ClassVar[str] = "container_limit"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    container: str
    cpu_milli: int
    """Thousandths of a CPU."""


@dataclass(frozen=True, kw_only=True)
class DaemonSetGap(Fact):
    """A Node from which Pods call a DaemonSet that has no Pod there.

    Source: apps/v1 DaemonSet, its Pods, the Nodes' labels. Made where the symptom reaches for a DaemonSet.
    """

    kind: ClassVar[str] = "daemon_set_gap"

    namespace: str
    name: str
    node: str
    client: str
    """A Pod there that calls: ``shop/till-1``."""
    host_port: int
    """Where its Pods are reached at their own Nodes; 0 if they are not."""
    fits: bool
    """The Node has the labels that its nodeSelector and its nodeAffinity ask for."""
    selector: str
    """Its nodeSelector: ``disk=ssd``; empty if it has none."""
    elsewhere: int
    """Its ready Pods on other Nodes."""


@dataclass(frozen=True, kw_only=True)
class HeldPod(Fact):
    """A Pod that was deleted and stays, because somebody has not given it up (metadata.finalizers).

    Source: core/v1 Pod, of the workloads that the symptom's Services select.
    """

    kind: ClassVar[str] = "held_pod"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    finalizers: str
    """``backup.example.com/guard``, at most 200 characters."""
    overdue_seconds: int
    """Since it should have been gone: its deletionTimestamp, which has the grace period in it."""
