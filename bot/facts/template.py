"""Facts about Pod templates that cannot work as they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class ContainerPortConflict(Fact):
    """One port that two containers of a Pod template declare. They share one network namespace: one can bind it.

    Source: apps/v1 Deployment, StatefulSet or DaemonSet.
    """

    kind: ClassVar[str] = "container_port_conflict"

    namespace: str
    workload: str
    workload_type: str
    port: int
    protocol: str
    containers: str
    """``web and proxy``."""
    ready_replicas: int


@dataclass(frozen=True, kw_only=True)
class HostPortRequest(Fact):
    """One port of the Nodes that a Pod template asks for, and who else has it.

    Source: the workload, Events of the scheduler about its Pods, and other Pods in its namespace.
    """

    kind: ClassVar[str] = "host_port_request"

    namespace: str
    workload: str
    workload_type: str
    port: int
    protocol: str
    ready_replicas: int
    unscheduled_pods: int
    """Its Pods without a Node."""
    scheduler_says: str
    """The scheduler's words about ports that are not free, at most 200 characters; empty if it said nothing of them."""
    holder: str
    """Another workload of the namespace whose running Pods have the port: ``DaemonSet agent``; ``unknown`` if none
    was found there."""
