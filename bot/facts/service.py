"""Facts about Services and what stands behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class ServiceBackends(Fact):
    """How many Pods stand behind one Service.

    Source: core/v1 Service and Pods, discovery.k8s.io EndpointSlice.
    """

    kind: ClassVar[str] = "service_backends"

    namespace: str
    name: str
    type: str
    """ClusterIP, NodePort, LoadBalancer or ExternalName."""
    has_selector: bool
    selector: str
    """``app=web,version=v2``; empty without a selector."""
    selected_pods: int
    """Pods whose labels match the selector, ready or not; Pods that ended or are on their way out do not count."""
    ready_pods: int
    """Those of them that are Ready."""
    ready_endpoints: int
    """EndpointSlice endpoints with condition ready."""
    not_ready_endpoints: int


@dataclass(frozen=True, kw_only=True)
class ServiceSelectorMisfit(Fact):
    """The Pods a Service would select if part of its selector were different.

    Made for a Service whose selector matches nothing while one or more Pods carry some of its labels, or belong to the
    workload of the Service's own name.
    """

    kind: ClassVar[str] = "service_selector_misfit"

    namespace: str
    name: str
    selector: str
    unmatched: str
    """The part of the selector that those Pods do not all carry: ``version=v2``."""
    carried: str
    """What they carry under the same keys: ``version=v1``; ``version (not set)`` where the key is missing."""
    near_pods: int
    near_workload: str
    """Name of the workload of those Pods; empty if they have none or several."""
    near_unserved: bool
    """No other Service selects any of those Pods, so that this one is most likely meant for them."""


@dataclass(frozen=True, kw_only=True)
class ServicePort(Fact):
    """One port of one Service, and where it leads inside the selected Pods.

    ``declared`` speaks of ``containerPort`` entries, which are documentation: a container may listen without declaring.
    """

    kind: ClassVar[str] = "service_port"

    namespace: str
    name: str
    port: int
    port_name: str
    protocol: str
    target_port: str
    """As written: a number or a name."""
    target_is_name: bool
    resolved_port: int
    """The number in the Pods; 0 when a name is declared by no container."""
    declared: bool
    """Some container of the selected Pods declares the resolved number."""
    declared_as: str
    """The other protocol under which alone containers declare that number, while the Service sends none of it there."""
    declared_ports: str
    """All container ports of the selected Pods with this protocol, ``8080 (http), 9090``; ``none`` if there is none."""
    target_called: str
    """What the containers call the resolved port; empty if it has no name, or several."""
    port_of_name: int
    """The one container port that is called as the Service's port is; 0 if there is none, or several."""
    only_declared_port: int
    """The one container port of this protocol, where there is exactly one; else 0."""
    listening_port: int
    """The one port, of those declared, that a TCP connect found open, where there is exactly one; else 0."""
    target_answers: str
    """What TCP connects to the resolved port gave: ``open``, ``refused``, ``silent`` or ``unreachable`` where all Pods
    tried gave the same, ``mixed`` where some were open, ``closed`` where none was, ``untried`` where none was made."""
    selected_pods: int


@dataclass(frozen=True, kw_only=True)
class BackendConnect(Fact):
    """TCP connects from a Node to a Service's resolved port at one selected Pod.

    Source: the node helper on ``node``. Made only while the Pod runs.
    """

    kind: ClassVar[str] = "backend_connect"

    namespace: str
    service: str
    pod: str
    pod_ip: str
    port: int
    node: str
    """The Node the connect was made from."""
    same_node: bool
    result: str
    """``open``, ``refused``, ``silent`` (no answer in time) or ``unreachable`` (an ICMP error)."""
    connect_us: int
    """Microseconds to the answer; 0 when silent."""


@dataclass(frozen=True, kw_only=True)
class Workload(Fact):
    """A Deployment, StatefulSet or DaemonSet that should provide a Service's Pods."""

    kind: ClassVar[str] = "workload"

    namespace: str
    name: str
    type: str
    """Deployment, StatefulSet or DaemonSet."""
    service: str
    """The Service whose selector its Pod template matches."""
    wanted_replicas: int
    ready_replicas: int
    create_failure: str
    """Why its controller lately could not create a Pod, from Events, at most 200 characters; empty if it could, or
    nothing is missing."""
    starting_pods: int
    """Its Pods that were made less than a minute ago, have a Node, and whose containers are only being created."""
    ready_without_pods: int
    """Pods that its status counts as ready beyond those that there are: its controller is behind."""
    name_taken_by: str
    """A Pod that has the name of one of a StatefulSet's Pods and is not its own, as one that was released when its
    labels changed; empty if there is none."""
    readiness_probe: str
    """That of its Pod template, in words: ``HTTP GET :8080/healthz``, with a startupProbe and readinessGates where it
    has them; ``none`` if it has none."""
    leaving_readiness_probe: str
    """The same of its Pods that are on their way out; empty if there are none."""
    readiness_probe_changes: bool
    """Pods are on their way out, and what they had to pass is not that of the template."""


@dataclass(frozen=True, kw_only=True)
class ServiceUse(Fact):
    """Who is configured to call one Service. Looked at where a symptom names nothing, so that nobody says who calls.

    Source: addresses in the environment and the arguments of Pods, Ingresses, the Service itself.
    """

    kind: ClassVar[str] = "service_use"

    namespace: str
    service: str
    callers: int
    """Workloads, those behind it left out."""
    example: str
    """One of them: ``Deployment shop/till``; empty if there is none."""
    from_outside: bool
    """An Ingress, a nodePort or a load balancer leads to it."""
    unread: bool
    """Pods of its namespace take settings from ConfigMaps or Secrets, which may name it."""
    idle: bool
    """Surely nobody is configured to call it."""


@dataclass(frozen=True, kw_only=True)
class OtherProxy(Fact):
    """A Service that kube-proxy leaves to another proxy.

    Source: core/v1 Service, label ``service.kubernetes.io/service-proxy-name`` (KEP-2447). Made for those with it.
    """

    kind: ClassVar[str] = "other_proxy"

    namespace: str
    name: str
    proxy: str
    """The label's value."""
