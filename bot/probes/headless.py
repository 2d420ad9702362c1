"""Ports of headless Services, and who uses those that nothing translates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.objects import Pod, Service, ServicePortSpec
from bot.cluster.port import Cluster
from bot.facts.headless import HeadlessPort
from bot.facts.scope import Scope
from bot.probes.addresses import READS
from bot.probes.callers import Callers
from bot.probes.configuration import Setting
from bot.probes.ports import resolve
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import key_of, path_of, pods_in, services_in
from bot.probes.survey import Surveyed

HEADLESS = "None"


@probe(HeadlessPort, reads=READS)
async def headless_port(cluster: Cluster, scope: Scope) -> Iterable[HeadlessPort]:
    """Compare each port of a headless Service with its Pods', and find who is configured with it."""
    services = [
        service
        for service in await services_in(cluster, scope)
        if service.spec.selector and service.spec.cluster_ip == HEADLESS
    ]
    if not services:
        return []
    pods, settings = await pods_in(cluster, scope), await settings_in(cluster, scope)
    place = await Surveyed.of(cluster, settings)
    return [
        fact_of(service, port, pods.selected_by(service), users_of(service, port, settings, place, scope))
        for service in services
        for port in service.spec.ports
    ]


async def settings_in(cluster: Cluster, scope: Scope) -> list[Setting]:
    """Return what callers are configured with; nothing where no caller is known."""
    try:
        callers = await Callers.of(cluster, scope)
    except CannotTell:
        return []
    return [setting for role, setting in callers.settings if role != "backend"]


def users_of(
    service: Service, port: ServicePortSpec, settings: Iterable[Setting], place: Surveyed, scope: Scope
) -> list[str]:
    """Return who uses a port of a Service: the symptom, or settings of workloads."""
    said = ["the symptom"] if scope.port == port.port else []
    named = ((setting, place.name_of(setting)) for setting in settings if setting.port == port.port)
    users = [setting for setting, name in named if name and (name.namespace, name.name) == key_of(service)]
    return said + [f"{one.where} of {one.owner.kind} {one.owner.namespace}/{one.owner.name}" for one in users]


def fact_of(service: Service, port: ServicePortSpec, pods: Sequence[Pod], users: Sequence[str]) -> HeadlessPort:
    """Return where one port leads, and who uses it."""
    pod_port = next((number for pod in pods if (number := resolve(port, pod))), 0)
    return HeadlessPort(
        namespace=service.metadata.namespace,
        service=service.metadata.name,
        port=port.port,
        target_port=str(port.target_port or port.port),
        pod_port=pod_port,
        differs=pod_port not in (0, port.port),
        asked=bool(users),
        asked_by=", ".join(dict.fromkeys(users)) or "nobody seen",
        source=f"{path_of(service)}, its Pods and the settings of its clients",
    )
