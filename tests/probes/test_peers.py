"""Members of a cluster that look for each other by name while none is ready."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.headless import PeerNames
from bot.facts.scope import Scope, Subject
from bot.probes.peers import peer_names
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service

SCOPE = Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "db-0"),))
DB = {"app": "db"}


def member(*, ready: bool = False) -> Manifest:
    return pod("db-0", labels=DB, ready=ready, owner=("StatefulSet", "db"))


def failed(said: str) -> Manifest:
    made = manifest("Event", "one")
    about = {"kind": "Pod", "namespace": "shop", "name": "db-0"}
    return {**made, "involvedObject": about, "reason": "Unhealthy", "message": f"Readiness probe failed: {said}"}


async def told(said: str, *, ready: bool = False, **spec: Any) -> list[PeerNames]:
    home = service("db", selector=DB, **{"clusterIP": "None", **spec})
    facts = await facts_of(peer_names, from_manifests(home, member(ready=ready), failed(said)), SCOPE)
    return [fact for fact in facts if isinstance(fact, PeerNames)]


async def test_a_probe_that_asks_for_a_peer_is_told_with_the_service_that_names_it() -> None:
    assert await told("peer db-1.db not found") == [
        PeerNames(
            namespace="shop",
            service="db",
            workload="db",
            workload_type="StatefulSet",
            pods=1,
            ready_pods=0,
            publishes_not_ready=False,
            name="db-1.db",
        )
    ]


async def test_a_service_that_publishes_pods_that_are_not_ready_says_so() -> None:
    [fact] = await told("lookup db-1.db.shop.svc: no such host", publishNotReadyAddresses=True)

    assert (fact.publishes_not_ready, fact.name) == (True, "db-1.db")


@pytest.mark.parametrize("said", ["connection refused", "peer db-1.db2 not found", "db is not ready", "x.db-1.other"])
async def test_other_words_of_kubelet_are_no_names_of_peers(said: str) -> None:
    assert await told(said) == []


async def test_a_service_with_an_address_or_a_pod_that_is_ready_is_not_it() -> None:
    assert await told("peer db-1.db not found", clusterIP="10.96.0.8") == []
    assert await told("peer db-1.db not found", ready=True) == []
