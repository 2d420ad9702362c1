"""Proxies in clients' environments."""

from __future__ import annotations

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.client import ClientProxy
from bot.facts.scope import Scope, Subject
from bot.probes.proxy import client_proxy, is_exempt
from tests.probes.manifests import WEB, facts_of, pod, service

SCOPE = Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),), services=WEB.services)
PROXY = {"http_proxy": "http://user:hunter2@proxy.example.com:3128", "WEB_ADDR": "web:80"}


async def found_with(**variables: str) -> list[ClientProxy]:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    client = pod("till-1", containers=[{"name": "main", "env": env}])
    facts = await facts_of(client_proxy, from_manifests(client, service(ports=[{"port": 80}])), SCOPE)
    return [fact for fact in facts if isinstance(fact, ClientProxy)]


async def test_a_proxy_is_held_against_how_the_client_calls_the_service() -> None:
    [found] = await found_with(**PROXY, no_proxy=".svc.cluster.local,10.0.0.0/24")

    assert (found.variable, found.proxy, found.host, found.exempt) == (
        "http_proxy",
        "proxy.example.com:3128",
        "web",
        False,
    )
    assert found.no_proxy == ".svc.cluster.local,10.0.0.0/24"


@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("value", ["web", "*", "localhost, web", "10.96.0.0/16", "10.96.0.7"])
async def test_the_name_the_address_or_everything_exempts(variable: str, value: str) -> None:
    [found] = await found_with(**PROXY, **{variable: value})

    assert found.exempt


async def test_without_an_exemption_none_is_set() -> None:
    [found] = await found_with(**PROXY)

    assert (found.no_proxy, found.exempt) == ("not set", False)


async def test_a_client_without_a_proxy_is_no_fact() -> None:
    assert await found_with(WEB_ADDR="web:80", no_proxy="*") == []


@pytest.mark.parametrize(
    ("host", "no_proxy", "expected"),
    [
        ("web.shop.svc.cluster.local", ".cluster.local", True),
        ("web.shop.svc.cluster.local", "cluster.local", True),
        ("web.shop.svc.cluster.local", "*.cluster.local", True),
        ("web.shop", ".svc", False),
        ("web", "eb", False),
        ("web", "", False),
        ("web", ",", False),
        ("web", "web:8080", True),
    ],
)
def test_domains_exempt_what_is_below_them(*, host: str, no_proxy: str, expected: bool) -> None:
    assert is_exempt(host, no_proxy) is expected
