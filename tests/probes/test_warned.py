"""Warnings: those of a symptom's own objects, and of no others."""

from __future__ import annotations

from typing import Any

from bot.cluster.manifests import from_manifests
from bot.facts.base import Fact, Reason
from bot.facts.limits import NodeWarning, ObjectWarning
from bot.facts.scope import Scope, Subject
from bot.probes.events import TEXT_LENGTH
from bot.probes.warned import AT_MOST, inmost, node_warning, object_warning
from tests.probes.manifests import event, facts_of, manifest, pod, service, unknown_of

LIVENESS = "Liveness probe failed: Get http://10.244.1.5:8080/healthz: context deadline exceeded"


def told(facts: list[Fact]) -> list[tuple[str, ...]]:
    """Kind, name and reason of warnings."""
    assert all(isinstance(fact, ObjectWarning) for fact in facts)
    return [(fact.object_kind, fact.name, fact.reason) for fact in facts if isinstance(fact, ObjectWarning)]


def web_1(**spec: Any) -> dict[str, Any]:
    made = pod("web-1", ip="10.244.1.5")
    made["spec"] |= spec
    return made


async def test_only_warnings_about_the_symptoms_objects_are_reported() -> None:
    cluster = from_manifests(
        service(),
        web_1(),
        event("SyncLoadBalancerFailed", "no address left", about=("Service", "web")),
        event("Other", "all is well", about=("Service", "web"), kind="Normal"),
        event("Elsewhere", "not ours", about=("Service", "till")),
        event("OfPod", "not ours", about=("Pod", "till-1")),
        event("OfName", "another kind", about=("Deployment", "web-1")),
    )

    assert await facts_of(object_warning, cluster) == [
        ObjectWarning(
            object_kind="Service",
            namespace="shop",
            name="web",
            reason="SyncLoadBalancerFailed",
            says="no address left",
            times=3,
            seconds_ago=60,
        )
    ]


async def test_what_kubelet_says_of_a_pod_is_alike_for_all_replicas() -> None:
    [found] = await facts_of(
        object_warning, from_manifests(service(), web_1(), event("Unhealthy", LIVENESS, about=("Pod", "web-1")))
    )

    assert isinstance(found, ObjectWarning)
    assert found.says == "Liveness probe failed: Get http://PodIP:8080/healthz: context deadline exceeded"


async def test_of_each_reason_the_latest_is_told_and_of_unhealthy_of_each_probe() -> None:
    late = "2026-01-01T11:59:30Z"
    cluster = from_manifests(
        service(),
        web_1(),
        event("BackOff", "Back-off restarting failed container", about=("Pod", "web-1"), at=late),
        event("BackOff", "Back-off restarting old container", about=("Pod", "web-1")),
        event("Unhealthy", LIVENESS, about=("Pod", "web-1")),
        event("Unhealthy", "Readiness probe failed: refused", about=("Pod", "web-1"), at=late),
    )
    found = [fact for fact in await facts_of(object_warning, cluster) if isinstance(fact, ObjectWarning)]

    assert sorted((fact.reason, fact.says.split(":")[0], fact.seconds_ago) for fact in found) == [
        ("BackOff", "Back-off restarting failed container", 30),
        ("Unhealthy", "Liveness probe failed", 60),
        ("Unhealthy", "Readiness probe failed", 30),
    ]


async def test_nodes_of_the_path_are_told_of_also_where_the_controller_calls_it_normal() -> None:
    down = "Node node1 status is now: NodeNotReady"
    cluster = from_manifests(
        *(manifest("Node", name, namespace="") for name in ("node1", "node9")),
        event("NodeNotReady", down, about=("Node", "node1"), kind="Normal", namespace="default"),
        event("NodeReady", "is well", about=("Node", "node1"), kind="Normal", namespace="default"),
        event("Rebooted", "boot id: 7f0c", about=("Node", "node9"), namespace="default"),
    )
    told = NodeWarning(node="node1", reason="NodeNotReady", says=down, times=3, seconds_ago=60)
    [first, second] = await facts_of(node_warning, cluster, Scope(cluster_wide=True))

    assert await facts_of(node_warning, cluster, Scope(client_nodes=("node1",))) == [told]
    assert first == told
    assert isinstance(second, NodeWarning)
    assert (second.node, second.reason) == ("node9", "Rebooted")
    assert (await unknown_of(node_warning, cluster)).reason is Reason.OUT_OF_SCOPE


async def test_an_ingress_of_the_symptom_counts_too() -> None:
    rejected = event("Rejected", "host is taken", about=("Ingress", "web"))
    scope = Scope(namespaces=("shop",), subjects=frozenset({Subject("Ingress", "shop", "web")}))

    assert told(await facts_of(object_warning, from_manifests(service(), rejected), scope)) == [
        ("Ingress", "web", "Rejected")
    ]


async def test_of_thousands_the_latest_are_told() -> None:
    many = [event("Bad", f"{number}", about=("Pod", f"web-{number}")) for number in range(AT_MOST + 5)]
    pods = [pod(f"web-{number}") for number in range(AT_MOST + 5)]
    found = await facts_of(object_warning, from_manifests(service(), *pods, *many))

    assert len(found) == AT_MOST


def test_of_errors_that_wrap_each_other_the_inmost_is_kept() -> None:
    inner = "endpointslices is forbidden: User may not update it"

    assert inmost(f"failed to update {'x' * 190}: {inner}") == inner
    assert inmost(inner) == inner
    assert inmost(f"Search Line limits were exceeded: {'x' * 190}: y").startswith("Search Line limits")
    assert len(inmost("x" * 500)) == TEXT_LENGTH
