"""Name lookups, made: which names are asked of which servers from which Nodes, and what came back."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.cluster import corefile
from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import ConfigMap, DaemonSet, Deployment, Pod, Service, StatefulSet
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.scope import Scope
from bot.node import client
from bot.node.requests import question
from bot.node.targets import DNS_DOMAIN, dns_servers, domain_names, has_address, questions, service_name
from bot.node.tried import Resolved
from bot.probes.dns import dns_services, server_of
from bot.probes.narrow import pods_behind
from bot.probes.probe import Unreadable
from bot.probes.reading import SYSTEM_NAMESPACE, find_services
from bot.probes.workload import AnyWorkload, workloads_of

READS = (Service, Pod, ConfigMap, Deployment, StatefulSet, DaemonSet)

NAMES_TRIED = 10
"""Services whose names are looked up in one diagnosis (ours)."""
NODES_TRIED = 8
"""Nodes that look names up in one diagnosis (ours)."""


@dataclass(frozen=True, kw_only=True)
class Lookups:
    """The DNS Service, who is behind it, and what Nodes were answered."""

    service: Service
    workload: AnyWorkload | None
    servers: Mapping[str, Pod | None]
    """Address and port of the Service (None) and of its Pods."""
    common: str
    """The name that every cluster has."""
    nobody: str
    wanted: Mapping[str, Service]
    """Names of Services that are on the way."""
    outside: str
    overrides: tuple[str, ...]
    """Settings of the DNS servers that give names an answer of their own."""
    upstreams: tuple[str, ...] = ()
    """Where the DNS servers' settings send what they do not know."""
    answers: Mapping[str, Mapping[str, Mapping[str, Resolved]] | ClusterError] = field(default_factory=dict)
    """By Node, question and type."""

    @property
    def names(self) -> list[str]:
        """All names that are looked up."""
        return [self.common, self.nobody, *self.wanted, *filter(None, [self.outside])]

    @property
    def nodes(self) -> list[str]:
        """Nodes that could ask."""
        return [node for node, answer in self.answers.items() if not isinstance(answer, ClusterError)]

    def given(self, *, node: str = "", server: str = "", name: str = "", kind: str = "") -> list[Resolved]:
        """Return the answers of one Node or all, one server or all, to one name or all of the cluster's, of a type."""
        places = [server] if server else list(self.servers)
        names = [name] if name else [self.common, self.nobody, *self.wanted]
        return [
            answer
            for one, by_question in self.answers.items()
            if node in ("", one) and not isinstance(by_question, ClusterError)
            for place in places
            for text in names
            for type_, answer in by_question.get(question(place, text), {}).items()
            if kind in ("", type_)
        ]

    def unreadable(self, of: type[Fact]) -> list[Unreadable]:
        """Return the Nodes that could not ask, and why."""
        return [
            Unreadable(of=of, subject=node, error=answer)
            for node, answer in self.answers.items()
            if isinstance(answer, ClusterError)
        ]


async def lookups_in(cluster: Cluster, scope: Scope) -> list[Lookups]:
    """Look names up, for each DNS Service of the cluster; the answers are remembered for the next caller.

    Raises:
        CannotTell: There is no DNS Service, or no name is looked up on the way.
    """
    services = await dns_services(cluster, scope)
    pods = await pods_behind(cluster, services)
    workloads = await workloads_of(cluster, SYSTEM_NAMESPACE)
    settings = [item.data.get("Corefile", "") for item in await corefiles(cluster)]
    domain = next(filter(None, map(corefile.zone, settings)), DNS_DOMAIN)
    common, nobody = domain_names(domain)
    targets = [item for item in await find_services(cluster, scope) if has_address(item)][:NAMES_TRIED]
    found = []
    for service in services:
        workload = server_of(service, workloads)
        containers = workload.spec.template.spec.containers if workload else ()
        lookups = Lookups(
            service=service,
            workload=workload,
            servers=dns_servers(service, pods.selected_by(service)),
            common=common,
            nobody=nobody,
            wanted={service_name(item, domain): item for item in targets},
            outside=scope.outside_host if is_full_name(scope.outside_host) else "",
            overrides=(
                *(text for container in containers for text in container.dns_overrides),
                *(text for setting in settings for text in corefile.overrides(setting)),
            ),
            upstreams=(
                *(text for container in containers for text in container.dns_upstreams),
                *(text for setting in settings for text in corefile.upstreams(setting)),
            ),
        )
        found.append(replace(lookups, answers=await ask(cluster, scope, lookups)))
    return found


async def corefiles(cluster: Cluster) -> list[ConfigMap]:
    """Return CoreDNS' settings, or nothing where the DNS is another."""
    return await cluster.list(ConfigMap, namespace=SYSTEM_NAMESPACE, fields="metadata.name=coredns")


async def ask(
    cluster: Cluster, scope: Scope, lookups: Lookups
) -> dict[str, dict[str, dict[str, Resolved]] | ClusterError]:
    """Return the answers by Node. A host outside is asked for apart: a recording knows none.

    Raises:
        NoHelper: There is no helper in the cluster at all.
    """
    nodes = await asking_nodes(cluster, scope, lookups)
    names = [name for name in lookups.names if name != lookups.outside]
    cluster_names, host = await asyncio.gather(
        client.resolves(cluster, dict.fromkeys(nodes, questions(lookups.servers, names))),
        client.resolves(cluster, dict.fromkeys(nodes if lookups.outside else (), outside_questions(lookups))),
    )
    found: dict[str, dict[str, dict[str, Resolved]] | ClusterError] = {}
    for node, answers in cluster_names.items():
        more = host.get(node, {})
        if isinstance(answers, ClusterError) or isinstance(more, ClusterError):
            found[node] = answers
        else:
            found[node] = answers | more
    return found


def outside_questions(lookups: Lookups) -> set[str]:
    """Return the host outside, asked of all servers."""
    return questions(lookups.servers, [lookups.outside]) if lookups.outside else set()


async def asking_nodes(cluster: Cluster, scope: Scope, lookups: Lookups) -> list[str]:
    """Return the Nodes to ask from: those of the path, of the DNS Pods, and one more to compare with."""
    helpers = await cluster.helper_nodes()
    if not helpers:
        raise NoHelper("no node helper runs in this cluster, so no name could be looked up")
    homes = sorted({pod.spec.node_name for pod in lookups.servers.values() if pod and pod.spec.node_name})
    wanted = dict.fromkeys((*scope.nodes[:NODES_TRIED], *homes, *helpers))
    known = [node for node in wanted if node in helpers or node in scope.nodes]
    return known[: max(2, min(NODES_TRIED, len({*scope.nodes, *homes}))) if scope.nodes else NODES_TRIED]


def is_full_name(host: str) -> bool:
    """Tell whether a host is given by a name that needs no search list."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and ":" not in host
    return False


def rcode_of(answers: Iterable[Resolved]) -> str:
    """Return the code of answers: ``mixed`` for several, ``none`` without any."""
    codes = {code for answer in answers for code, count in answer.codes.items() if count}
    return codes.pop() if len(codes) == 1 else "mixed" if codes else "none"
