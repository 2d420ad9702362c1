"""Whom the Pods of a symptom really ask for names: their /etc/resolv.conf, as kubelet of their Node wrote it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from bot.cluster.errors import Absent, ClusterError, NoHelper
from bot.cluster.objects import Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.podview import PodResolver
from bot.facts.scope import Scope, SymptomKind
from bot.node import ask, client
from bot.node.answers import named
from bot.node.requests import question, target
from bot.node.resolver import Resolver
from bot.node.targets import DNS_DOMAIN, DNS_PORT, domain_names, is_address
from bot.probes.clientview import CLIENTS_ENTERED, each_client
from bot.probes.node import INSTALL
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import SYSTEM_NAMESPACE, is_dns, owner_of
from bot.probes.resolver import in_words, is_clusters

CACHES = frozenset({"node-local-dns", "kube-dns-upstream"})
"""Services of NodeLocal DNSCache (kubernetes/kubernetes, cluster/addons/dns/nodelocaldns)."""
CLUSTER_FIRST = ("ClusterFirst", "ClusterFirstWithHostNet")


@probe(PodResolver, reads=(Pod, Service), helper=True)
async def pod_resolver(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Read whom client Pods ask for names, try servers that are strange; without a client, of a symptom about names."""
    if not scope.dns:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom names an address, so no name is looked up")
    asking = scope.clients or (scope.backends if scope.kind is SymptomKind.DNS else ())
    named_pods = {(item.namespace, item.name) for item in asking}
    pods = [
        pod
        for namespace in sorted({namespace for namespace, _ in named_pods})
        for pod in await cluster.list(Pod, namespace=namespace)
        if (namespace, pod.metadata.name) in named_pods and pod.alive and pod.status.phase == "Running"
    ][:CLIENTS_ENTERED]
    if not pods:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that runs and looks names up")
    if not await cluster.helper_nodes():
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    servers, caches = await dns_addresses(cluster)

    async def one(pod: Pod) -> list[Fact | Unreadable]:
        found = await read(cluster, pod)
        asks = asked_by(pod, found.nameservers, servers, (*caches, pod.status.host_ip))
        known = await known_to(cluster, pod, found) if asks == "other" and pod.spec.dns_policy in CLUSTER_FIRST else 0
        return [fact_of(pod, found, servers, asks=asks, known=known)]

    return await each_client(pods, PodResolver, one)


async def dns_addresses(cluster: Cluster) -> tuple[list[str], list[str]]:
    """Return the addresses of the cluster's DNS, and of its caches.

    Raises:
        Absent: There is no DNS Service.
    """
    services = await cluster.list(Service, namespace=SYSTEM_NAMESPACE)
    servers = [item.spec.cluster_ip for item in services if is_dns(item)]
    if not servers:
        raise Absent(f"no DNS Service found in {SYSTEM_NAMESPACE}")
    return servers, [item.spec.cluster_ip for item in services if item.metadata.name in CACHES]


async def read(cluster: Cluster, pod: Pod) -> Resolver:
    """Return what one Pod's file says.

    Raises:
        ClusterError: It cannot be read.
    """
    node, uid = pod.spec.node_name, pod.metadata.uid
    answer = (await ask.resolvers(cluster, {node: [uid]}))[node]
    if isinstance(answer, ClusterError):
        raise answer
    if answer[uid].error:
        raise named(answer[uid].error)
    return answer[uid]


def asked_by(pod: Pod, nameservers: Sequence[str], servers: Sequence[str], caches: Sequence[str]) -> str:
    """Return whom a Pod asks: ``cluster``, ``cache``, ``node``, ``other`` or ``none``."""
    if not nameservers:
        return "none"
    if pod.spec.dns_policy == "Default" or (pod.spec.dns_policy == "ClusterFirst" and pod.spec.host_network):
        return "node"
    if set(nameservers) & set(servers):
        return "cluster"
    return "cache" if any(is_clusters(one, caches) for one in nameservers) else "other"


async def known_to(cluster: Cluster, pod: Pod, found: Resolver) -> int:
    """Return how many queries for a name that every cluster has a Pod's own servers answer with an address."""
    domain = next((name.removeprefix("svc.").rstrip(".") for name in found.search if name.startswith("svc.")), "")
    name = domain_names(domain or DNS_DOMAIN)[0]
    asked = [question(target(server, DNS_PORT), name) for server in found.nameservers if is_address(server)]
    if not asked:
        return 0
    if pod.spec.host_network:
        answers = (await client.resolves(cluster, {pod.spec.node_name: asked}))[pod.spec.node_name]
        if isinstance(answers, ClusterError):
            raise answers
    else:
        view = ask.Inside(cluster=cluster, node=pod.spec.node_name, uid=pod.metadata.uid, ip=pod.status.pod_ip)
        answers = await view.resolves(asked)
    return sum(bool(one.addresses) for kinds in answers.values() for one in kinds.values())


def fact_of(pod: Pod, found: Resolver, servers: Sequence[str], *, asks: str, known: int) -> PodResolver:
    """Return whom one Pod asks."""
    owner = owner_of(pod)
    return PodResolver(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        node=pod.spec.node_name,
        dns_policy=pod.spec.dns_policy,
        asks=asks,
        nameservers=in_words([one for one in found.nameservers if is_ip(one)]),
        cluster_dns=in_words(servers),
        search=in_words(found.search),
        ndots=found.ndots,
        known=known,
        source=f"{pod.spec.node_name}: /etc/resolv.conf of Pod {pod.metadata.namespace}/{pod.metadata.name}",
    )


def is_ip(text: str) -> bool:
    """Tell whether this is an address."""
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
