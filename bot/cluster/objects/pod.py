"""Pods."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster import redact
from bot.cluster.objects.base import Condition, LabelSelectorRequirement, Object, Part, Resource
from bot.cluster.objects.container import ConfigMapRef, Container


class VolumeProjection(Part, frozen=True, kw_only=True):
    config_map: ConfigMapRef = ConfigMapRef()


class Projected(Part, frozen=True, kw_only=True):
    sources: tuple[VolumeProjection, ...] = ()


class Volume(Part, frozen=True, kw_only=True):
    """Only those that hold a ConfigMap say anything."""

    config_map: ConfigMapRef = ConfigMapRef()
    projected: Projected = Projected()

    @property
    def config_maps(self) -> tuple[str, ...]:
        """Names of the ConfigMaps in it."""
        sources = (self.config_map, *(source.config_map for source in self.projected.sources))
        return tuple(source.name for source in sources if source.name)


class Sysctl(Part, frozen=True, kw_only=True):
    name: str = ""
    value: str = ""


class SecurityContext(Part, frozen=True, kw_only=True):
    sysctls: tuple[Sysctl, ...] = ()


class DnsOption(Part, frozen=True, kw_only=True):
    name: str = ""
    value: str = ""


class DnsConfig(Part, frozen=True, kw_only=True):
    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[DnsOption, ...] = ()


class HostAlias(Part, frozen=True, kw_only=True):
    ip: str = ""
    hostnames: tuple[str, ...] = ()


class NodeSelectorTerm(Part, frozen=True, kw_only=True):
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class NodeSelector(Part, frozen=True, kw_only=True):
    node_selector_terms: tuple[NodeSelectorTerm, ...] = ()


class NodeAffinity(Part, frozen=True, kw_only=True):
    required: NodeSelector | None = msgspec.field(default=None, name="requiredDuringSchedulingIgnoredDuringExecution")


class Affinity(Part, frozen=True, kw_only=True):
    node_affinity: NodeAffinity = NodeAffinity()


class Gate(Part, frozen=True, kw_only=True):
    condition_type: str = ""


class PodSpec(Part, frozen=True, kw_only=True):
    node_name: str = ""
    scheduler_name: str = "default-scheduler"
    node_selector: dict[str, str] = {}
    affinity: Affinity = Affinity()
    host_network: bool = False
    readiness_gates: tuple[Gate, ...] = ()
    dns_policy: str = "ClusterFirst"
    dns_config: DnsConfig = DnsConfig()
    host_aliases: tuple[HostAlias, ...] = ()
    hostname: str = ""
    subdomain: str = ""
    service_account_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    security_context: SecurityContext = SecurityContext()

    def __post_init__(self) -> None:
        if self.volumes:
            kept = tuple(volume for volume in self.volumes if volume.config_maps)
            msgspec.structs.force_setattr(self, "volumes", kept)


class Waiting(Part, frozen=True, kw_only=True):
    reason: str = ""


class Terminated(Part, frozen=True, kw_only=True):
    reason: str = ""
    exit_code: int = 0
    finished_at: str = ""


class Running(Part, frozen=True, kw_only=True):
    started_at: str = ""


class ContainerState(Part, frozen=True, kw_only=True):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part, frozen=True, kw_only=True):
    name: str = ""
    container_id: str = msgspec.field(default="", name="containerID")
    ready: bool = False
    started: bool = True
    """Its startupProbe has passed; also of one without."""
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodIp(Part, frozen=True, kw_only=True):
    ip: str = ""


class PodStatus(Part, frozen=True, kw_only=True):
    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIp, ...] = msgspec.field(default=(), name="podIPs")
    host_ip: str = msgspec.field(default="", name="hostIP")
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()

    def __post_init__(self) -> None:
        for name, text in (("pod_ip", self.pod_ip), ("host_ip", self.host_ip)):
            if text and not redact.address(text):
                msgspec.structs.force_setattr(self, name, "")


class Pod(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "pods")

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> bool:
        """The Pod's Ready condition."""
        return any(c.type == "Ready" and c.status == "True" for c in self.status.conditions)

    @property
    def config_maps(self) -> tuple[str, ...]:
        """Names of the ConfigMaps it uses, each once: as environment, by key, as files."""
        containers = self.spec.containers
        whole = [name for container in containers for name in container.config_maps]
        by_key = [ref.name for container in containers for ref in container.config_map_keys]
        mounted = [name for volume in self.spec.volumes for name in volume.config_maps]
        return tuple(dict.fromkeys((*whole, *by_key, *mounted)))

    @property
    def alive(self) -> bool:
        """Neither ended nor on its way out."""
        return not self.metadata.deletion_timestamp and self.status.phase not in ("Succeeded", "Failed")
