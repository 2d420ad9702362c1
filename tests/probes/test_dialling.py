"""Pods that call addresses which nobody has any more."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper
from bot.facts.base import Reason, Unknown
from bot.facts.podview import PodDialling
from bot.facts.scope import Scope, Subject
from bot.node.requests import SOCKETS_REQUEST, VERSION_REQUEST, inside
from bot.probes.dialling import pod_dialling
from tests.probes.manifests import facts_of, manifest, pod, service
from tests.probes.test_files import UID, answered

SCOPE = Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "web-1"),))


async def told(*calls: tuple[str, int, int], tier: int = 3) -> list[Any]:
    dialling = [{"peer": peer, "port": port, "looks": looks} for peer, port, looks in calls]
    request = inside(UID, "10.244.1.7", SOCKETS_REQUEST)
    found: dict[str, Any] = {"sockets": {"listening": [], "accepted": [], "dialling": dialling}}
    if tier < 3:
        found = {"error": f"tier 3 is needed, and this helper has tier {tier}"}
    answers = dict([answered(VERSION_REQUEST, tier=tier), answered(request, tier=tier, **found)])
    web = pod(owner=("StatefulSet", "web"))
    web["metadata"]["uid"] = UID
    node = manifest("Node", "node1", namespace="")
    cluster = from_manifests(
        web,
        pod("other-1", ip="10.244.1.9"),
        {**node, "spec": {"podCIDR": "10.244.1.0/24"}},
        service("kubernetes", namespace="default", clusterIP="10.96.0.1"),
        service("db", clusterIP="10.96.0.8"),
        helpers={"node1": Helper(pod="helper-1", answers=answers)},
    )
    return list(await facts_of(pod_dialling, cluster, SCOPE))


async def test_an_address_of_a_pod_that_is_gone_is_told() -> None:
    assert await told(("10.244.1.77", 8080, 4)) == [
        PodDialling(
            namespace="shop",
            pod="web-1",
            workload="web",
            workload_type="StatefulSet",
            role="backend",
            node="node1",
            address="10.244.1.77",
            port=8080,
            was="Pod",
            looks=4,
        )
    ]


async def test_an_address_near_the_api_servers_that_no_service_has_was_a_service() -> None:
    [fact] = await told(("10.96.7.7", 80, 5))

    assert fact.was == "Service"


@pytest.mark.parametrize("address", ["10.244.1.9", "10.96.0.8", "192.0.2.7", "fd00::7"])
async def test_addresses_that_somebody_has_or_that_are_outside_are_left_out(address: str) -> None:
    assert await told((address, 80, 5)) == []


async def test_a_pod_that_may_not_be_entered_is_unknown() -> None:
    [fact] = await told(("10.244.1.77", 8080, 4), tier=2)

    assert isinstance(fact, Unknown)
    assert fact.reason is Reason.HIGHER_TIER
