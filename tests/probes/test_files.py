"""How many files the Pods that are meant to answer have open."""

from __future__ import annotations

import json
from typing import Any

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason
from bot.facts.podview import PodFiles
from bot.facts.scope import Scope, Subject
from bot.node.requests import VERSION_REQUEST, Request, files_requests
from bot.probes.files import pod_files
from tests.node import samples
from tests.probes.manifests import facts_of, pod, unknown_of

UID = "cf581b81-43e9-401c-99bd-c76888d3bf0f"
SCOPE = Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "web-1"),))


def answered(request: Request, *, tier: int = 3, **found: Any) -> tuple[Request, bytes]:
    envelope = {name: value for name, value in samples.CAPTURED.items() if name != "series"}
    return request, json.dumps(envelope | {"node": "node1", "tier": tier, "request": list(request)} | found).encode()


def cluster(*answers: tuple[Request, bytes], tier: int = 3) -> MemoryCluster:
    server = pod("web-1", owner=("StatefulSet", "web"))
    server["metadata"]["uid"] = UID
    known = dict([answered(VERSION_REQUEST, tier=tier), *answers])
    return from_manifests(server, helpers={"node1": Helper(pod="helper-1", answers=known)})


def counted(**found: Any) -> tuple[Request, bytes]:
    return answered(files_requests([UID])[0], files={UID: found})


async def test_open_files_are_told_with_their_limit() -> None:
    assert await facts_of(pod_files, cluster(counted(open=24, limit=24)), SCOPE) == [
        PodFiles(
            namespace="shop",
            pod="web-1",
            workload="web",
            workload_type="StatefulSet",
            node="node1",
            open=24,
            limit=24,
            free=0,
            used_permille=1000,
            source="node1: /proc/PID/fd of Pod shop/web-1",
        )
    ]


async def test_more_than_a_limit_that_was_lowered_leaves_none() -> None:
    [fact] = await facts_of(pod_files, cluster(counted(open=80, limit=64)), SCOPE)

    assert isinstance(fact, PodFiles)
    assert (fact.free, fact.used_permille) == (0, 1250)


async def test_why_they_could_not_be_counted_is_told() -> None:
    refused = counted(error="open files cannot be counted: EACCES: Permission denied")

    assert (await unknown_of(pod_files, cluster(refused), SCOPE)).reason is Reason.FORBIDDEN
    assert (await unknown_of(pod_files, cluster(tier=2), SCOPE)).reason is Reason.HIGHER_TIER
    assert (await unknown_of(pod_files, cluster(counted(open=3, limit=9)), Scope())).reason is Reason.OUT_OF_SCOPE


async def test_a_helper_that_does_not_know_the_request_leaves_it_unknown() -> None:
    old = answered(files_requests([UID])[0], error="not a request: 'files'")

    assert (await unknown_of(pod_files, cluster(old), SCOPE)).reason is Reason.MALFORMED
