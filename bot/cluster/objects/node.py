"""Nodes and namespaces."""

from __future__ import annotations

from typing import ClassVar

import msgspec

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


class NodeStatus(Part, frozen=True, kw_only=True):
    conditions: tuple[Condition, ...] = ()
    addresses: tuple[NodeAddress, ...] = ()
    node_info: NodeInfo = NodeInfo()


class Node(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "nodes", namespaced=False)

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()
