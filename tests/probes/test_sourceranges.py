"""Clients in the cluster that call a load balancer's address, and whom its Service lets in."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.entry import BalancerClient
from bot.facts.scope import Scope, Subject
from bot.probes.sourceranges import balancer_client
from tests.probes.manifests import WEB, Manifest, facts_of, manifest, pod, service

ADDRESS = "198.51.100.200"
ASKED = Scope(
    namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),), services=WEB.services, entry_address=ADDRESS
)


def web(*ranges: str, mode: str = "VIP", **fields: Any) -> Manifest:
    spec = {"type": "LoadBalancer", "loadBalancerSourceRanges": list(ranges), **fields}
    return {
        **service(ports=[{"port": 80}], **spec),
        "status": {"loadBalancer": {"ingress": [{"ip": ADDRESS, "ipMode": mode}]}},
    }


def till(address: str = "web:80") -> Manifest:
    env = [{"name": "WEB_ADDR", "value": address}]
    return pod("till-1", labels={"app": "till"}, ip="10.244.2.8", containers=[{"name": "main", "env": env}])


async def found_with(*manifests: Manifest, scope: Scope = ASKED) -> list[BalancerClient]:
    facts = await facts_of(
        balancer_client, from_manifests(manifest("Namespace", "shop", namespace=""), *manifests), scope
    )
    return [fact for fact in facts if isinstance(fact, BalancerClient)]


async def test_a_client_outside_the_ranges_is_refused() -> None:
    [found] = await found_with(web("10.231.0.0/24", "192.0.2.0/24"), till())

    assert (found.address, found.source_ranges) == (ADDRESS, "10.231.0.0/24, 192.0.2.0/24")
    assert (found.clients, found.refused, found.example) == (1, 1, "shop/till-1 (10.244.2.8)")


@pytest.mark.parametrize("ranges", [("192.0.2.0/24", "10.244.0.0/16"), ("0.0.0.0/0",), ("fd00::/8",), ("nonsense",)])
async def test_one_inside_and_one_that_cannot_be_compared_are_not(ranges: tuple[str, ...]) -> None:
    [found] = await found_with(web(*ranges), till())

    assert (found.refused, found.example) == (0, "")


async def test_who_calls_the_service_by_its_name_is_not_asked_for() -> None:
    by_name = dataclasses.replace(ASKED, entry_address="")

    assert await found_with(web("192.0.2.0/24"), till(), scope=by_name) == []
    assert await found_with(web("192.0.2.0/24"), till(f"{ADDRESS}:80"), scope=by_name)


@pytest.mark.parametrize("fields", [{"mode": "Proxy"}, {"type": "NodePort"}])
async def test_where_nodes_do_not_take_the_connections_themselves_nothing_is_known(fields: dict[str, str]) -> None:
    assert await found_with(web("192.0.2.0/24", **fields), till()) == []
