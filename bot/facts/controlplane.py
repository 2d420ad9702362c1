"""Facts about the API server and etcd, and about what is late because of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class ApiServerChecks(Fact):
    """What the API server that answered checks of itself.

    Source: ``/readyz?verbose``.
    """

    kind: ClassVar[str] = "api_server_checks"

    checks: int
    failing: int
    failing_names: str
    """``etcd, informer-sync``, at most 200 characters; ``none``."""
    etcd_fails: bool


@dataclass(frozen=True, kw_only=True)
class ApiServerLatency(Fact):
    """How long the API server that answered took for requests of everybody in a window, and how long etcd took for it.

    Watches and connections that stay are not counted. Source: ``/metrics``.
    """

    kind: ClassVar[str] = "api_server_latency"

    window_ms: int
    reads: int
    read_mean_ms: int
    writes: int
    write_mean_ms: int
    etcd_reads: int
    etcd_read_mean_ms: int
    etcd_writes: int
    etcd_write_mean_ms: int
    refused: int
    """Requests that were turned away because too many came at once (429)."""


@dataclass(frozen=True, kw_only=True)
class EtcdDisk(Fact):
    """How one etcd member writes to its disk, and what it says of its cluster.

    Source: its metrics, read by the node helper of its own Node or of another.
    """

    kind: ClassVar[str] = "etcd_disk"

    address: str
    """``10.0.0.1:2381``."""
    member_kind: str
    """``Pod``, or ``OutsideHost`` for a member that is none."""
    member_namespace: str
    member: str
    """The Pod, or the address."""
    asked_from: str
    """The Node whose helper read it."""
    window_ms: int
    fsyncs: int
    """Of the log, in the window."""
    fsync_mean_ms: int
    fsync_p99_ms: int
    """The upper edge of the histogram's bucket."""
    commits: int
    commit_mean_ms: int
    """Of the database."""
    has_leader: bool
    leader_changes: int
    """In the window."""
    database_permille: int
    """Of the quota; 0 where it does not say."""


@dataclass(frozen=True, kw_only=True)
class EndpointLag(Fact):
    """Whether the EndpointSlices of a Service hold its ready Pods.

    Source: core/v1 Service and Pods, discovery.k8s.io EndpointSlice.
    """

    kind: ClassVar[str] = "endpoint_lag"

    namespace: str
    service: str
    ready_pods: int
    missing_pods: int
    """Ready ones that no EndpointSlice holds."""
    example: str
    """The one of them that is ready the longest; empty if none is missing."""
    waiting_seconds: int
    """Since that one is ready; 0 if none is missing."""
    slices: int
    changed_seconds_ago: int
    """Since the newest change of a Pod or the Service that the EndpointSlices show; 0 where they do not say."""


@dataclass(frozen=True, kw_only=True)
class LeaderLease(Fact):
    """Whether a component of the control plane that leads by a Lease still renews it.

    Source: coordination.k8s.io Leases of kube-controller-manager and kube-scheduler in kube-system.
    """

    kind: ClassVar[str] = "leader_lease"

    component: str
    holder: str
    """As written: its host and a random part."""
    silent_seconds: int
    """Since it was renewed."""
    duration_seconds: int
    """After so long another may take over."""
    expired: bool


@dataclass(frozen=True, kw_only=True)
class KubeletPort(Fact):
    """Whether commands can be run in Pods of a Node, for which the API server connects to its kubelet.

    Where they cannot, another Node connects to that port. Source: exec into the Node's helper, core/v1 Node.
    """

    kind: ClassVar[str] = "kubelet_port"

    node: str
    port: int
    ready: bool
    """The Node is Ready: its kubelet reports to the API server."""
    commands_run: bool
    says: str
    """Why they do not; empty if they do."""
    other_node: str
    """Which connected to the port; empty if none did."""
    result: str
    """What it got: ``open``, ``refused``, ``silent``, ``unreachable``, ...; ``untried``."""
