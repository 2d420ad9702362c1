"""Whom Pods really ask for names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason
from bot.facts.podview import PodResolver
from bot.facts.scope import Scope, Subject, SymptomKind
from bot.node.requests import VERSION_REQUEST, Request, inside, question, resolver_requests
from bot.probes.podresolver import pod_resolver
from tests.node import samples
from tests.probes.manifests import Manifest, facts_of, pod, service, unknown_of

UID, IP = "cf581b81-43e9-401c-99bd-c76888d3bf0f", "10.244.1.5"
SCOPE = Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),))
NAME = "kubernetes.default.svc.cluster.local"
SEARCH = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]


def answered(request: Request, *, tier: int = 3, **found: Any) -> tuple[Request, bytes]:
    envelope = {name: value for name, value in samples.CAPTURED.items() if name != "series"}
    return request, json.dumps(envelope | {"node": "node1", "tier": tier, "request": list(request)} | found).encode()


def lookups(server: str, *, ip: str = "", within: bool = True) -> tuple[Request, bytes]:
    asked = question(f"{server}:53", NAME)
    one: dict[str, Any] = {"asked": 5, "times_us": [900] * 5, "codes": {"NOERROR": 5}} if ip else {"asked": 5}
    found = {asked: {"A": one | {"addresses": [ip] if ip else []}, "AAAA": one}}
    request: Request = ("resolve", asked)
    return answered(inside(UID, IP, request) if within else request, resolved=found)


def cluster(
    *servers: str,
    policy: str = "ClusterFirst",
    host_network: bool = False,
    error: str = "",
    tier: int = 3,
    **known: Any,
) -> MemoryCluster:
    client = pod("till-1", ip=IP, owner=("StatefulSet", "till"), host_network=host_network)
    client["metadata"]["uid"] = UID
    client["spec"]["dnsPolicy"] = policy
    client["status"]["hostIP"] = "192.0.2.1"
    dns = service("kube-dns", namespace="kube-system", ports=[{"name": "dns", "port": 53, "protocol": "UDP"}])
    dns["spec"]["clusterIP"] = "10.96.0.10"
    cache: Manifest = service("kube-dns-upstream", namespace="kube-system")
    cache["spec"]["clusterIP"] = "10.96.0.11"
    read = {UID: {"error": error} if error else {"nameservers": list(servers), "search": SEARCH, "ndots": 5}}
    answers = [answered(VERSION_REQUEST, tier=tier), answered(resolver_requests([UID])[0], resolvers=read)]
    answers += [lookups(server, within=not host_network, **known) for server in servers]
    return from_manifests(client, dns, cache, helpers={"node1": Helper(pod="helper-1", answers=dict(answers))})


async def test_a_server_that_is_not_the_clusters_is_told_and_asked() -> None:
    assert await facts_of(pod_resolver, cluster("10.96.0.100"), SCOPE) == [
        PodResolver(
            namespace="shop",
            pod="till-1",
            workload="till",
            workload_type="StatefulSet",
            node="node1",
            dns_policy="ClusterFirst",
            asks="other",
            nameservers="10.96.0.100",
            cluster_dns="10.96.0.10",
            search=", ".join(SEARCH),
            ndots=5,
            known=0,
        )
    ]


async def test_a_strange_server_that_knows_the_clusters_names_is_told_too() -> None:
    [found] = await facts_of(pod_resolver, cluster("192.0.2.53", ip="10.96.0.1"), SCOPE)

    assert isinstance(found, PodResolver)
    assert (found.asks, found.known) == ("other", 1)


@pytest.mark.parametrize(
    ("servers", "policy", "asks"),
    [
        (("10.96.0.10",), "ClusterFirst", "cluster"),
        (("10.96.0.10", "8.8.8.8"), "ClusterFirst", "cluster"),
        (("169.254.20.10",), "ClusterFirst", "cache"),
        (("10.96.0.11",), "ClusterFirst", "cache"),
        (("192.0.2.1",), "ClusterFirst", "cache"),
        (("8.8.8.8",), "Default", "node"),
        (("8.8.8.8",), "None", "other"),
        ((), "ClusterFirst", "none"),
    ],
)
async def test_whom_a_pod_asks_is_told_in_a_word(servers: tuple[str, ...], policy: str, asks: str) -> None:
    [found] = await facts_of(pod_resolver, cluster(*servers, policy=policy), SCOPE)

    assert isinstance(found, PodResolver)
    assert found.asks == asks


async def test_in_the_nodes_network_the_policy_tells_whom_and_the_node_asks() -> None:
    [given] = await facts_of(pod_resolver, cluster("8.8.8.8", host_network=True), SCOPE)
    [wanted] = await facts_of(
        pod_resolver, cluster("8.8.8.8", host_network=True, policy="ClusterFirstWithHostNet"), SCOPE
    )

    assert isinstance(given, PodResolver)
    assert isinstance(wanted, PodResolver)
    assert (given.asks, wanted.asks) == ("node", "other")


async def test_a_file_that_cannot_be_read_leaves_it_unknown() -> None:
    missing = await unknown_of(pod_resolver, cluster(error="the Pod's /etc/resolv.conf is no regular file"), SCOPE)

    assert (missing.reason, missing.subject) == (Reason.MALFORMED, "node1")


async def test_a_lower_tier_is_not_asked() -> None:
    missing = await unknown_of(pod_resolver, cluster("10.96.0.10", tier=2), SCOPE)

    assert missing.reason is Reason.HIGHER_TIER


async def test_a_targets_pods_are_read_where_the_symptom_is_about_names() -> None:
    about_names = Scope(kind=SymptomKind.DNS, namespaces=("shop",), backends=SCOPE.clients)
    about_others = Scope(kind=SymptomKind.TIMEOUT, namespaces=("shop",), backends=SCOPE.clients)

    [found] = await facts_of(pod_resolver, cluster("10.96.0.10"), about_names)
    missing = await unknown_of(pod_resolver, cluster("10.96.0.10"), about_others)

    assert missing.reason is Reason.OUT_OF_SCOPE

    assert isinstance(found, PodResolver)
    assert found.pod == "till-1"
