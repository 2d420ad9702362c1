"""The Services and workloads that host names lead to, as a Pod of some namespace sees them."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Namespace, Service
from bot.cluster.port import Cluster
from bot.facts.client import ClientAddress
from bot.probes.configuration import Setting
from bot.probes.workload import AnyWorkload, provides, workloads_of

LIKENESS = 0.6
"""Of a name to a misspelt one, as difflib counts and by its default: two letters changed places in three."""


@dataclass(frozen=True)
class Name:
    """A Service that a host name means, whether or not there is one."""

    namespace: str
    name: str


class Surveyed:
    """The Services and workloads of the namespaces that addresses lead to."""

    def __init__(self, namespaces: Collection[str]) -> None:
        """Know the names of all namespaces, and nothing in them yet."""
        self._namespaces = namespaces
        self._services: dict[str, list[Service]] = {}
        self._workloads: dict[str, list[AnyWorkload]] = {}
        self._elsewhere: dict[Name, str] = {}

    @classmethod
    async def of(cls, cluster: Cluster, settings: Sequence[Setting]) -> Surveyed:
        """Read what the settings lead to."""
        made = cls({item.metadata.name for item in await cluster.list(Namespace)})
        searched = [namespace for setting in settings for namespace in (setting.owner.namespace, *setting.searched)]
        await made.look_into(cluster, searched)
        names = [name for setting in settings if (name := made.name_of(setting))]
        await made.look_into(cluster, [name.namespace for name in names])
        for name in dict.fromkeys(names):
            if not made.service(name) and name.namespace in made._services:
                made._elsewhere[name] = await elsewhere(cluster, name)
        return made

    async def look_into(self, cluster: Cluster, namespaces: Iterable[str]) -> None:
        """Read the Services and workloads of namespaces that exist."""
        for namespace in dict.fromkeys(namespaces):
            if namespace not in self._services:
                self._services[namespace] = await cluster.list(Service, namespace=namespace)
                self._workloads[namespace] = await workloads_of(cluster, namespace)

    def name_of(self, setting: Setting) -> Name | None:
        """Return the Service that a host means to Pods of a namespace; None for an address, and a place outside."""
        home = setting.owner.namespace
        if is_address(setting.host):
            services = (item for every in self._services.values() for item in every)
            hit = next((item for item in services if item.spec.cluster_ip == setting.host), None)
            return Name(hit.metadata.namespace, hit.metadata.name) if hit else None
        labels = setting.host.split(".")
        if len(labels) > 1 and "svc" in labels[2:4]:
            end = labels.index("svc", 2)
            return Name(labels[end - 1], labels[end - 2])
        if len(labels) == 1:
            places = (Name(namespace, labels[0]) for namespace in (home, *setting.searched))
            return next(filter(self.service, places), Name(home, labels[0]))
        # The last of two or three names is a namespace, or this is a domain of the world outside.
        match labels:
            case [*pod, name, namespace] if len(pod) <= 1 and namespace in self._namespaces:
                return Name(namespace, name)
            case [_, name] if self.service(Name(home, name)):
                # Of a headless Service, each Pod has a name.
                return Name(home, name)
        return None

    def service(self, name: Name) -> Service | None:
        """Return the Service of a name."""
        return next((item for item in self._services.get(name.namespace, ()) if item.metadata.name == name.name), None)

    def namesakes(self, name: Name) -> list[AnyWorkload]:
        """Return the workloads of a name."""
        return [item for item in self._workloads.get(name.namespace, ()) if item.metadata.name == name.name]

    def services_before(self, item: AnyWorkload) -> list[Service]:
        """Return the Services that lead to a workload."""
        return [service for service in self._services.get(item.metadata.namespace, ()) if provides(item, service)]

    def nearest(self, name: Name, home: str) -> Name | None:
        """Return the Service that a name was probably meant to be."""
        leading = [service for item in self.namesakes(name) for service in self.services_before(item)]
        if leading:
            return Name(name.namespace, leading[0].metadata.name)
        if name.namespace != home and self.service(Name(home, name.name)):
            return Name(home, name.name)
        if self._elsewhere.get(name):
            return Name(self._elsewhere[name], name.name)
        known = [item.metadata.name for item in self._services.get(name.namespace, ())]
        longer = [each for each in known if each.startswith(f"{name.name}-") or name.name.startswith(f"{each}-")]
        close = difflib.get_close_matches(name.name, known, n=1, cutoff=LIKENESS) or sorted(longer, key=len)[-1:]
        return Name(name.namespace, close[0]) if close else None

    def judge(self, setting: Setting, role: str, *, about: bool) -> ClientAddress:
        """Return what an address means."""
        name, home = self.name_of(setting), setting.owner.namespace
        service = self.service(name) if name else None
        near = self.nearest(name, home) if name and not service else None
        return ClientAddress(
            namespace=home,
            workload=setting.owner.name,
            workload_type=setting.owner.kind,
            role=role,
            where=setting.where,
            host=setting.host,
            port=setting.port,
            about_target=about,
            resolves_to=meaning(setting, name, service),
            service_namespace=name.namespace if name else "",
            service=name.name if name else "",
            service_ports=ports_in_words(service) if service else "none",
            port_exists=has_port(service, setting.port) if service else False,
            nearest=(near.name if near.namespace == home else f"{near.name}.{near.namespace}") if near else "none",
            source=setting.source,
        )


async def elsewhere(cluster: Cluster, name: Name) -> str:
    """Return the only other namespace with a Service of that name; empty if there is none, several, or no telling."""
    try:
        found = await cluster.list(Service, fields=f"metadata.name={name.name}")
    except ClusterError:  # a hint that is missing; what was asked is known
        return ""
    return found[0].metadata.namespace if len(found) == 1 else ""


def meaning(setting: Setting, name: Name | None, service: Service | None) -> str:
    """Return what kind of thing an address leads to."""
    if service:
        return "service"
    if name:
        return "no-service"
    return "address" if is_address(setting.host) else "outside"


def is_address(host: str) -> bool:
    """Tell whether a host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def has_port(service: Service, port: int) -> bool:
    """Tell whether a Service takes connections to a port. Headless ones and ExternalNames leave ports as they are."""
    translates = service.spec.type != "ExternalName" and service.spec.cluster_ip != "None" and service.spec.ports
    return not port or not translates or any(item.port == port for item in service.spec.ports)


def ports_in_words(service: Service) -> str:
    """Return the ports of a Service: ``80 (http), 9090``."""
    return ", ".join(f"{port.port} ({port.name})" if port.name else str(port.port) for port in service.spec.ports)
