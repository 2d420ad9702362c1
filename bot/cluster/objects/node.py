"""Nodes and namespaces."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster import redact
from bot.cluster.objects.base import Condition, Object, Part, Resource


class Namespace(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "namespaces", namespaced=False)


class NodeSpec(Part, frozen=True, kw_only=True):
    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: tuple[str, ...] = msgspec.field(default=(), name="podCIDRs")
    unschedulable: bool = False


class NodeAddress(Part, frozen=True, kw_only=True):
    type: str = ""
    address: str = ""


class NodeInfo(Part, frozen=True, kw_only=True):
    kernel_version: str = ""
    kubelet_version: str = ""
    container_runtime_version: str = ""


class NodeCondition(Condition, frozen=True, kw_only=True):
    """With kubelet's own words, which say what of the Node is not ready."""

    message: str = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "message", redact.message(self.message))


class DaemonEndpoint(Part, frozen=True, kw_only=True):
    port: int = msgspec.field(default=0, name="Port")


class NodeDaemonEndpoints(Part, frozen=True, kw_only=True):
    kubelet_endpoint: DaemonEndpoint = DaemonEndpoint()


class NodeStatus(Part, frozen=True, kw_only=True):
    conditions: tuple[NodeCondition, ...] = ()
    addresses: tuple[NodeAddress, ...] = ()
    node_info: NodeInfo = NodeInfo()
    daemon_endpoints: NodeDaemonEndpoints = NodeDaemonEndpoints()


class Node(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "nodes", namespaced=False)

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()
