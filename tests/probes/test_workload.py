"""Workloads that should provide a Service's Pods."""

from __future__ import annotations

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.service import Workload
from bot.probes.workload import workload
from tests.probes.manifests import Manifest, deployment, facts_of, manifest, pod, service, unknown_of


async def found_for(*manifests: Manifest) -> list[Workload]:
    facts = await facts_of(workload, from_manifests(service(), *manifests))
    return [fact for fact in facts if isinstance(fact, Workload)]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
async def test_a_workload_whose_template_the_service_selects_is_found(kind: str) -> None:
    [found] = await found_for(deployment(replicas=0, kind=kind), deployment("db", kind=kind))

    assert found == Workload(
        namespace="shop",
        name="web",
        type=kind,
        service="web",
        wanted_replicas=0,
        ready_replicas=1,
        create_failure="",
        starting_pods=0,
        ready_without_pods=1,
        name_taken_by="",
        readiness_probe="none",
        leaving_readiness_probe="",
        readiness_probe_changes=False,
    )


async def test_a_pod_that_a_stateful_set_released_keeps_its_name() -> None:
    own, released = pod("web-0", owner=("StatefulSet", "web")), pod("web-0", labels={"app": "web-debug"})

    [well] = await found_for(deployment(kind="StatefulSet"), own)
    [taken] = await found_for(deployment(kind="StatefulSet"), released)
    [of_deployment] = await found_for(deployment(), released)

    assert (well.name_taken_by, taken.name_taken_by, of_deployment.name_taken_by) == ("", "web-0", "")


async def test_a_workload_without_a_number_wants_one_replica() -> None:
    [found] = await found_for(deployment())

    assert found.wanted_replicas == 1


@pytest.mark.parametrize(
    ("made", "phase", "waits", "node", "starting"),
    [
        ("2026-01-01T11:59:01Z", "Pending", "ContainerCreating", "node1", 1),
        ("2026-01-01T11:59:00Z", "Pending", "ContainerCreating", "node1", 0),
        ("2026-01-01T11:59:01Z", "Running", "ContainerCreating", "node1", 0),
        ("2026-01-01T11:59:01Z", "Pending", "CreateContainerConfigError", "node1", 0),
        ("2026-01-01T11:59:01Z", "Pending", "PodInitializing", "node1", 0),
        ("2026-01-01T11:59:01Z", "Pending", "ContainerCreating", "", 0),
    ],
)
async def test_a_pod_that_was_only_just_made_is_starting(
    made: str, phase: str, waits: str, node: str, starting: int
) -> None:
    status = {"name": "main", "state": {"waiting": {"reason": waits}}}
    new = pod(phase=phase, owner=("Deployment", "web"), statuses=[status], node=node)
    new["metadata"]["creationTimestamp"] = made
    [found] = await found_for(deployment(), new)

    assert found.starting_pods == starting


@pytest.mark.parametrize(
    ("pods", "beyond"),
    [((), 1), ((pod(owner=("Deployment", "web"), deleted=True),), 1), ((pod(owner=("Deployment", "web")),), 0)],
)
async def test_a_status_that_counts_pods_which_are_gone_is_told(pods: tuple[Manifest, ...], beyond: int) -> None:
    [found] = await found_for(deployment(), *pods)

    assert found.ready_without_pods == beyond


async def test_a_daemonset_wants_as_many_as_nodes_fit() -> None:
    status = {"desiredNumberScheduled": 3, "numberReady": 2}
    [found] = await found_for({**deployment(kind="DaemonSet"), "status": status})

    assert (found.type, found.wanted_replicas, found.ready_replicas) == ("DaemonSet", 3, 2)


async def test_the_template_counts_and_not_the_labels_of_the_workload_itself() -> None:
    item = deployment("web", labels={"app": "other"})
    item["metadata"]["labels"] = {"app": "web"}

    assert await found_for(item) == []


async def test_a_workload_of_another_namespace_provides_nothing() -> None:
    item = deployment()
    item["metadata"]["namespace"] = "other"

    assert await found_for(item) == []


async def test_a_refused_list_is_unknown() -> None:
    cluster = from_manifests(service(), unreadable={"deployments.apps": Forbidden("list deployments.apps")})
    missing = await unknown_of(workload, cluster)

    assert missing.reason is Reason.FORBIDDEN


