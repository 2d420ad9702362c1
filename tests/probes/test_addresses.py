"""Where workloads are configured to call, compared with the Services there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import MemoryCluster
from bot.facts.base import Reason, Unknown
from bot.facts.client import ClientAddress, MissingService
from bot.facts.scope import Scope, Subject
from bot.probes.addresses import client_address, missing_service
from tests.probes.manifests import Manifest, deployment, facts_of, manifest, pod, service, unknown_of

TILL = Subject("Pod", "shop", "till-1")
WEB = Subject("Service", "shop", "web")
TO_WEB = Scope(
    namespaces=("shop",), clients=(TILL,), services=(WEB,), workloads=(Subject("Deployment", "shop", "till"),)
)
"""A symptom of a client and a Service."""
PORTS: list[Manifest] = [{"port": 80, "name": "http"}, {"port": 9090}]
NAMESPACES = [manifest("Namespace", name, namespace="") for name in ("shop", "other")]


def till(env: Mapping[str, str | Manifest] | None = None, **container: Any) -> Manifest:
    variables = [
        {"name": name, "value" if isinstance(value, str) else "valueFrom": value} for name, value in (env or {}).items()
    ]
    return pod("till-1", labels={"app": "till"}, containers=[{"name": "main", "env": variables, **container}])


def cluster_of(*manifests: Manifest, **options: Any) -> MemoryCluster:
    return from_manifests(*NAMESPACES, *manifests, **options)


async def address_of(*manifests: Manifest, scope: Scope = TO_WEB) -> ClientAddress:
    [fact] = await facts_of(client_address, cluster_of(*manifests), scope)
    assert isinstance(fact, ClientAddress)
    return fact


async def missing_in(*manifests: Manifest, scope: Scope) -> list[MissingService]:
    facts = await facts_of(missing_service, cluster_of(*manifests), scope)
    return [fact for fact in facts if isinstance(fact, MissingService)]


async def test_a_port_that_the_service_has_not_is_told_with_those_it_has() -> None:
    found = await address_of(till({"WEB_ADDR": "web:8082"}), service(ports=PORTS))

    assert found == ClientAddress(
        namespace="shop",
        workload="till-1",
        workload_type="Pod",
        role="client",
        where="WEB_ADDR",
        host="web",
        port=8082,
        about_target=True,
        resolves_to="service",
        service_namespace="shop",
        service="web",
        service_ports="80 (http), 9090",
        port_exists=False,
        nearest="none",
    )


@pytest.mark.parametrize(
    ("host", "resolves_to"),
    [
        ("web", "service"),
        ("web.shop", "service"),
        ("web.shop.svc", "service"),
        ("web.shop.svc.cluster.local", "service"),
        ("pod-0.web.shop.svc.cluster.local", "service"),
        ("10.96.0.7", "service"),
        ("10.9.9.9", "address"),
        ("wbe", "no-service"),
        ("web.other", "no-service"),
        ("web.gone.svc", "no-service"),
        ("web.example.com", "outside"),
        ("web.io", "outside"),
    ],
)
async def test_a_host_means_what_a_pod_of_the_namespace_finds_under_it(host: str, resolves_to: str) -> None:
    found = await address_of(till({"WEB_ADDR": f"{host}:80"}), service(ports=PORTS))

    assert found.resolves_to == resolves_to


@pytest.mark.parametrize(
    ("fields", "port", "exists"),
    [({}, 80, True), ({}, 81, False), ({"clusterIP": "None"}, 81, True), ({"type": "ExternalName"}, 81, True)],
)
async def test_only_a_service_that_translates_ports_lacks_one(fields: Manifest, port: int, *, exists: bool) -> None:
    found = await address_of(till({"WEB_ADDR": f"web:{port}"}), service(ports=PORTS, **fields))

    assert found.port_exists is exists


@pytest.mark.parametrize(
    ("host", "nearest"),
    [("wbe-shop", "web-shop"), ("web-shop-old", "web-shop"), ("web-shop.other", "web-shop"), ("zebra", "none")],
)
async def test_the_name_most_like_an_unknown_one_is_told(host: str, nearest: str) -> None:
    found = await address_of(till({"WEB_ADDR": f"{host}:80"}), service("web-shop", ports=PORTS))

    assert (found.resolves_to, found.nearest) == ("no-service", nearest)


async def test_the_service_that_leads_to_the_workload_of_the_name_is_nearest() -> None:
    front = service("front", selector={"app": "web"}, ports=PORTS)
    found = await address_of(till({"WEB_ADDR": "web"}), front, deployment("web"))

    assert found.nearest == "front"


async def test_a_service_of_that_name_elsewhere_is_nearest() -> None:
    found = await address_of(till({"WEB_ADDR": "web"}), service(ports=PORTS, namespace="other"))

    assert found.nearest == "web.other"


async def test_of_several_addresses_those_that_look_like_the_target_are_about_it() -> None:
    env = {"WEB_ADDR": "zebra:80", "CACHE_ADDR": "redis:6379", "X": "web:80", "Y": "wbe:80"}
    scope = Scope(namespaces=("shop",), clients=(TILL,), services=(WEB,))
    facts = await facts_of(client_address, cluster_of(till(env), service(ports=PORTS), service("webs")), scope)

    about = {fact.where: fact.about_target for fact in facts if isinstance(fact, ClientAddress)}
    assert about == {"WEB_ADDR": True, "CACHE_ADDR": False, "X": True, "Y": True}


async def test_addresses_of_configmaps_are_compared_too() -> None:
    settings = {**manifest("ConfigMap", "settings"), "data": {"upstream": "web:81", "other.conf": "x"}}
    ref = {"configMapKeyRef": {"name": "settings", "key": "upstream"}}
    by_key = await address_of(till({"WEB": ref}), settings, service(ports=PORTS))
    whole = await address_of(till(envFrom=[{"configMapRef": {"name": "settings"}}]), settings, service(ports=PORTS))

    assert (by_key.where, by_key.port) == ("WEB from upstream in ConfigMap settings", 81)
    assert (whole.where, whole.port) == ("upstream in ConfigMap settings", 81)


async def test_a_mounted_file_is_compared_and_a_mounted_secret_never_read() -> None:
    settings = {**manifest("ConfigMap", "settings"), "data": {"app.yaml": "upstream: http://web:81/\n"}}
    client = till({"DB": {"secretKeyRef": {"name": "vault", "key": "WEB_ADDR"}}})
    client["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": "vault"}}]
    client["spec"]["volumes"] = [
        {"name": "files", "configMap": {"name": "settings"}},
        {"name": "keys", "secret": {"secretName": "vault"}},
        {"name": "both", "projected": {"sources": [{"secret": {"name": "vault"}}]}},
    ]
    found = await address_of(client, settings, service(ports=PORTS))

    assert (found.where, found.port, found.port_exists) == ("app.yaml in ConfigMap settings", 81, False)
    with pytest.raises(ValueError, match="Secret: netmedic does not read this kind"):
        cluster_of(manifest("Secret", "vault"))


async def test_what_the_environment_says_is_known_where_configmaps_may_not_be_read() -> None:
    client = till({"WEB_ADDR": "web:81"}, envFrom=[{"configMapRef": {"name": "settings"}}])
    cluster = cluster_of(client, service(ports=PORTS), unreadable={"configmaps": Forbidden("list configmaps")})
    known, missing = await facts_of(client_address, cluster, TO_WEB)

    assert isinstance(known, ClientAddress)
    assert isinstance(missing, Unknown)
    assert (missing.reason, missing.subject) == (Reason.FORBIDDEN, "shop/till-1")


async def test_of_callers_nobody_named_only_those_that_miss_the_target_are_told() -> None:
    scope = Scope(namespaces=("shop",), services=(WEB,))
    callers = [
        pod("a-1", labels={}, containers=[{"name": "a", "env": [{"name": "A", "value": "web:80"}]}]),
        pod("b-1", labels={}, containers=[{"name": "b", "env": [{"name": "B", "value": "web:81"}]}]),
        pod("c-1", labels={}, containers=[{"name": "c", "env": [{"name": "C", "value": "gone:81"}]}]),
    ]
    found = await address_of(*callers, service(ports=PORTS), scope=scope)

    assert (found.workload, found.role) == ("b-1", "other")


async def test_a_symptom_without_workloads_is_out_of_scope() -> None:
    missing = await unknown_of(client_address, cluster_of(), Scope(cluster_wide=True))

    assert missing.reason is Reason.OUT_OF_SCOPE


TO_WORKLOAD = Scope(namespaces=("shop",), clients=(TILL,), workloads=(Subject("Deployment", "shop", "web"),))
"""A symptom of a client and a workload that no Service leads to."""


async def test_a_service_is_missing_where_a_client_calls_a_workload_by_its_name() -> None:
    found = await missing_in(till({"WEB_ADDR": "web:80"}), deployment("web"), scope=TO_WORKLOAD)

    assert found == [
        MissingService(
            namespace="shop",
            name="web",
            configured_in="WEB_ADDR of Pod till-1",
            workload_type="Deployment",
            ready_pods=1,
        )
    ]


async def test_a_workload_that_only_the_symptom_calls_is_told_apart() -> None:
    [found] = await missing_in(till(), deployment("web"), scope=TO_WORKLOAD)

    assert found.configured_in == ""


@pytest.mark.parametrize(
    "manifests",
    [[service(ports=PORTS)], [service("front", selector={"app": "web"}, ports=PORTS)]],
    ids=["of-its-name", "of-another-name"],
)
async def test_no_service_is_missing_where_one_leads_to_the_workload(manifests: list[Manifest]) -> None:
    assert await missing_in(till({"WEB_ADDR": "web:80"}), deployment("web"), *manifests, scope=TO_WORKLOAD) == []


async def test_no_service_is_missing_of_a_name_that_no_workload_has() -> None:
    assert await missing_in(till({"WEB_ADDR": "gone:80"}), deployment("db"), scope=TO_WORKLOAD) == []


async def test_a_name_of_hostaliases_is_not_looked_up() -> None:
    client = till({"WEB_ADDR": "legacy:80"})
    client["spec"]["hostAliases"] = [{"ip": "10.0.0.1", "hostnames": ["legacy"]}]

    assert await facts_of(client_address, cluster_of(client, service(ports=PORTS)), TO_WEB) == []


async def test_a_plain_name_is_found_in_the_namespaces_that_are_searched() -> None:
    client = till({"WEB_ADDR": "web:80"})
    client["spec"]["dnsConfig"] = {"searches": ["other.svc.cluster.local", "example.com"]}
    found = await address_of(client, service(ports=PORTS, namespace="other"))

    assert (found.resolves_to, found.service_namespace) == ("service", "other")


async def test_what_a_workload_calls_itself_is_not_what_it_calls() -> None:
    found = await address_of(till({"ADVERTISED_HOST": "till-1"}), service(ports=PORTS))

    assert found.about_target is False
