"""What clients speak to the ports of Services, beside what is said about these."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.client import ClientScheme
from bot.facts.scope import Scope, Subject
from bot.probes.scheme import client_scheme
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service

TO_WEB = Scope(
    namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),), services=(Subject("Service", "shop", "web"),)
)


def till(url: str) -> Manifest:
    env = [{"name": "WEB_URL", "value": url}]
    return pod("till-1", labels={"app": "till"}, containers=[{"name": "main", "env": env}])


def web(**port: Any) -> Manifest:
    return service(ports=[{"port": 80, "targetPort": 8080, **port}])


def server(name: str = "", scheme: str = "", at: int | str = 8080) -> Manifest:
    check = {"readinessProbe": {"httpGet": {"port": at, "scheme": scheme}}} if scheme else {}
    return pod(containers=[{"name": "main", "ports": [{"containerPort": 8080, "name": name}], **check}])


async def found_with(*manifests: Manifest) -> list[ClientScheme]:
    objects = from_manifests(manifest("Namespace", "shop", namespace=""), *manifests)
    return [fact for fact in await facts_of(client_scheme, objects, TO_WEB) if isinstance(fact, ClientScheme)]


@pytest.mark.parametrize(
    ("port", "behind", "said_by"),
    [
        ({"name": "http"}, server(), "port name http"),
        ({"name": "http-admin"}, server(), "port name http-admin"),
        ({"appProtocol": "http"}, server(), "appProtocol http"),
        ({}, server("http"), "container port name http"),
        ({}, server(scheme="HTTP"), "readinessProbe HTTP"),
        ({}, server("api", scheme="HTTP", at="api"), "readinessProbe HTTP"),
    ],
)
async def test_tls_to_a_port_that_is_said_to_be_plain_differs(
    port: dict[str, str], behind: Manifest, said_by: str
) -> None:
    [found] = await found_with(till("https://web:80/"), web(**port), behind)

    assert (found.scheme, found.speaks, found.said_by, found.differs) == ("https", "http", said_by, True)
    assert (found.where, found.host, found.port, found.service) == ("WEB_URL", "web", 80, "web")


async def test_the_other_way_round_differs_too() -> None:
    [found] = await found_with(till("http://web:80/"), web(), server(scheme="HTTPS"))

    assert (found.speaks, found.differs) == ("https", True)


@pytest.mark.parametrize(
    ("port", "behind", "speaks"),
    [
        ({}, server(), "unknown"),
        ({"name": "https"}, server(scheme="HTTP"), "unknown"),
        ({}, server(scheme="HTTP", at=8081), "unknown"),
        ({"name": "https"}, server(), "https"),
    ],
    ids=["nothing is said", "not all say the same", "a probe of another port", "the same scheme"],
)
async def test_what_is_not_known_or_the_same_does_not_differ(
    port: dict[str, str], behind: Manifest, speaks: str
) -> None:
    [found] = await found_with(till("https://web:80/"), web(**port), behind)

    assert (found.speaks, found.differs) == (speaks, False)


@pytest.mark.parametrize("url", ["web:80", "https://web:81/", "redis://web:80", "https://web.example.com"])
async def test_an_address_without_a_scheme_or_of_no_such_port_is_left_out(url: str) -> None:
    assert await found_with(till(url), web(name="http"), server()) == []
