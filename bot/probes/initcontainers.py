"""Init containers that Pods have not got beyond, and what these are configured to call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.cluster.addresses import HERE
from bot.cluster.objects import (
    ConfigMap,
    Container,
    ContainerStatus,
    DaemonSet,
    Deployment,
    Namespace,
    Pod,
    Service,
    StatefulSet,
)
from bot.cluster.port import Cluster
from bot.facts.initcontainer import InitAddress, InitContainer
from bot.facts.scope import Scope, Subject
from bot.probes.configuration import Setting, settings_of
from bot.probes.pod import concerned
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import owner_of, path_of
from bot.probes.survey import Surveyed
from bot.probes.times import seconds_since

HOSTS_SHOWN = 5
"""Of one init container (ours)."""
SIDECAR = "Always"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A Pod at one of its init containers."""

    pod: Pod
    service: str
    container: Container
    status: ContainerStatus

    @property
    def alone(self) -> Pod:
        """The Pod as if this were its only container, so that its configuration can be read."""
        spec = msgspec.structs.replace(self.pod.spec, containers=(self.container,), volumes=())
        return msgspec.structs.replace(self.pod, spec=spec)


@probe(InitContainer, reads=(Service, Pod, ConfigMap))
async def init_container(cluster: Cluster, scope: Scope) -> Iterable[InitContainer]:
    """Tell which init container each Pod at the ends of the symptom is at."""
    found = []
    for held in await held_in(cluster, scope):
        settings, _ = await settings_of(cluster, owner_of(held.pod), [held.alone])
        found.append(fact_of(held, [item for item in settings if item.host != HERE], cluster.now()))
    return found


@probe(InitAddress, reads=(Service, Pod, ConfigMap, Namespace, Deployment, StatefulSet, DaemonSet))
async def init_address(cluster: Cluster, scope: Scope) -> Iterable[InitAddress | Unreadable]:
    """Compare the addresses that these init containers are configured with with the Services there are."""
    by_container: dict[tuple[Subject, str], Pod] = {}
    for held in await held_in(cluster, scope):
        by_container.setdefault((owner_of(held.pod), held.container.name), held.alone)
    found: list[InitAddress | Unreadable] = []
    for (owner, container), pod in by_container.items():
        settings, problem = await settings_of(cluster, owner, [pod])
        place = await Surveyed.of(cluster, settings)
        found += [address_of(setting, container, place) for setting in settings if setting.host != HERE]
        if problem:
            found.append(Unreadable(of=InitAddress, subject=f"{owner.namespace}/{owner.name}", error=problem))
    return found


async def held_in(cluster: Cluster, scope: Scope) -> list[Held]:
    """Return the Pods at the ends of the symptom that are at an init container."""
    return [
        Held(pod=pod, service=service, container=container, status=status)
        for pod, service in await concerned(cluster, scope)
        if pod.status.phase == "Pending"
        for container, status in current(pod)
    ]


def current(pod: Pod) -> list[tuple[Container, ContainerStatus]]:
    """Return the init container that a Pod is at; nothing if that has never started, or all have ended well."""
    statuses = {status.name: status for status in pod.status.init_container_statuses}
    for container in pod.spec.init_containers:
        status = statuses.get(container.name, ContainerStatus())
        ended = status.state.terminated
        if container.restart_policy == SIDECAR or (ended and not ended.exit_code):
            continue
        return [(container, status)] if status.state.running or failed(status) else []
    return []


def failed(status: ContainerStatus) -> bool:
    """Tell whether a container has ended badly and does not run at the moment."""
    return not status.state.running and bool(status.state.terminated or status.last_state.terminated)


def fact_of(held: Held, settings: Iterable[Setting], now: datetime) -> InitContainer:
    """Return at which init container a Pod is."""
    owner, pod = owner_of(held.pod), held.pod
    running = held.status.state.running
    seconds = seconds_since(running.started_at if running else pod.metadata.creation_timestamp, now)
    hosts = list(dict.fromkeys(setting.host for setting in settings))
    return InitContainer(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        node=pod.spec.node_name,
        service=held.service,
        workload=owner.name,
        workload_type=owner.kind,
        container=held.container.name,
        state=f"has run for {seconds} s" if running else end_of(held.status),
        seconds=seconds,
        restarts=held.status.restart_count,
        configured_hosts=", ".join(hosts[:HOSTS_SHOWN]) or "none",
        source=f"{path_of(pod)}, status.initContainerStatuses",
    )


def end_of(status: ContainerStatus) -> str:
    """Return in words how a container ended."""
    ended = status.state.terminated or status.last_state.terminated
    return f"has ended with exit code {ended.exit_code if ended else 0}, {status.restart_count} restarts"


def address_of(setting: Setting, container: str, place: Surveyed) -> InitAddress:
    """Return what an address of an init container means."""
    fact = place.judge(setting, "init", about=True)
    return InitAddress(
        namespace=fact.namespace,
        workload=fact.workload,
        workload_type=fact.workload_type,
        container=container,
        where=fact.where,
        host=fact.host,
        resolves_to=fact.resolves_to,
        service_namespace=fact.service_namespace,
        service=fact.service,
        nearest=fact.nearest,
        source=fact.source,
    )
