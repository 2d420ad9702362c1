"""What containers of one Pod call in another container of it."""

from __future__ import annotations

from typing import Any

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason
from bot.facts.loopback import LoopbackSetting
from bot.facts.scope import Scope, Subject
from bot.node.requests import VERSION_REQUEST, Request, inside
from bot.probes.loopback import loopback_setting
from tests.node import samples
from tests.probes.manifests import facts_of, pod, unknown_of
from tests.probes.test_files import UID, answered

SCOPE = Scope(
    namespaces=("shop",), services=(Subject("Service", "shop", "web"),), backends=(Subject("Pod", "shop", "web-1"),)
)
SAMPLE = inside(UID, "10.244.1.7", ("sample", "--seconds", "3"))


def listening(*ports: int) -> tuple[Request, bytes]:
    listeners = [{"ip": "127.0.0.1", "port": port, "waiting": 0, "most": 5} for port in ports]
    return SAMPLE, samples.answer(series={"listeners": [listeners]}, request=list(SAMPLE), tier=3)


def cluster(upstream: str, *answers: tuple[Request, bytes], tier: int = 3) -> MemoryCluster:
    env = [{"name": "UPSTREAM", "value": upstream}]
    web = pod("web-1", owner=("StatefulSet", "web"), containers=[{"name": "proxy", "env": env}])
    web["metadata"]["uid"] = UID
    known = dict([answered(VERSION_REQUEST, tier=tier), *answers])
    return from_manifests(web, helpers={"node1": Helper(pod="helper-1", answers=known)})


async def told(upstream: str, *ports: int) -> list[Any]:
    return list(await facts_of(loopback_setting, cluster(upstream, listening(*ports)), SCOPE))


async def test_a_port_where_nothing_listens_is_told_with_those_that_are_listened_on() -> None:
    assert await told("127.0.0.1:9000", 9876, 8080) == [
        LoopbackSetting(
            namespace="shop",
            workload="web",
            workload_type="StatefulSet",
            role="backend",
            pod="web-1",
            node="node1",
            where="UPSTREAM",
            port=9000,
            listened=False,
            listens="8080, 9876",
        )
    ]


async def test_a_port_that_is_listened_on_is_well() -> None:
    [fact] = await told("http://localhost:9000/api", 9000)

    assert fact.listened


async def test_an_address_of_somebody_else_is_no_loopback_setting() -> None:
    assert await told("http://other:9000") == []


async def test_a_pod_that_may_not_be_entered_is_unknown() -> None:
    refused = answered(SAMPLE, tier=2, error="tier 3 is needed, and this helper has tier 2")
    found = await unknown_of(loopback_setting, cluster("127.0.0.1:9000", refused, tier=2), SCOPE)

    assert found.reason is Reason.HIGHER_TIER
