"""Where workloads are configured to call, compared with the Services there are."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.objects import ConfigMap, DaemonSet, Deployment, Namespace, Pod, Service, StatefulSet
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.client import ClientAddress, MissingService
from bot.facts.scope import Scope
from bot.probes.callers import Callers
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import path_of
from bot.probes.survey import Name, Surveyed
from bot.probes.workload import AnyWorkload, ready

READS = (Pod, ConfigMap, Service, Namespace, Deployment, StatefulSet, DaemonSet)


@probe(ClientAddress, reads=READS)
async def client_address(cluster: Cluster, scope: Scope) -> Iterable[ClientAddress | Unreadable]:
    """Compare each address in the configuration of clients and backends with the Services there are."""
    callers = await Callers.of(cluster, scope)
    place = await Surveyed.of(cluster, [setting for _, setting in callers.settings])
    found = [
        place.judge(setting, role, about=callers.is_about_target(setting, place)) for role, setting in callers.settings
    ]
    # Who was not named matters only where it reaches for the target and misses.
    kept = [
        fact
        for fact in found
        if fact.role != "other" or (fact.about_target and fact.resolves_to == "service" and not fact.port_exists)
    ]
    return [*kept, *unread(callers, ClientAddress)]


def unread(callers: Callers, of: type[Fact]) -> Iterable[Unreadable]:
    """Yield whose ConfigMaps could not be read: what they are configured with is known in part."""
    for owner, problem in callers.refused.items():
        yield Unreadable(of=of, subject=f"{owner.namespace}/{owner.name}", error=problem)


@probe(MissingService, reads=READS)
async def missing_service(cluster: Cluster, scope: Scope) -> Iterable[MissingService | Unreadable]:
    """Find workloads that are called by a name of which there is no Service, nor any other that leads to them."""
    callers = await Callers.of(cluster, scope)
    settings = [setting for role, setting in callers.settings if role == "client"]
    place = await Surveyed.of(cluster, settings)
    called: dict[Name, list[str]] = {}
    for setting in settings:
        name = place.name_of(setting)
        if name and not place.service(name) and callers.is_about_target(setting, place):
            called.setdefault(name, []).append(f"{setting.where} of {setting.owner.kind} {setting.owner.name}")
    if scope.clients and not scope.services and not scope.outside_host:
        for subject in callers.targets:
            called.setdefault(Name(subject.namespace, subject.name), [])
    await place.look_into(cluster, [name.namespace for name in called])
    found = [
        MissingService(
            namespace=name.namespace,
            name=name.name,
            configured_in=", ".join(dict.fromkeys(who)),
            workload_type=type(namesake).__name__,
            ready_pods=ready(namesake),
            source=f"{path_of(namesake)}, the Services of its namespace",
        )
        for name, who in called.items()
        for namesake in place.namesakes(name)
        if not place.service(name) and not place.services_before(namesake) and (who or not on_nodes(namesake))
    ]
    return [*found, *unread(callers, MissingService)]


def on_nodes(workload: AnyWorkload) -> bool:
    """Tell whether a workload's Pods are reached at their Nodes, and so need no Service."""
    spec = workload.spec.template.spec
    return spec.host_network or any(port.host_port for container in spec.containers for port in container.ports)
