"""A helper of tier 3 on a real cluster: what a Pod's own network namespace and its containers' cgroups count."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.connect import connect
from bot.cluster.live import LiveCluster
from bot.facts.base import Fact
from bot.facts.queue import ContainerThrottling, PodSockets
from bot.facts.scope import Scope, Subject
from bot.node.manifest import manifest
from bot.probes.containers import container_throttling, pod_sockets
from bot.probes.probe import Probe
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

LABELS = "app=tier-3"
TRIES = 20
"""A busy machine answers late now and then."""
ACCEPTS_NOTHING = """
import socket
server = socket.create_server(("", 8080), backlog=1)
while True:
    sum(range(100_000))
"""
CONNECTS = """
import os, socket, time
while True:
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex((os.environ["TARGET"], 8080))
    time.sleep(0.1)
    client.close()
"""
F = TypeVar("F", bound=Fact)


def pod(name: str, node: str, program: str, **container: Any) -> dict[str, Any]:
    made = {"name": "main", "image": "testbed/nettools:1", "command": ["python3", "-c", program], **container}
    spec = {"nodeName": node, "terminationGracePeriodSeconds": 1, "containers": [made]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def place(test_bed: TestBed) -> Iterator[str]:
    """A namespace with helpers of tier 3, a Pod that accepts nothing and is held back, and one that connects to it."""
    with test_bed.namespace("tier3") as namespace:
        test_bed.apply(*manifest(image="testbed/nettools:1", namespace=namespace, labels=LABELS, tier=3))
        slow = pod("slow", "node2", ACCEPTS_NOTHING, resources={"limits": {"cpu": "100m"}})
        test_bed.apply(slow | {"metadata": {"name": "slow", "namespace": namespace}})
        test_bed.kubectl("-n", namespace, "wait", "pod/slow", "--for=condition=Ready", "--timeout=120s")
        address = test_bed.kubectl("-n", namespace, "get", "pod", "slow", "-o", "jsonpath={.status.podIP}")
        caller = pod("caller", "node1", CONNECTS, env=[{"name": "TARGET", "value": address}])
        test_bed.apply(caller | {"metadata": {"name": "caller", "namespace": namespace}})
        test_bed.kubectl("-n", namespace, "rollout", "status", "daemonset/netmedic-helper", "--timeout=120s")
        yield namespace


@pytest.fixture
async def seen(test_bed: TestBed, place: str) -> AsyncIterator[LiveCluster]:
    async with await connect(kubeconfig=test_bed.kubeconfig, helper_namespace=place, helper_labels=LABELS) as cluster:
        yield cluster


async def until(cluster: LiveCluster, probe: Probe, of: type[F], place: str, wanted: Callable[[F], bool]) -> F:
    """Look until it is so, and return that fact of the Pod that is slow."""
    facts: list[Fact] = []
    for _ in range(TRIES):
        facts = await probe.observe(CachedCluster(cluster), Scope(backends=(Subject("Pod", place, "slow"),)))
        for fact in facts:
            if isinstance(fact, of) and wanted(fact):
                return fact
    raise AssertionError(facts)


async def test_a_container_that_is_held_back_at_its_limit_shows(place: str, seen: LiveCluster) -> None:
    found = await until(
        seen, container_throttling, ContainerThrottling, place, lambda fact: fact.throttled_permille >= 250
    )

    assert (found.pod, found.container, found.node) == ("slow", "main", "node2")


async def test_a_listen_queue_that_overflows_shows_and_is_gone_afterwards(
    test_bed: TestBed, place: str, seen: LiveCluster
) -> None:
    ill = await until(seen, pod_sockets, PodSockets, place, lambda fact: fact.listen_overflows >= 3)
    test_bed.kubectl("-n", place, "delete", "pod", "caller", "--wait=false")
    well = await until(seen, pod_sockets, PodSockets, place, lambda fact: fact.listen_overflows == 0)

    assert (ill.pod, ill.node) == (well.pod, well.node) == ("slow", "node2")
