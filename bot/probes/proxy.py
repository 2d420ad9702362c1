"""Proxies that clients are configured with, and whether they send calls to Services there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

from bot.cluster.objects import Pod, Service
from bot.cluster.port import Cluster
from bot.facts.client import ClientProxy
from bot.facts.scope import Scope
from bot.node.targets import DNS_DOMAIN, service_name
from bot.probes.addresses import READS
from bot.probes.callers import Callers
from bot.probes.configuration import Setting
from bot.probes.probe import probe
from bot.probes.reading import key_of, owner_of, services_in
from bot.probes.survey import Surveyed

PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})
NO_PROXY = ("no_proxy", "NO_PROXY")
SHOWN = 200


@probe(ClientProxy, reads=READS)
async def client_proxy(cluster: Cluster, scope: Scope) -> Iterable[ClientProxy]:
    """Compare the proxies of clients with what they are told to call without one."""
    callers = await Callers.of(cluster, scope)
    settings = [setting for role, setting in callers.settings if role == "client"]
    proxies = [setting for setting in settings if setting.where.lower() in PROXIES]
    if not proxies:
        return []
    place = await Surveyed.of(cluster, settings)
    clients = [pod for client in scope.clients for pod in await cluster.list(Pod, namespace=client.namespace)]
    exemptions = {owner_of(pod): exemption_of(pod) for pod in clients}
    return [
        fact_of(setting, service, host_of(service, settings, place), exemptions.get(setting.owner, ""))
        for setting in proxies
        for service in await services_in(cluster, scope)
    ]


def exemption_of(pod: Pod) -> str:
    """Return what a Pod's containers are told to call without a proxy."""
    known: Mapping[str, str] = {}
    for container in pod.spec.containers:
        known = {**container.settings, **known}
    return next((known[name] for name in NO_PROXY if known.get(name)), "")


def host_of(service: Service, settings: Iterable[Setting], place: Surveyed) -> str:
    """Return how clients are configured to call a Service; its full name where nothing says it."""
    names = ((setting, place.name_of(setting)) for setting in settings)
    given = (setting.host for setting, name in names if name and (name.namespace, name.name) == key_of(service))
    return next(given, service_name(service, DNS_DOMAIN))


def fact_of(setting: Setting, service: Service, host: str, no_proxy: str) -> ClientProxy:
    """Return what one proxy means for calls to one Service."""
    return ClientProxy(
        namespace=setting.owner.namespace,
        workload=setting.owner.name,
        workload_type=setting.owner.kind,
        variable=setting.where,
        proxy=f"{setting.host}:{setting.port}" if setting.port else setting.host,
        no_proxy=no_proxy[:SHOWN] or "not set",
        service_namespace=service.metadata.namespace,
        service=service.metadata.name,
        host=host,
        exempt=is_exempt(host, no_proxy) or is_exempt(service.spec.cluster_ip, no_proxy),
        source=setting.source,
    )


def is_exempt(host: str, no_proxy: str) -> bool:
    """Tell whether a list of hosts, domains and networks has a host, as Go and curl read it."""
    return any(matches(host, entry) for entry in re.split(r"[,\s]+", no_proxy.lower()) if entry)


def matches(host: str, entry: str) -> bool:
    """Tell whether one entry is a host's own, its domain's or its network's."""
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        domain = entry.removeprefix("*").removeprefix(".").partition(":")[0]
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
