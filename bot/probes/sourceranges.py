"""Clients in the cluster that call a load balancer's address, and the networks that its Service lets in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from bot.cluster.objects import Pod, Service
from bot.cluster.port import Cluster
from bot.facts.entry import BalancerClient
from bot.facts.scope import Scope
from bot.probes.addresses import READS
from bot.probes.external import WORDS_LENGTH
from bot.probes.headless import settings_in
from bot.probes.peer import network
from bot.probes.probe import probe
from bot.probes.reading import find_services, key_of, path_of, pods_in


@probe(BalancerClient, reads=READS)
async def balancer_client(cluster: Cluster, scope: Scope) -> Iterable[BalancerClient]:
    """Compare the addresses of clients with the ranges of the Services whose load balancers they call."""
    services = [item for item in await find_services(cluster, scope) if item.spec.load_balancer_source_ranges]
    if not services or not scope.clients:
        return []
    clients = [pod for pod in (await pods_in(cluster, scope)).named(scope.clients) if pod.status.pod_ip]
    called = {scope.entry_address, *(setting.host for setting in await settings_in(cluster, scope))}
    return [
        fact_of(service, address, clients)
        for service in services
        for address in addresses(service)
        if address in called and clients
    ]


def addresses(service: Service) -> list[str]:
    """Return the addresses of a Service's load balancer that Nodes take connections to themselves."""
    if service.spec.type != "LoadBalancer":
        return []
    return [item.ip for item in service.status.load_balancer.ingress if item.ip and item.ip_mode == "VIP"]


def fact_of(service: Service, address: str, clients: Sequence[Pod]) -> BalancerClient:
    """Return who is let in to one address."""
    ranges = service.spec.load_balancer_source_ranges
    refused = [pod for pod in clients if not is_in(pod.status.pod_ip, ranges)]
    return BalancerClient(
        namespace=service.metadata.namespace,
        service=service.metadata.name,
        address=address,
        source_ranges=", ".join(ranges)[:WORDS_LENGTH],
        clients=len(clients),
        refused=len(refused),
        example=f"{'/'.join(key_of(refused[0]))} ({refused[0].status.pod_ip})" if refused else "",
        source=f"{path_of(service)}, status.podIP of the clients",
    )


def is_in(address: str, ranges: Iterable[str]) -> bool:
    """Tell whether an address is in one of the ranges, or of a family that none of them has: those are not compared."""
    known = [each for text in ranges if (each := network(text.strip())) is not None]
    own = ipaddress.ip_address(address)
    alike = [each for each in known if each.version == own.version]
    return not alike or any(own in each for each in alike)
