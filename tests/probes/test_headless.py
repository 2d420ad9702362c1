"""Ports of headless Services, and who uses them."""

from __future__ import annotations

import dataclasses

from bot.cluster.manifests import from_manifests
from bot.facts.headless import HeadlessPort
from bot.facts.scope import Scope, Subject
from bot.probes.headless import headless_port
from tests.probes.manifests import WEB, Manifest, facts_of, pod, service

BACKEND = pod("web-1", containers=[{"name": "web", "ports": [{"containerPort": 8080, "name": "http"}]}])
SCOPE = Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),), services=WEB.services)


def headless(*, port: int = 80, target: int | str = "http") -> Manifest:
    return service(ports=[{"port": port, "targetPort": target}], clusterIP="None")


def client(address: str) -> Manifest:
    return pod(
        "till-1", labels={"app": "till"}, containers=[{"name": "main", "env": [{"name": "WEB", "value": address}]}]
    )


async def found_with(*manifests: Manifest, scope: Scope = SCOPE) -> list[HeadlessPort]:
    facts = await facts_of(headless_port, from_manifests(*manifests, BACKEND), scope)
    return [fact for fact in facts if isinstance(fact, HeadlessPort)]


async def test_a_client_that_uses_the_services_port_is_found() -> None:
    [found] = await found_with(headless(), client("http://web:80/"))

    assert (found.port, found.target_port, found.pod_port, found.differs) == (80, "http", 8080, True)
    assert (found.asked, found.asked_by) == (True, "WEB of Pod shop/till-1")


async def test_a_client_of_the_pods_port_uses_it_not() -> None:
    [found] = await found_with(headless(), client("http://web:8080/"))

    assert (found.differs, found.asked, found.asked_by) == (True, False, "nobody seen")


async def test_the_symptom_may_name_the_port() -> None:
    named = dataclasses.replace(SCOPE, clients=(), port=80)
    [found] = await found_with(headless(), scope=named)

    assert (found.asked, found.asked_by) == (True, "the symptom")


async def test_ports_that_are_alike_or_unknown_do_not_differ() -> None:
    [alike] = await found_with(headless(port=8080, target=8080), client("web:8080"))
    [unknown] = await found_with(headless(target="gone"), client("web:80"))

    assert (alike.differs, unknown.differs, unknown.pod_port) == (False, False, 0)


async def test_a_service_with_an_address_translates_its_ports() -> None:
    assert await found_with(service(ports=[{"port": 80, "targetPort": 8080}]), client("web:80")) == []
