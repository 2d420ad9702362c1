"""Pods that have not started: what keeps them, and the Nodes they may go to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.cluster.objects import Event
from bot.facts.base import Reason
from bot.facts.pod import PodPlacement, PodStart
from bot.probes.starting import pod_placement, pod_start, trouble_of
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service, unknown_of

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
RUNTIME_DOWN = "[container runtime is down, PLEG is not healthy]"
HOSTNAME = "kubernetes.io/hostname"


def waiting(*, node: str = "", selector: dict[str, str] | None = None, affinity: Manifest | None = None) -> Manifest:
    made = pod(ready=False, node=node, ip="", phase="Pending", owner=("StatefulSet", "web"))
    made["spec"] |= {"nodeSelector": selector or {}, "affinity": affinity or {}}
    return made


def event(reason: str, message: str, *, at: str = "2026-01-01T11:59:00Z") -> Manifest:
    involved = {"kind": "Pod", "namespace": "shop", "name": "web-1"}
    said = {"involvedObject": involved, "reason": reason, "message": message, "type": "Warning", "lastTimestamp": at}
    return {**manifest("Event", f"web-1.{at}"), **said}


def node(name: str, *, ready: bool = True, cordoned: bool = False) -> Manifest:
    made = manifest("Node", name, namespace="", labels={HOSTNAME: name})
    condition = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting"}
    if not ready:
        condition |= {"status": "False", "reason": "KubeletNotReady", "message": RUNTIME_DOWN}
    return {**made, "spec": {"unschedulable": cordoned}, "status": {"conditions": [condition]}}


async def placement(*manifests: Manifest) -> PodPlacement:
    [found] = await facts_of(pod_placement, from_manifests(service(), *manifests))
    assert isinstance(found, PodPlacement)
    return found


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        (
            "FailedCreatePodSandBox failed to allocate for range 0: no IP addresses available in range set",
            "addresses-used-up",
        ),
        ('FailedCreatePodSandBox plugin type="calico" failed (add): connection is unauthorized', "network-plugin"),
        ("FailedCreatePodSandBox rpc error: code = Unknown desc = failed to start sandbox", "sandbox"),
        ('FailedMount configmap "cni-settings" not found', "volume"),
        ("FailedScheduling 0/2 nodes are available", "scheduling"),
        ("BackOff pulling the image", "other"),
    ],
)
def test_what_keeps_a_pod_is_told_by_the_words_of_who_could_not_start_it(text: str, trouble: str) -> None:
    reason, _, message = text.partition(" ")

    assert trouble_of(Event(reason=reason, message=message)) == trouble


async def test_the_latest_words_about_a_pod_that_has_not_started_are_told() -> None:
    old = event("FailedScheduling", "0/2 nodes are available", at="2026-01-01T11:00:00Z")
    new = event("FailedMount", "MountVolume.SetUp failed")
    [found] = await facts_of(pod_start, from_manifests(service(), waiting(node="node1"), old, new))

    assert found == PodStart(
        namespace="shop",
        name="web-1",
        node="node1",
        workload="web",
        workload_type="StatefulSet",
        trouble="volume",
        said="MountVolume.SetUp failed",
        started=False,
    )


@pytest.mark.parametrize(("at", "kept"), [("11:57:00", True), ("11:56:59", False)])
async def test_a_pod_that_runs_was_kept_only_if_that_was_said_in_the_last_minutes(at: str, *, kept: bool) -> None:
    said = event("FailedCreatePodSandBox", "no IP addresses available in range set", at=f"2026-01-01T{at}Z")
    unhealthy = event("Unhealthy", "Readiness probe failed: timeout", at="2026-01-01T11:59:30Z")
    cluster = from_manifests(service(), pod(ready=False), said, unhealthy, now=NOW)
    found = [fact for fact in await facts_of(pod_start, cluster) if isinstance(fact, PodStart)]

    assert [(fact.trouble, fact.started) for fact in found] == ([("addresses-used-up", True)] if kept else [])


async def test_a_pod_that_is_ready_is_past_what_kept_it() -> None:
    cluster = from_manifests(service(), pod(), event("FailedMount", "MountVolume.SetUp failed"), now=NOW)

    assert await facts_of(pod_start, cluster) == []


async def test_events_that_may_not_be_read_are_unknown() -> None:
    refused = {"events": Forbidden("list events in namespace shop")}
    missing = await unknown_of(pod_start, from_manifests(service(), waiting(), unreadable=refused))

    assert missing.reason is Reason.FORBIDDEN


async def test_a_pod_that_asks_for_a_node_fits_that_one_only() -> None:
    found = await placement(waiting(selector={HOSTNAME: "node1"}), node("node1", ready=False), node("node2"))

    assert (found.selects_nodes, found.fitting_nodes, found.ready_nodes, found.open_nodes) == (True, 1, 0, 0)
    assert (found.node, found.node_reason, found.node_says) == ("node1", "KubeletNotReady", RUNTIME_DOWN)


async def test_a_required_affinity_is_asked_like_a_selector() -> None:
    term = {"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": ["node2"]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    found = await placement(waiting(affinity={"nodeAffinity": required}), node("node1"), node("node2", cordoned=True))

    assert (found.fitting_nodes, found.ready_nodes, found.open_nodes, found.node) == (1, 1, 0, "node2")


async def test_a_pod_that_asks_for_nothing_fits_every_node() -> None:
    found = await placement(waiting(), node("node1"), node("node2"))

    assert (found.selects_nodes, found.fitting_nodes, found.open_nodes, found.node) == (False, 2, 2, "")
