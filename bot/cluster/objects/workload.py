"""Deployments, StatefulSets and DaemonSets."""

from __future__ import annotations

from typing import ClassVar

from bot.cluster.objects.base import Condition, LabelSelector, Object, Part, Resource
from bot.cluster.objects.pod import PodSpec


class TemplateMeta(Part, frozen=True, kw_only=True):
    labels: dict[str, str] = {}


class PodTemplate(Part, frozen=True, kw_only=True):
    metadata: TemplateMeta = TemplateMeta()
    spec: PodSpec = PodSpec()


class RollingUpdate(Part, frozen=True, kw_only=True):
    max_unavailable: int | str = "25%"
    max_surge: int | str = "25%"


class Strategy(Part, frozen=True, kw_only=True):
    type: str = "RollingUpdate"
    rolling_update: RollingUpdate = RollingUpdate()


class WorkloadSpec(Part, frozen=True, kw_only=True):
    # apps/v1: a Deployment without replicas has one.
    replicas: int = 1
    selector: LabelSelector = LabelSelector()
    template: PodTemplate = PodTemplate()
    strategy: Strategy = Strategy()
    """Of a Deployment."""
    paused: bool = False
    """Of a Deployment: changes of its template are not rolled out."""
    service_name: str = ""
    """Of a StatefulSet: the Service under which its Pods have names."""


class WorkloadStatus(Part, frozen=True, kw_only=True):
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("apps", ("v1",), "deployments")

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class StatefulSet(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("apps", ("v1",), "statefulsets")

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class DaemonSetStatus(Part, frozen=True, kw_only=True):
    desired_number_scheduled: int = 0
    number_ready: int = 0


class DaemonSet(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("apps", ("v1",), "daemonsets")

    spec: WorkloadSpec = WorkloadSpec()
    status: DaemonSetStatus = DaemonSetStatus()
