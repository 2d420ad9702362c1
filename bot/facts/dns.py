"""Facts about the cluster's DNS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class DnsService(Fact):
    """The Service that Pods ask for names, and who answers behind it.

    Source: the Service labelled k8s-app=kube-dns in kube-system, or the one named kube-dns or coredns there.
    """

    kind: ClassVar[str] = "dns_service"

    namespace: str
    name: str
    cluster_ip: str
    selector: str
    selected_pods: int
    ready_endpoints: int
    workload: str
    """The Deployment or DaemonSet that runs the DNS Pods; empty if none was found."""
    workload_type: str
    wanted_replicas: int
    ready_replicas: int
    pod_labels: str
    """Labels of the workload's Pod template, ``k8s-app=kube-dns``."""
    selects_workload: bool
    """The Service's selector matches those labels."""


@dataclass(frozen=True, kw_only=True)
class DnsPod(Fact):
    """One Pod that the DNS Service selects."""

    kind: ClassVar[str] = "dns_pod"

    namespace: str
    name: str
    service: str
    node: str
    """Empty while it is not scheduled."""
    ready: bool
