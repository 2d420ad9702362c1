"""Pods that were replaced while somebody went on talking to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.dns import DnsReplacement
from bot.facts.scope import Scope, Subject, SymptomKind
from bot.facts.translation import BackendReplacement
from bot.node.requests import sample_request
from bot.probes.replaced import WINDOW_SECONDS, backend_replacement, dns_replacement, workload_name
from tests.node.samples import answer
from tests.probes.manifests import Manifest, deployment, facts_of, manifest, pod, service

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
DNS = {"k8s-app": "kube-dns"}
CLIENT = Scope(
    namespaces=("shop",),
    services=(Subject("Service", "shop", "echo"),),
    clients=(Subject("Pod", "shop", "caller-1"),),
)


def killing(name: str, *, at: str, namespace: str = "shop") -> Manifest:
    made = manifest("Event", f"{name}.{at}", namespace=namespace)
    involved = {"kind": "Pod", "namespace": namespace, "name": name}
    return {**made, "involvedObject": involved, "reason": "Killing", "lastTimestamp": at}


def started(made: Manifest, at: str) -> Manifest:
    made["metadata"]["creationTimestamp"] = at
    return made


def neighbours(*found: tuple[str, str]) -> bytes:
    rows = [{"index": 4, "ip": ip, "mac": "", "state": state} for ip, state in found]
    return answer(series={"neighbours": [rows]})


def cluster(*more: Manifest, seen: Sequence[tuple[str, str]] = (), **options: Any) -> MemoryCluster:
    echo = service("echo", ports=[{"port": 5000, "protocol": "UDP"}])
    backend = pod("echo-7f-new01", labels={"app": "echo"}, ip="10.244.1.8", owner=("ReplicaSet", "echo-7f"))
    backend["metadata"]["labels"]["pod-template-hash"] = "7f"
    node = manifest("Node", "node1", namespace="")
    node["spec"] = {"podCIDR": "10.244.1.0/24"}
    caller = started(pod("caller-1", labels={}, node="node2", ip="10.244.2.5"), "2026-01-01T11:50:00Z")
    helpers = {"node1": Helper(pod="helper-1", answers={sample_request(): neighbours(*seen)})}
    return from_manifests(echo, backend, node, caller, *more, helpers=helpers, now=NOW, **options)


async def test_a_client_older_than_the_replacement_is_told_with_the_address_that_is_still_sought() -> None:
    reading = cluster(
        killing("echo-7f-old01", at="2026-01-01T11:58:00Z"),
        seen=[("10.244.1.9", "incomplete"), ("10.244.1.8", "incomplete"), ("10.231.0.7", "incomplete")],
    )

    assert await facts_of(backend_replacement, reading, CLIENT) == [
        BackendReplacement(
            service_namespace="shop",
            service="echo",
            port=5000,
            client_namespace="shop",
            client="caller-1",
            client_node="node2",
            old_pod="echo-7f-old01",
            seconds_ago=120,
            dead_addresses="10.244.1.9",
            seeking_node="node1",
            sought=True,
        )
    ]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("incomplete", ("10.244.1.9", "node1", True)),
        ("delay", ("10.244.1.9", "node1", True)),
        ("reachable", ("10.244.1.9", "node1", False)),
        ("stale", ("", "", False)),
        ("failed", ("", "", False)),
    ],
)
async def test_the_state_of_a_neighbour_tells_whether_somebody_sends_there(
    state: str, told: tuple[str, str, bool]
) -> None:
    reading = cluster(killing("echo-7f-old01", at="2026-01-01T11:58:00Z"), seen=[("10.244.1.9", state)])
    [found] = await facts_of(backend_replacement, reading, CLIENT)

    assert isinstance(found, BackendReplacement)
    assert (found.dead_addresses, found.seeking_node, found.sought) == told


@pytest.mark.parametrize(
    "event",
    [
        killing("echo-7f-new01", at="2026-01-01T11:58:00Z"),
        killing("echo-api-7f-old01", at="2026-01-01T11:58:00Z"),
        killing("echo-7f-old01", at="2026-01-01T11:49:00Z"),
    ],
    ids=["it is still there", "of another workload", "before the client started"],
)
async def test_where_nothing_was_replaced_under_the_client_nothing_is_told(event: Manifest) -> None:
    assert await facts_of(backend_replacement, cluster(event, seen=[("10.244.1.9", "incomplete")]), CLIENT) == []


async def test_the_dns_counts_where_names_are_complained_about() -> None:
    dns = service(
        "kube-dns", namespace="kube-system", labels=DNS, selector=DNS, ports=[{"port": 53, "protocol": "UDP"}]
    )
    server = pod("kube-dns-5c-new01", namespace="kube-system", labels=DNS, owner=("ReplicaSet", "kube-dns-5c"))
    server["metadata"]["labels"] = {**DNS, "pod-template-hash": "5c"}
    event = killing("kube-dns-5c-old01", at="2026-01-01T11:58:00Z", namespace="kube-system")
    reading = cluster(dns, server, event)
    complaint = Scope(kind=SymptomKind.DNS, namespaces=("shop",), clients=CLIENT.clients)

    assert [
        fact.service
        for fact in await facts_of(backend_replacement, reading, complaint)
        if isinstance(fact, BackendReplacement)
    ] == ["kube-dns"]
    assert await facts_of(backend_replacement, reading, Scope(namespaces=("shop",), clients=CLIENT.clients)) == []


async def test_the_dns_pods_that_were_stopped_lately_are_counted() -> None:
    workload = deployment("kube-dns", labels=DNS, replicas=1)
    workload["metadata"]["namespace"] = "kube-system"
    dns = service("kube-dns", namespace="kube-system", labels=DNS, selector=DNS)
    events = [
        killing("kube-dns-5c-a", at="2026-01-01T11:57:00Z", namespace="kube-system"),
        killing("kube-dns-6d-b", at="2026-01-01T11:59:50Z", namespace="kube-system"),
        killing("kube-dns-5c-c", at="2026-01-01T11:56:59Z", namespace="kube-system"),
        killing("kube-proxy-x", at="2026-01-01T11:59:50Z", namespace="kube-system"),
    ]
    [found] = await facts_of(dns_replacement, cluster(workload, dns, *events))

    assert isinstance(found, DnsReplacement)
    assert (found.workload, found.stopped_pods, found.last_seconds_ago) == ("kube-dns", 2, 10)
    assert found.window_seconds == WINDOW_SECONDS


@pytest.mark.parametrize(
    ("name", "kind", "workload"),
    [
        ("web-api-7f-abcde", "Deployment", "web-api"),
        ("web-0", "StatefulSet", "web"),
        ("agent-x7x", "DaemonSet", "agent"),
    ],
)
def test_a_pods_name_tells_its_workload(name: str, kind: str, workload: str) -> None:
    assert workload_name(name, kind) == workload
