"""Whether clients speak TLS to the ports of Services that expect it, by what is written down about both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.cluster.objects import Container, Pod, Service, ServicePortSpec
from bot.cluster.port import Cluster
from bot.facts.client import ClientScheme
from bot.facts.scope import Scope
from bot.probes.addresses import READS, unread
from bot.probes.callers import Callers
from bot.probes.configuration import Setting
from bot.probes.ports import resolve
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import Pods
from bot.probes.survey import Surveyed

SCHEMES = ("http", "https")
Said = tuple[str, str]
"""Scheme, and what says it in words."""


@probe(ClientScheme, reads=READS)
async def client_scheme(cluster: Cluster, scope: Scope) -> Iterable[ClientScheme | Unreadable]:
    """Compare the scheme of each URL that clients are configured with with what the Service's port speaks."""
    callers = await Callers.of(cluster, scope)
    place = await Surveyed.of(cluster, [setting for _, setting in callers.settings])
    found = []
    for role, setting in callers.settings:
        name = place.name_of(setting)
        service = place.service(name) if name else None
        port = port_of(service, setting.port) if service else None
        asked = role == "client" and setting.scheme in SCHEMES
        if asked and service and port and callers.is_about_target(setting, place):
            pods = Pods(await cluster.list(Pod, namespace=service.metadata.namespace)).selected_by(service)
            found.append(fact_of(setting, service, list(dict.fromkeys(said_of(port, pods)))))
    return [*found, *unread(callers, ClientScheme)]


def port_of(service: Service, number: int) -> ServicePortSpec | None:
    """Return a TCP port of a Service."""
    return next((item for item in service.spec.ports if (item.port, item.protocol) == (number, "TCP")), None)


def said_of(port: ServicePortSpec, pods: Sequence[Pod]) -> Iterator[Said]:
    """Yield what is written down about the scheme of a Service's port: of the port itself, and in its Pods."""
    yield from named(port.name, "port name")
    yield from named(port.app_protocol, "appProtocol")
    for pod in pods:
        number = resolve(port, pod)
        for container in pod.spec.containers:
            yield from said_in(container, number)


def said_in(container: Container, number: int) -> Iterator[Said]:
    """Yield what a container says about one of its ports."""
    names = {port.name for port in container.ports if port.container_port == number}
    for name in sorted(names):
        yield from named(name, "container port name")
    for kind, check in (("readinessProbe", container.readiness_probe), ("startupProbe", container.startup_probe)):
        if check and check.http_get and check.http_get.port in (number, *names - {""}):
            yield check.http_get.scheme.lower(), f"{kind} {check.http_get.scheme}"


def named(name: str, what: str) -> Iterator[Said]:
    """Yield the scheme that a name begins with, as Istio and others read them: ``http``, ``https-admin``."""
    first = name.lower().partition("-")[0]
    if first in SCHEMES:
        yield first, f"{what} {name}"


def fact_of(setting: Setting, service: Service, said: Sequence[Said]) -> ClientScheme:
    """Return what a client speaks, and what is expected."""
    schemes = {scheme for scheme, _ in said}
    speaks = next(iter(schemes)) if len(schemes) == 1 else "unknown"
    return ClientScheme(
        namespace=setting.owner.namespace,
        workload=setting.owner.name,
        workload_type=setting.owner.kind,
        where=setting.where,
        host=setting.host,
        port=setting.port,
        scheme=setting.scheme,
        service_namespace=service.metadata.namespace,
        service=service.metadata.name,
        speaks=speaks,
        said_by=", ".join(words for _, words in said) or "nothing",
        differs=speaks not in ("unknown", setting.scheme),
        source=f"{setting.source}, Service {service.metadata.name} and its Pods",
    )
