"""Names of a StatefulSet's Pods that clients use, and the Service that has to be there for them."""

from __future__ import annotations

import dataclasses

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.headless import GoverningService, PodName
from bot.facts.scope import Scope, Subject, SymptomKind
from bot.probes.podname import governing_service, pod_names
from tests.probes.manifests import WEB, Manifest, deployment, facts_of, manifest, pod, service

TO_DB = Scope(
    namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),), services=(Subject("Service", "shop", "db"),)
)
DNS_LABEL = {"k8s-app": "kube-dns"}


def stateful_set(service_name: str = "db") -> Manifest:
    made = deployment("db", kind="StatefulSet")
    return {**made, "spec": {**made["spec"], "serviceName": service_name}}


def client(address: str) -> Manifest:
    env = [{"name": "DB_ADDR", "value": address}]
    return pod("till-1", labels={"app": "till"}, containers=[{"name": "main", "env": env}])


def dns(image: str) -> list[Manifest]:
    box = {"name": "dns", "image": image}
    return [
        service("kube-dns", namespace="kube-system", labels=DNS_LABEL, selector=DNS_LABEL),
        pod("dns-1", namespace="kube-system", labels=DNS_LABEL, containers=[box]),
    ]


async def found_with(*manifests: Manifest, scope: Scope = TO_DB) -> list[GoverningService]:
    namespaces = [manifest("Namespace", name, namespace="") for name in ("shop", "kube-system")]
    facts = await facts_of(governing_service, from_manifests(*namespaces, *manifests), scope)
    return [fact for fact in facts if isinstance(fact, GoverningService)]


@pytest.mark.parametrize("host", ["db-0.db", "db-0.db.shop", "db-0.db.shop.svc.cluster.local"])
async def test_a_service_with_an_address_is_not_headless(host: str) -> None:
    [found] = await found_with(stateful_set(), service("db"), client(f"{host}:5432"))

    assert (found.exists, found.headless, found.cluster_ip) == (True, False, "10.96.0.7")
    assert (found.pod_name, found.used_by) == (host, "DB_ADDR of Pod shop/till-1")


async def test_a_headless_service_and_one_that_is_missing_are_told() -> None:
    [headless] = await found_with(stateful_set(), service("db", clusterIP="None"), client("db-0.db:5432"))
    [missing] = await found_with(stateful_set(), client("db-0.db:5432"))

    assert (headless.exists, headless.headless, missing.exists) == (True, True, False)


@pytest.mark.parametrize("host", ["db", "db-a.db", "db-0.other", "db-0.db.other", "web-0.db"])
async def test_who_uses_no_name_of_its_pods_does_not_need_it(host: str) -> None:
    assert await found_with(stateful_set(), service("db"), client(f"{host}:5432")) == []


async def test_a_symptom_about_another_target_is_not_about_these_names() -> None:
    other = dataclasses.replace(TO_DB, services=WEB.services)

    assert await found_with(stateful_set(), service("db"), client("db-0.db:5432"), scope=other) == []


async def test_who_only_says_that_names_fail_is_a_user() -> None:
    till = Scope(kind=SymptomKind.DNS, namespaces=("shop",), backends=TO_DB.clients)

    assert await found_with(stateful_set(), service("db"), client("db-0.db:5432"), scope=till)


async def test_a_pod_that_was_named_where_names_fail_uses_its_own() -> None:
    target = (Subject("Pod", "shop", "db-0"),)
    aimed = dataclasses.replace(TO_DB, kind=SymptomKind.DNS, backends=target, target_is_pod=True)
    [found] = await found_with(stateful_set(), service("db"), client("web:80"), scope=aimed)

    assert (found.pod_name, found.used_by) == ("db-0.db", "the symptom")
    other = dataclasses.replace(aimed, clients=(), backends=(Subject("Pod", "shop", "web-0"),))
    assert await found_with(stateful_set(), service("db"), scope=other) == []


@pytest.mark.parametrize(
    ("image", "only_headless"), [("kube-dns:1", True), ("registry.k8s.io/coredns/coredns:v1.11.1", False), ("", False)]
)
async def test_core_dns_knows_the_pods_of_other_services_too(image: str, only_headless: bool) -> None:
    more = dns(image) if image else []
    [found] = await found_with(stateful_set(), service("db"), client("db-0.db:5432"), *more)

    assert found.only_headless is only_headless


def primary(subdomain: str, **fields: str) -> Manifest:
    made = pod("store-1", labels={"app": "store"}, ip="10.244.1.9")
    return {**made, "spec": {**made["spec"], "hostname": "primary", "subdomain": subdomain, **fields}}


STORE = service("db", clusterIP="None", selector={"app": "store"})


async def names(*manifests: Manifest, scope: Scope = TO_DB) -> list[PodName]:
    facts = await facts_of(pod_names, from_manifests(*manifests), scope)
    return [fact for fact in facts if isinstance(fact, PodName)]


@pytest.mark.parametrize("host", ["primary.db", "primary.db.shop", "primary.db.shop.svc.cluster.local"])
async def test_a_pod_whose_subdomain_is_another_has_no_name_below_the_service(host: str) -> None:
    [found] = await names(STORE, primary("db-hl"), client(f"{host}:5432"))

    assert (found.name, found.service, found.pod, found.hostname) == (host, "db", "store-1", "primary")
    assert (found.subdomain, found.matches, found.selected) == ("db-hl", False, True)
    assert found.used_by == "DB_ADDR of Pod shop/till-1"


async def test_a_name_that_the_symptom_says_is_looked_for_too() -> None:
    said = Scope(namespaces=("shop",), outside_host="primary.db")

    [found] = await names(STORE, primary("db"), scope=said)

    assert (found.matches, found.selected, found.used_by) == (True, True, "the symptom")


async def test_a_service_that_selects_others_does_not_name_the_pod() -> None:
    [found] = await names(service("db", clusterIP="None"), primary("db"), client("primary.db:5432"))

    assert (found.matches, found.selected) == (True, False)


async def test_other_names_and_pods_without_a_hostname_are_no_facts() -> None:
    assert await names(STORE, primary("db-hl", hostname="other"), client("primary.db:5432")) == []
    assert await names(primary("db-hl"), client("primary.db:5432")) == []
    assert await names(STORE, primary("db-hl"), client("db:5432")) == []


async def test_a_host_outside_does_not_have_a_namespace_read_that_is_called_like_its_domain() -> None:
    other = service("db", clusterIP="None", namespace="net", selector={"app": "store"})
    stranger = primary("db-hl")
    stranger["metadata"]["namespace"] = "net"

    assert await names(other, stranger, client("primary.db.net:5432")) == []
    assert len(await names(other, stranger, client("primary.db.net.svc:5432"), scope=CLIENT_ALONE)) == 1


CLIENT_ALONE = Scope(namespaces=("shop",), clients=TO_DB.clients)
