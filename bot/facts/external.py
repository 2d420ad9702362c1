"""Facts about the ways into the cluster, and about traffic that is kept to one Node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class LocalTraffic(Fact):
    """One Node on which a Service with a traffic policy Local is asked for, and the endpoints it has there.

    A Node without one drops such traffic (KEP-2086; kube-proxy, "no local endpoints").
    Source: core/v1 Service, discovery.k8s.io EndpointSlice.
    """

    kind: ClassVar[str] = "local_traffic"

    namespace: str
    service: str
    type: str
    """ClusterIP, NodePort or LoadBalancer."""
    way: str
    """``external`` (nodePort, load balancer; externalTrafficPolicy) or ``internal`` (internalTrafficPolicy)."""
    node: str
    asked: bool
    """The symptom names the Node and the nodePort, or clients that run there; else it is the first Node without any."""
    port_named: bool
    """The symptom names the nodePort."""
    node_port: int
    """The nodePort; of several the one that is named, else the first; 0 if internal."""
    local_endpoints: int
    """Ready ones on the Node."""
    endpoints: int
    """Ready ones in all."""
    nodes_with_endpoints: str
    """``node1, node3``, at most 200 characters; ``none``."""


@dataclass(frozen=True, kw_only=True)
class ServiceEntry(Fact):
    """How a Service is reached from outside. Made too for one that publishes Pods that are not ready.

    Source: core/v1 Service and Pods.
    """

    kind: ClassVar[str] = "service_entry"

    namespace: str
    name: str
    type: str
    node_ports: str
    """``30080, 30443``; empty if it has none."""
    port_named: int
    """The port of the symptom; 0 if it names none."""
    port_known: bool
    """It is one of the Service's ports or nodePorts; true if none is named."""
    external_policy: str
    """externalTrafficPolicy: Cluster or Local; empty for a ClusterIP Service."""
    has_address: bool
    """A load balancer's address is in its status."""
    source_ranges: str
    """loadBalancerSourceRanges, whom the load balancer lets in; empty: everybody."""
    session_affinity: str
    publishes_not_ready: bool
    """publishNotReadyAddresses: names and connections also lead to Pods that are not ready."""
    not_ready_pods: int
    """Pods it selects that are not ready."""
    client_named: bool
    """The symptom names who connects, from inside the cluster."""


@dataclass(frozen=True, kw_only=True)
class PodHostPort(Fact):
    """One hostPort of a Pod that the symptom reaches for, on the Node it is open on.

    Source: core/v1 Pod.
    """

    kind: ClassVar[str] = "pod_host_port"

    namespace: str
    pod: str
    node: str
    """Empty while it is not scheduled."""
    host_port: int
    container_port: int
    protocol: str
    host_ip: str
    """The one address it is bound to; empty: all of the Node."""
    ready: bool
    named_node: str
    """The Node that the symptom asks, where it names exactly one, with this port; else empty."""
    on_named_node: bool
    """A Pod of the same owner has this hostPort there; true if no Node is named."""
    loopback: bool
    """Bound to 127.0.0.0/8 or ::1: nobody beside the Node's own processes gets there."""


@dataclass(frozen=True, kw_only=True)
class HostPortConnect(Fact):
    """TCP connects from one Node to a hostPort on another, compared with connects to the Pod itself.

    Source: the node helper on ``from_node``. Made only while the Pod is ready.
    """

    kind: ClassVar[str] = "host_port_connect"

    namespace: str
    pod: str
    node: str
    """Where the Pod runs and the hostPort should be open."""
    host_port: int
    container_port: int
    from_node: str
    other_node: bool
    """``from_node`` is another one than ``node``."""
    result: str
    """At the Node's address: ``open``, ``refused``, ``silent``, ``unreachable``, ``some`` or ``closed`` where they
    differ, ``untried``."""
    pod_result: str
    """The same at the Pod's own address."""
    leads_to: str
    """Where the rules of ``node`` send the hostPort: ``pod``, ``elsewhere``, ``nowhere`` (none does), or ``unknown``
    where they were not read: a helper of tier 1, or nothing wrong."""
    sent_to: str
    """The addresses that those rules name; empty if none is known."""


@dataclass(frozen=True, kw_only=True)
class NodePortConnect(Fact):
    """TCP connects to a nodePort on one Node, compared with the same nodePort on other Nodes.

    Source: node helpers, that of ``from_node`` for ``node``; core/v1 Service, discovery.k8s.io EndpointSlice.
    """

    kind: ClassVar[str] = "node_port_connect"

    namespace: str
    service: str
    type: str
    """NodePort or LoadBalancer."""
    node_port: int
    node: str
    address: str
    from_node: str
    other_node: bool
    """``from_node`` is another one than ``node``."""
    should_answer: bool
    """externalTrafficPolicy is Cluster, or the Node has a ready endpoint of its own."""
    result: str
    """``open``, ``refused``, ``silent``, ``unreachable``, ``some`` or ``closed`` where they differ, ``untried``."""
    node_result: str
    """At the same address, what other ports gave: ``answers`` (kubelet's, or one that refuses) or ``silent``."""
    elsewhere: str
    """At other Nodes that should answer: ``open`` where one accepted every connect, ``closed``, ``untried``."""
    open_on: str
    """One Node that accepted every connect; empty if none did."""
