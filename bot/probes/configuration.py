"""What a workload is configured with: the addresses in its environment, command, arguments and ConfigMaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.objects import ConfigMap, ConfiguredAddress, Pod
from bot.cluster.port import Cluster
from bot.facts.scope import Subject
from bot.probes.reading import path_of

CONFIG_MAPS_READ = 10
"""ConfigMaps of one workload that are read (ours)."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One address, and who is configured with it."""

    owner: Subject
    where: str
    """``WEB_ADDR``, ``args``, ``upstream in ConfigMap settings``."""
    host: str
    port: int
    scheme: str
    """Of a URL, as far as it is a well-known one."""
    searched: tuple[str, ...]
    """Namespaces in which a plain name is looked for after the workload's own: those of dnsConfig's searches."""
    source: str


async def settings_of(
    cluster: Cluster, owner: Subject, pods: Iterable[Pod]
) -> tuple[list[Setting], ClusterError | None]:
    """Return the addresses a workload's Pods are configured with, each once, and why ConfigMaps could not be read.

    Ports of the Pod itself are among them (:data:`bot.cluster.addresses.HERE`).
    """
    known = list(pods)
    found = [
        setting(owner, pod, address, address.where, path_of(pod))
        for pod in known
        for container in pod.spec.containers
        for address in container.addresses
    ]
    problem = None
    try:
        maps = await config_maps(cluster, owner.namespace, (name for pod in known for name in pod.config_maps))
    except ClusterError as refused:
        maps, problem = {}, refused
    for pod in known:
        found += from_maps(owner, pod, maps)
    # /etc/hosts comes before DNS.
    aliases = {name.lower() for pod in known for alias in pod.spec.host_aliases for name in alias.hostnames}
    once = {(item.where, item.host, item.port): item for item in found if item.host not in aliases}
    return list(once.values()), problem


def setting(owner: Subject, pod: Pod, address: ConfiguredAddress, where: str, source: str) -> Setting:
    """Return an address as a setting of a workload."""
    return Setting(
        owner=owner,
        where=where,
        host=address.host,
        port=address.port,
        scheme=address.scheme,
        searched=searched_by(pod),
        source=source,
    )


def searched_by(pod: Pod) -> tuple[str, ...]:
    """Return the namespaces among the searches of a Pod's dnsConfig: ``data`` for ``data.svc.cluster.local``."""
    domains = (search.split(".") for search in pod.spec.dns_config.searches)
    return tuple(domain[0] for domain in domains if domain[1:2] == ["svc"])


async def config_maps(cluster: Cluster, namespace: str, names: Iterable[str]) -> dict[str, ConfigMap]:
    """Return ConfigMaps by name, one read each: listing them all would read what is nobody's business."""
    found = {}
    for name in list(dict.fromkeys(names))[:CONFIG_MAPS_READ]:
        for item in await cluster.list(ConfigMap, namespace=namespace, fields=f"metadata.name={name}"):
            found[name] = item
    return found


def from_maps(owner: Subject, pod: Pod, maps: dict[str, ConfigMap]) -> Iterator[Setting]:
    """Yield what a Pod takes from ConfigMaps: whole ones, and single keys under the name of the variable."""
    containers = pod.spec.containers
    refs = [ref for container in containers for ref in container.config_map_keys]
    whole = {name for container in containers for name in container.config_maps}
    whole |= {name for volume in pod.spec.volumes for name in volume.config_maps}
    for ref in refs:
        for address in maps[ref.name].addresses if ref.name in maps else ():
            if address.where == ref.key:
                where = f"{ref.variable} from {ref.key} in ConfigMap {ref.name}"
                yield setting(owner, pod, address, where, path_of(maps[ref.name]))
    for name in sorted(whole & set(maps)):
        for address in maps[name].addresses:
            yield setting(owner, pod, address, f"{address.where} in ConfigMap {name}", path_of(maps[name]))
