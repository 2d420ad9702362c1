"""Whom the Pods of a symptom ask for names."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence

from bot.cluster.errors import Absent, ClusterError
from bot.cluster.objects import ConfigMap, DaemonSet, Deployment, Namespace, Pod, Service, StatefulSet
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.client import ClientDns
from bot.facts.scope import Scope, Subject
from bot.probes.callers import Callers, workloads_by_role
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import SYSTEM_NAMESPACE, is_dns, path_of
from bot.probes.survey import Surveyed, is_address

DNS_ADDRESS_IN = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))
"""Where NodeLocal DNSCache listens, which asks the cluster's DNS itself."""
TEXT_LENGTH = 200

ALPINE = "alpine"
"""Part of the tag or the name of images that are made from it, by custom."""


@probe(ClientDns, reads=(Pod, ConfigMap, Service, Namespace, Deployment, StatefulSet, DaemonSet))
async def client_dns(cluster: Cluster, scope: Scope) -> Iterable[ClientDns | Unreadable]:
    """Tell whether the Pods of clients and backends ask the cluster's DNS, as far as their objects say."""
    if not scope.dns:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom names an address, so no name is looked up")
    groups = await workloads_by_role(cluster, scope)
    called = await cluster_names(cluster, scope)
    found: list[ClientDns | Unreadable] = []
    for owner, (role, pods) in groups.items():
        if role == "other" or not pods:
            continue
        servers: Sequence[str] = ()
        if pods[0].spec.dns_policy == "None":
            try:
                servers = await dns_addresses(cluster)
            except ClusterError as problem:
                found.append(Unreadable(of=ClientDns, subject=f"{owner.namespace}/{owner.name}", error=problem))
                continue
        found.append(fact_of(owner, role, pods, servers=servers, calls=called.get(owner, ""), scope=scope))
    return found


async def dns_addresses(cluster: Cluster) -> list[str]:
    """Return the addresses of the DNS Services.

    Raises:
        Absent: There is none.
    """
    services = await cluster.list(Service, namespace=SYSTEM_NAMESPACE)
    found = [item.spec.cluster_ip for item in services if is_dns(item)]
    if not found:
        raise Absent(f"no DNS Service found in {SYSTEM_NAMESPACE}")
    return found


async def cluster_names(cluster: Cluster, scope: Scope) -> dict[Subject, str]:
    """Return for each workload one name of the cluster that it is configured with."""
    callers = await Callers.of(cluster, scope)
    place = await Surveyed.of(cluster, [setting for _, setting in callers.settings])
    return {
        setting.owner: setting.host
        for _, setting in reversed(callers.settings)
        if place.name_of(setting) and not is_address(setting.host)
    }


def fact_of(
    owner: Subject, role: str, pods: Sequence[Pod], *, servers: Sequence[str], calls: str, scope: Scope
) -> ClientDns:
    """Return what the first Pod of a workload says."""
    spec = pods[0].spec
    config = spec.dns_config
    ndots = next((option.value for option in config.options if option.name == "ndots"), "")
    asks = asked_by(pods[0], servers)
    return ClientDns(
        namespace=owner.namespace,
        workload=owner.name,
        workload_type=owner.kind,
        role=role,
        ready=all(pod.ready for pod in pods),
        host_network=spec.host_network,
        dns_policy=spec.dns_policy,
        asks=asks,
        nameservers=in_words(config.nameservers),
        cluster_dns=in_words(servers) if servers else "unknown",
        searches=in_words(config.searches),
        short_names=completes(pods[0]) and asks == "cluster",
        ndots=int(ndots) if re.fullmatch(r"[0-9]{1,3}", ndots) else 0,
        wants_cluster_names=not scope.outside_host or bool(calls),
        calls=calls,
        calls_short_name=bool(calls) and ".svc." not in calls,
        alpine=any(ALPINE in container.image.lower() for container in spec.containers),
        hosts_entries=sum(len(alias.hostnames) for alias in spec.host_aliases),
        source=f"{path_of(pods[0])}, its dnsPolicy and dnsConfig",
    )


def asked_by(pod: Pod, servers: Sequence[str]) -> str:
    """Return who answers a Pod's lookups first: ``cluster``, ``node`` or ``foreign``."""
    policy = pod.spec.dns_policy
    if policy == "None":
        first = pod.spec.dns_config.nameservers[:1]
        return "cluster" if any(is_clusters(each, servers) for each in first) else "foreign"
    # Kubernetes: with hostNetwork, ClusterFirst falls back to Default.
    return "node" if policy == "Default" or (policy == "ClusterFirst" and pod.spec.host_network) else "cluster"


def completes(pod: Pod) -> bool:
    """Tell whether a Pod has a search list with domains of the cluster."""
    searches = pod.spec.dns_config.searches
    return pod.spec.dns_policy != "None" or any("svc" in search.split(".") for search in searches)


def is_clusters(nameserver: str, servers: Sequence[str]) -> bool:
    """Tell whether a nameserver is the cluster's, or its cache on each Node."""
    try:
        address = ipaddress.ip_address(nameserver)
    except ValueError:
        return False
    return nameserver in servers or any(address in network for network in DNS_ADDRESS_IN)


def in_words(items: Sequence[str]) -> str:
    """Return a list in words."""
    return ", ".join(items)[:TEXT_LENGTH] or "none"
