"""Addresses of Pods in the configuration of clients."""

from __future__ import annotations

import dataclasses

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason, Unknown
from bot.facts.client import ClientPodAddress
from bot.facts.scope import Scope, Subject
from bot.probes.podaddress import client_pod_address
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service, unknown_of

TO_WEB = Scope(
    namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),), services=(Subject("Service", "shop", "web"),)
)
WEB = service(ports=[{"port": 80, "name": "http", "targetPort": 8080}])
NODES = [
    {**manifest("Node", "node1", namespace=""), "spec": {"podCIDR": "10.244.1.0/24"}},
    {**manifest("Node", "node2", namespace=""), "spec": {"podCIDRs": ["10.244.2.0/24", "fd00:2::/64"]}},
    {**manifest("Node", "node3", namespace="")},
]


def client(address: str, variable: str = "WEB_ADDR") -> Manifest:
    env = [{"name": variable, "value": address}, {"name": "LOG_URL", "value": "http://log/"}]
    return pod("till-1", labels={"app": "till"}, ip="10.244.2.8", containers=[{"name": "main", "env": env}])


async def found_with(*manifests: Manifest, scope: Scope = TO_WEB) -> list[ClientPodAddress]:
    namespace = manifest("Namespace", "shop", namespace="")
    facts = await facts_of(client_pod_address, from_manifests(namespace, *NODES, WEB, *manifests), scope)
    return [fact for fact in facts if isinstance(fact, ClientPodAddress)]


@pytest.mark.parametrize(("host", "held"), [("10.244.1.9", "10.244.1.0/24"), ("[fd00:2::9]", "fd00:2::/64")])
async def test_an_address_that_no_pod_has_is_told_with_the_service_that_is_meant(host: str, held: str) -> None:
    [found] = await found_with(client(f"http://{host}:8080/"), pod())

    assert (found.host, found.port, found.pod_range, found.pod) == (host.strip("[]"), 8080, held, "")
    assert (found.where, found.service, found.service_ports) == ("WEB_ADDR", "web.shop", "80 (http)")


async def test_a_pod_that_has_it_is_named_and_one_on_its_way_out_has_it_no_more() -> None:
    [held] = await found_with(client("10.244.1.7:8080"), pod())
    [leaving] = await found_with(client("10.244.1.7:8080"), pod(deleted=True))

    assert (held.pod, leaving.pod) == ("shop/web-1", "")


@pytest.mark.parametrize(
    "host",
    ["web", "web.example.com", "10.96.0.7", "192.0.2.7", "10.244.3.7", "10.244.1.1", "10.244.1.0"],
)
async def test_services_places_outside_and_the_nodes_own_addresses_are_none(host: str) -> None:
    assert await found_with(client(f"http://{host}:8080/")) == []


async def test_an_address_of_something_else_is_none() -> None:
    assert await found_with(client("10.244.1.9:5432", variable="DB_ADDR")) == []


async def test_without_one_service_none_is_known() -> None:
    nothing = dataclasses.replace(TO_WEB, services=())
    [found] = await found_with(client("10.244.1.9:8080"), scope=nothing)

    assert (found.service, found.service_ports) == ("none known", "none")


async def test_nodes_that_may_not_be_read_are_unknown() -> None:
    manifests = [manifest("Namespace", "shop", namespace=""), client("10.244.1.9:8080")]
    reading = from_manifests(*manifests, unreadable={"nodes": Forbidden("nodes")})
    found: Unknown = await unknown_of(client_pod_address, reading, TO_WEB)

    assert found.reason is Reason.FORBIDDEN
