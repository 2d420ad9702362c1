"""Addresses of Pods in the configuration of clients, and whether a Pod still has them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from bot.cluster.objects import Node, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.client import ClientPodAddress
from bot.facts.scope import Scope
from bot.probes.addresses import READS, unread
from bot.probes.callers import Callers
from bot.probes.configuration import Setting
from bot.probes.peer import Network
from bot.probes.peer import network as network_of
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import key_of
from bot.probes.survey import Surveyed, is_address, ports_in_words

OF_THE_NODE = 2
"""Addresses at the start of a Node's range that are its own: the VXLAN device's and the bridge's (flannel)."""


@probe(ClientPodAddress, reads=(*READS, Node))
async def client_pod_address(cluster: Cluster, scope: Scope) -> Iterable[ClientPodAddress | Unreadable]:
    """Find addresses of the Pod network that clients are configured with, and who has them."""
    callers = await Callers.of(cluster, scope)
    settings = [each for role, each in callers.settings if role == "client" and is_address(each.host)]
    if not settings:
        return [*unread(callers, ClientPodAddress)]
    place = await Surveyed.of(cluster, [each for _, each in callers.settings])
    nodes = await cluster.list(Node)
    ranges = [each for node in nodes for cidr in cidrs(node) if (each := network_of(cidr)) is not None]
    target = await only_service(cluster, scope)
    found = []
    for setting in settings:
        held = next((one for one in ranges if is_of_a_pod(setting.host, one)), None)
        if held and not place.name_of(setting) and callers.is_about_target(setting, place):
            pods = await cluster.list(Pod, fields=f"status.podIP={setting.host}")
            found.append(fact_of(setting, held, [pod for pod in pods if pod.alive], target))
    return [*found, *unread(callers, ClientPodAddress)]


def cidrs(node: Node) -> tuple[str, ...]:
    """Return the ranges of a Node's Pods."""
    return node.spec.pod_cidrs or tuple(filter(None, [node.spec.pod_cidr]))


def is_of_a_pod(host: str, held: Network) -> bool:
    """Tell whether an address of a Node's range is one that a Pod is given."""
    address = ipaddress.ip_address(host)
    return address in held and int(address) >= int(held.network_address) + OF_THE_NODE


async def only_service(cluster: Cluster, scope: Scope) -> Service | None:
    """Return the Service that a symptom is about, if it is one."""
    if len(scope.services) != 1:
        return None
    [named] = scope.services
    services = await cluster.list(Service, namespace=named.namespace)
    return next((item for item in services if key_of(item) == (named.namespace, named.name)), None)


def fact_of(setting: Setting, held: Network, pods: list[Pod], target: Service | None) -> ClientPodAddress:
    """Return what an address of the Pod network means."""
    return ClientPodAddress(
        namespace=setting.owner.namespace,
        workload=setting.owner.name,
        workload_type=setting.owner.kind,
        where=setting.where,
        host=setting.host,
        port=setting.port,
        pod_range=str(held),
        pod="/".join(key_of(pods[0])) if pods else "",
        service=f"{target.metadata.name}.{target.metadata.namespace}" if target else "none known",
        service_ports=ports_in_words(target) if target else "none",
        source=f"{setting.source}, spec.podCIDRs of the Nodes, Pods with status.podIP={setting.host}",
    )
