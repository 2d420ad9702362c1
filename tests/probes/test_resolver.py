"""Whom Pods ask for names, as far as their objects say."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.client import ClientDns
from bot.facts.scope import Scope, Subject
from bot.probes.resolver import client_dns
from tests.probes.manifests import Manifest, deployment, facts_of, manifest, pod, service, unknown_of

NAMESPACE = manifest("Namespace", "shop", namespace="")
DNS = service("kube-dns", namespace="kube-system", labels={"k8s-app": "kube-dns"}, clusterIP="10.96.0.10")
TILL = Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),))


def till(**spec: Any) -> Manifest:
    made = pod("till-1", labels={"app": "till"})
    return {**made, "spec": {**made["spec"], **spec}}


async def asked(*manifests: Manifest, scope: Scope = TILL) -> ClientDns:
    [fact] = await facts_of(client_dns, from_manifests(NAMESPACE, DNS, *manifests), scope)
    assert isinstance(fact, ClientDns)
    return fact


def config(*nameservers: str, **fields: Any) -> Manifest:
    return {"dnsPolicy": "None", "dnsConfig": {"nameservers": list(nameservers), **fields}}


@pytest.mark.parametrize(
    ("spec", "asks"),
    [
        ({}, "cluster"),
        ({"dnsPolicy": "Default"}, "node"),
        ({"hostNetwork": True}, "node"),
        ({"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}, "cluster"),
        ({"dnsPolicy": "ClusterFirst", "dnsConfig": {"nameservers": ["8.8.8.8"]}}, "cluster"),
        (config("10.96.0.10"), "cluster"),
        (config("169.254.20.10"), "cluster"),
        (config("8.8.8.8"), "foreign"),
        (config("8.8.8.8", "10.96.0.10"), "foreign"),
        (config("odd"), "foreign"),
        (config(), "foreign"),
    ],
)
async def test_whom_a_pod_asks_follows_from_its_policy_and_network(spec: Manifest, asks: str) -> None:
    found = await asked(till(**spec))

    assert found.asks == asks


async def test_a_foreign_nameserver_is_told_beside_the_clusters() -> None:
    found = await asked(till(**config("8.8.8.8", "1.1.1.1")))

    assert (found.dns_policy, found.nameservers, found.cluster_dns) == ("None", "8.8.8.8, 1.1.1.1", "10.96.0.10")


@pytest.mark.parametrize(
    ("spec", "short_names"),
    [
        ({}, True),
        (config("10.96.0.10"), False),
        (config("10.96.0.10", searches=["example.com"]), False),
        (config("10.96.0.10", searches=["shop.svc.cluster.local", "svc.cluster.local"]), True),
    ],
)
async def test_short_names_need_a_search_list_of_the_cluster(spec: Manifest, *, short_names: bool) -> None:
    found = await asked(till(**spec))

    assert found.short_names is short_names


async def test_what_a_workload_calls_in_the_cluster_is_told() -> None:
    command = {"name": "main", "command": ["sh", "-c", "getent hosts db.shop.svc.cluster.local || exit 1"]}
    found = await asked(till(containers=[command]))

    assert found.calls == "db.shop.svc.cluster.local"


async def test_a_client_of_a_place_outside_needs_no_names_of_the_cluster() -> None:
    scope = Scope(namespaces=("shop",), clients=TILL.clients, outside_host="oslo.example.com")
    found = await asked(till(), scope=scope)

    assert found.wants_cluster_names is False


async def test_an_unusual_ndots_is_kept_and_an_odd_one_is_not() -> None:
    two = await asked(till(dnsConfig={"options": [{"name": "ndots", "value": "2"}]}))
    odd = await asked(till(dnsConfig={"options": [{"name": "ndots", "value": "²"}, {"name": "single-request"}]}))

    assert (two.ndots, odd.ndots) == (2, 0)


async def test_where_no_name_is_looked_up_nothing_is_told() -> None:
    missing = await unknown_of(client_dns, from_manifests(NAMESPACE, DNS, till()), Scope(dns=False))

    assert missing.reason is Reason.OUT_OF_SCOPE


async def test_without_the_clusters_dns_nothing_is_called_foreign() -> None:
    missing = await unknown_of(client_dns, from_manifests(NAMESPACE, till(**config("8.8.8.8"))), TILL)

    assert (missing.reason, missing.subject) == (Reason.ABSENT, "shop/till-1")


async def test_a_refused_list_is_unknown() -> None:
    cluster = from_manifests(NAMESPACE, DNS, till(), unreadable={"pods": Forbidden("list pods")})
    missing = await unknown_of(client_dns, cluster, TILL)

    assert missing.reason is Reason.FORBIDDEN


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_where_a_services_pods_are_gone_the_template_says_whom_the_next_will_ask(kind: str) -> None:
    made = deployment(replicas=1, kind=kind)
    container = {"name": "main", "env": [{"name": "STORE_URL", "value": "http://store:8080"}]}
    made["spec"]["template"]["spec"] = {**config("10.255.5.254"), "containers": [container]}
    made["status"] = {"desiredNumberScheduled": 1}
    scope = Scope(namespaces=("shop",), services=(Subject("Service", "shop", "web"),))

    found = await asked(made, service(), service("store"), pod(deleted=True), scope=scope)

    assert (found.workload_type, found.workload, found.role, found.ready) == (kind, "web", "backend", False)
    assert (found.asks, found.nameservers, found.calls) == ("foreign", "10.255.5.254", "store")
    assert found.source.startswith(f"/apis/apps/v1/namespaces/shop/{kind.lower()}s/web")


@pytest.mark.parametrize("others", [(deployment(replicas=0),), (deployment(replicas=1), pod())])
async def test_no_pod_is_made_up_where_none_is_wanted_or_one_lives(others: tuple[Manifest, ...]) -> None:
    scope = Scope(namespaces=("shop",), services=(Subject("Service", "shop", "web"),))
    cluster = from_manifests(NAMESPACE, DNS, service(), *others)

    assert [fact for fact in await facts_of(client_dns, cluster, scope) if fact.source.startswith("/apis/")] == []
