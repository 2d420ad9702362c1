"""What becomes of a Node's own packets to a Service's address before anything translates it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper
from bot.facts.routes import ServiceWay
from bot.facts.scope import Scope, Subject
from bot.node.requests import sample_request
from bot.probes.serviceway import service_way
from tests.node.samples import answer, link
from tests.probes.manifests import facts_of, service

SCOPE = Scope(namespaces=("shop",), services=(Subject("Service", "shop", "web"),), client_nodes=("node1",), dns=False)


def route(to: str, kind: str = "unicast") -> dict[str, Any]:
    return {"to": to, "type": kind, "table": 254, "index": 2, "via": "", "metric": 0}


async def way(*routes: dict[str, Any], holder: str = "") -> ServiceWay:
    held = [{"index": 7, "ip": "10.96.0.7", "prefix_length": 32}] if holder else []
    series = {
        "links": [[link(2, "eth0"), link(7, holder or "dummy0", kind="dummy")]],
        "addresses": [held],
        "routes": [[route("0.0.0.0/0"), *routes]],
    }
    helper = Helper(pod="helper-node1", answers={sample_request(): answer(series=series)})
    [found] = await facts_of(service_way, from_manifests(service(), helpers={"node1": helper}), SCOPE)
    assert isinstance(found, ServiceWay)
    return found


async def test_the_default_route_leads_to_a_service_as_it_should() -> None:
    found = await way()

    assert (found.address, found.route, found.type, found.refuses) == ("10.96.0.7", "0.0.0.0/0", "unicast", False)
    assert found.held_by == ""


@pytest.mark.parametrize("kind", ["unreachable", "blackhole", "prohibit"])
async def test_a_route_that_throws_packets_away_is_told(kind: str) -> None:
    found = await way(route("10.96.0.0/16", kind))

    assert (found.route, found.type, found.refuses) == ("10.96.0.0/16", kind, True)


async def test_a_route_beside_the_services_does_not_count() -> None:
    assert not (await way(route("10.97.0.0/16", "unreachable"))).refuses


@pytest.mark.parametrize(("device", "told"), [("nodelocaldns", "nodelocaldns"), ("kube-ipvs0", "")])
async def test_who_holds_the_address_is_told_but_for_kube_proxys_own_device(device: str, told: str) -> None:
    assert (await way(holder=device)).held_by == told
