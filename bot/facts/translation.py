"""Facts about Service addresses as a Node sees them, and about what stands behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class ServiceConnect(Fact):
    """TCP connects from one Node to a Service's cluster address, compared with connects to what is behind it.

    Source: the node helper on ``node``; EndpointSlices.
    """

    kind: ClassVar[str] = "service_connect"

    namespace: str
    name: str
    port: int
    address: str
    node: str
    tried: int
    opened: int
    result: str
    """``open`` (all were), ``some``, ``closed`` (none was, in several ways), ``refused``, ``silent`` or
    ``unreachable``."""
    ready_endpoints: int
    endpoints_tried: int
    endpoints_open: int
    """Endpoints whose own address accepted every connect from the same Node."""
    endpoints_result: str
    """``open`` where all that were tried are, ``some``, ``closed`` where none is, ``untried``."""
    elsewhere: str
    """What the cluster address gave other Nodes: ``open`` where all connects of one were, ``closed``, ``untried``."""


@dataclass(frozen=True, kw_only=True)
class EndpointConnect(Fact):
    """TCP connects to one ready endpoint of a Service, from several Nodes.

    Source: EndpointSlices; node helpers.
    """

    kind: ClassVar[str] = "endpoint_connect"

    namespace: str
    service: str
    endpoint_slice: str
    address: str
    port: int
    is_pod: bool
    """The EndpointSlice says that a Pod has the address."""
    nobodys: bool
    """It says so of none, the address is in a Node's Pod range, and no Pod has it."""
    nodes_tried: int
    nodes_open: int
    """Nodes from which at least one connect was accepted."""
    result: str
    """``open`` (from one Node at least), ``refused``, ``silent``, ``unreachable`` or ``closed`` (in several ways)."""
    others_open: int
    """Other endpoints of the same port that accepted connects."""
    endpoints: int
    """Ready endpoints of the port."""


@dataclass(frozen=True, kw_only=True)
class KubeProxySettings(Fact):
    """What kube-proxy is told about the cluster's Pods, and on which addresses it is to open nodePorts.

    Source: kube-proxy's ConfigMap, Nodes.
    """

    kind: ClassVar[str] = "kube_proxy_settings"

    namespace: str
    config_map: str
    mode: str
    cluster_cidr: str
    """As written; empty where it is not set."""
    local_by: str
    """How kube-proxy tells the cluster's own traffic: ``ClusterCIDR`` unless detectLocalMode says otherwise."""
    pod_cidrs: str
    """What the Nodes' Pod ranges are, at most three."""
    covers_pods: bool
    """Every Node's Pod range lies in clusterCIDR; also true where either is not known."""
    node_port_addresses: str
    """nodePortAddresses as written, at most 200 characters: ``127.0.0.0/8``; empty: every address of a Node."""
    without_node_ports: str
    """Nodes that are asked (of the path, where none is named) with no address in them, at most three; empty: none."""
    min_sync_seconds: int
    """minSyncPeriod of that mode: how long kube-proxy waits at least between two writes of its rules; 0 if not set."""


@dataclass(frozen=True, kw_only=True)
class BackendReplacement(Fact):
    """A Pod that a client reached by UDP through a Service, and that is gone while the client stayed.

    Source: Events about Pods of the Service's workload; the Pods' start.
    """

    kind: ClassVar[str] = "backend_replacement"

    service_namespace: str
    service: str
    port: int
    client_namespace: str
    client: str
    """A Pod that started before the replacement."""
    client_node: str
    old_pod: str
    seconds_ago: int
    dead_addresses: str
    """Addresses in the Pods' range that no Pod has and that Nodes' neighbour tables hold; empty if there are none."""
    seeking_node: str
    """The Node that holds them."""
    sought: bool
    """The Node asks for them right now, so somebody still sends there."""