QUOTA = "Error creating: pods is forbidden:\n exceeded quota"


def failed(message: str, *, kind: str, name: str, at: str = "2026-01-01T11:59:00Z") -> Manifest:
    involved = {"kind": kind, "namespace": "shop", "name": name}
    event = {"involvedObject": involved, "reason": "FailedCreate", "message": message, "lastTimestamp": at}
    return {**manifest("Event", f"{name}.{at}"), **event}


@pytest.mark.parametrize(
    ("kind", "creator", "name"),
    [
        ("Deployment", "ReplicaSet", "web-5bb8c76cc4"),
        ("StatefulSet", "StatefulSet", "web"),
        ("DaemonSet", "DaemonSet", "web"),
    ],
)
async def test_the_last_reason_why_no_pod_could_be_created_is_kept(kind: str, creator: str, name: str) -> None:
    item = deployment(kind=kind, replicas=2)
    item["status"] = {"readyReplicas": 1, "desiredNumberScheduled": 2, "numberReady": 1}
    old = failed("old", kind=creator, name=name, at="2026-01-01T11:58:00Z")
    [found] = await found_for(item, failed(QUOTA, kind=creator, name=name), old)

    assert found.create_failure == "Error creating: pods is forbidden: exceeded quota"


async def test_the_failure_of_another_workload_is_not_taken_for_this_one() -> None:
    [found] = await found_for(deployment(replicas=2), failed(QUOTA, kind="ReplicaSet", name="web-api-5bb8c76cc4"))

    assert found.create_failure == ""


def checked(port: int) -> Manifest:
    return {"name": "main", "readinessProbe": {"tcpSocket": {"port": port}}}


@pytest.mark.parametrize(
    ("old", "new", "before", "now", "changes"),
    [
        ([checked(1)], [checked(2)], "TCP connect :1", "TCP connect :2", True),
        ([checked(1)], [checked(1)], "TCP connect :1", "TCP connect :1", False),
        ([{"name": "main"}], [checked(2)], "none", "TCP connect :2", True),
        ([checked(1)], [{"name": "main"}], "TCP connect :1", "none", True),
    ],
    ids=["another", "the same", "a first one", "none any more"],
)
async def test_a_rollout_that_changes_the_readiness_probe_is_noticed(
    old: list[Manifest], new: list[Manifest], before: str, now: str, *, changes: bool
) -> None:
    item = deployment(kind="StatefulSet")
    item["spec"]["template"]["spec"] = {"containers": new}
    [found] = await found_for(item, pod(owner=("StatefulSet", "web"), containers=old, deleted=True))

    assert (found.leaving_readiness_probe, found.readiness_probe) == (before, now)
    assert found.readiness_probe_changes is changes


async def test_startup_probes_and_readiness_gates_have_to_be_passed_too() -> None:
    item = deployment()
    started = {"name": "main", "startupProbe": {"httpGet": {"path": "/started", "port": 80}}}
    gates = [{"conditionType": "lb.example.com/registered"}]
    item["spec"]["template"]["spec"] = {"containers": [started], "readinessGates": gates}
    leaving = pod(owner=("ReplicaSet", "web-5bb8c76cc4"), labels={"pod-template-hash": "5bb8c76cc4"}, deleted=True)
    [found] = await found_for(item, leaving)

    assert found.readiness_probe == "startupProbe HTTP GET :80/started; readinessGate lb.example.com/registered"
    assert (found.leaving_readiness_probe, found.readiness_probe_changes) == ("none", True)


async def test_a_pod_that_stays_or_belongs_to_another_workload_is_not_replaced() -> None:
    item = deployment(kind="StatefulSet")
    stays = pod(owner=("StatefulSet", "web"), containers=[checked(1)])
    [found] = await found_for(item, stays, pod("db-1", owner=("StatefulSet", "db"), deleted=True))

    assert (found.leaving_readiness_probe, found.readiness_probe_changes) == ("", False)


async def test_events_are_read_only_where_pods_are_missing() -> None:
    refused = {"events": Forbidden("list events in namespace shop")}
    [found] = await facts_of(workload, from_manifests(service(), deployment(), unreadable=refused))
    missing = await unknown_of(workload, from_manifests(service(), deployment(replicas=2), unreadable=refused))

    assert isinstance(found, Workload)
    assert missing.reason is Reason.FORBIDDEN
