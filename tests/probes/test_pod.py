"""The state of Pods, and why they are not ready."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.pod import ContainerLimit, PodPortRange, PodState, ReadinessFailure
from bot.facts.scope import Scope, Subject
from bot.probes.events import TEXT_LENGTH
from bot.probes.pod import container_limit, milli, pod_port_range, pod_state, readiness_failure
from tests.probes.manifests import WEB, Manifest, facts_of, manifest, pod, service, unknown_of

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
CHECK: Manifest = {"httpGet": {"path": "/healthz", "port": 8082}}
RUNNING: Manifest = {"name": "main", "ready": False, "state": {"running": {}}}


def unhealthy(message: str, *, of: str = "web-1", at: str = "2026-01-01T11:59:00Z", **fields: str) -> Manifest:
    involved = {"kind": "Pod", "namespace": "shop", "name": of}
    event = {"involvedObject": involved, "reason": "Unhealthy", "message": message, "lastTimestamp": at, **fields}
    return {**manifest("Event", f"{of}.{at}"), **event}


def unready(check: Manifest | None = None, name: str = "web-1", **fields: Any) -> Manifest:
    container = {"name": "main", "readinessProbe": CHECK if check is None else check}
    return pod(name, ready=False, containers=[container], statuses=[{**RUNNING, **fields}])


async def states(*manifests: Manifest, scope: Scope = WEB) -> list[PodState]:
    facts = await facts_of(pod_state, from_manifests(*manifests, now=NOW), scope)
    return [fact for fact in facts if isinstance(fact, PodState)]


async def state(*manifests: Manifest) -> PodState:
    [found] = await states(service(), *manifests)
    return found


async def failure(*manifests: Manifest) -> str:
    found = await facts_of(readiness_failure, from_manifests(service(), *manifests, now=NOW))
    return next((fact.said for fact in found if isinstance(fact, ReadinessFailure)), "")


async def test_a_ready_pod_is_described() -> None:
    ready = {**RUNNING, "ready": True}
    found = await state(pod(owner=("StatefulSet", "web"), statuses=[ready]))

    assert found == PodState(
        namespace="shop",
        name="web-1",
        node="node1",
        ip="10.244.1.7",
        service="web",
        workload="web",
        workload_type="StatefulSet",
        phase="Running",
        ready=True,
        waiting_reason="",
        restarts=0,
        last_exit_reason="",
        last_exit_code=0,
        last_exit_seconds_ago=0,
        all_containers_running=True,
        readiness_probe="",
    )
    assert found.source == "/api/v1/namespaces/shop/pods/web-1"


async def test_a_pod_behind_two_services_makes_two_facts() -> None:
    both = Scope(namespaces=("shop",))
    found = await states(service("web"), service("web-admin", selector={"app": "web"}), pod(), scope=both)

    assert [fact.service for fact in found] == ["web", "web-admin"]


async def test_pods_that_the_symptom_names_are_described_once() -> None:
    named = Scope(
        namespaces=("shop",),
        services=WEB.services,
        clients=(Subject("Pod", "tills", "till-1"),),
        backends=(Subject("Pod", "shop", "web-1"),),
    )
    found = await states(
        service(), pod(), pod("till-1", namespace="tills", labels={"app": "till"}), pod("db-1", labels={}), scope=named
    )

    assert [(fact.name, fact.service) for fact in found] == [("web-1", "web"), ("till-1", "")]


async def test_pods_that_were_named_are_described_where_no_service_is_on_the_way() -> None:
    named = Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "web-1"),), outside_host="192.0.2.10")
    found = await states(service(), pod(), scope=named)

    assert [(fact.name, fact.service) for fact in found] == [("web-1", "")]


@pytest.mark.parametrize(
    ("owner", "labels", "kind", "name"),
    [
        (("ReplicaSet", "web-5bb8c76cc4"), {"pod-template-hash": "5bb8c76cc4"}, "Deployment", "web"),
        (("ReplicaSet", "web-5bb8c76cc4"), {}, "ReplicaSet", "web-5bb8c76cc4"),
        (("ReplicaSet", "web"), {"pod-template-hash": "5bb8c76cc4"}, "ReplicaSet", "web"),
        (("DaemonSet", "web"), {}, "DaemonSet", "web"),
        (("Job", "import"), {}, "Job", "import"),
        (("", ""), {}, "Pod", "web-1"),
    ],
    ids=["Deployment", "ReplicaSet alone", "ReplicaSet of another name", "DaemonSet", "Job", "none"],
)
async def test_the_workload_of_a_pod_is_named(
    owner: tuple[str, str], labels: dict[str, str], kind: str, name: str
) -> None:
    found = await state(pod(labels={"app": "web", **labels}, owner=owner))

    assert (found.workload_type, found.workload) == (kind, name)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({"httpGet": {"path": "/healthz", "port": 8082}}, "HTTP GET :8082/healthz"),
        ({"httpGet": {"port": "web", "scheme": "HTTPS"}}, "HTTPS GET :web/"),
        ({"tcpSocket": {"port": 5432}}, "TCP connect :5432"),
        ({"grpc": {"port": 50051}}, "gRPC health check :50051"),
        ({"exec": {"command": ["cat", "/run/secret"]}}, "exec command"),
    ],
    ids=["http", "https", "tcp", "grpc", "exec"],
)
async def test_the_readiness_probe_of_an_unready_container_is_told_in_words(check: Manifest, words: str) -> None:
    found = await state(unready(check))

    assert found.readiness_probe == words


@pytest.mark.parametrize(("started", "words"), [(False, "startupProbe TCP connect :1"), (True, "TCP connect :2")])
async def test_until_it_has_started_the_startup_probe_is_to_be_passed(words: str, *, started: bool) -> None:
    checks = {"startupProbe": {"tcpSocket": {"port": 1}}, "readinessProbe": {"tcpSocket": {"port": 2}}}
    status = {**RUNNING, "name": "main", "started": started}
    found = await state(pod(ready=False, containers=[{"name": "main", **checks}], statuses=[status]))

    assert found.readiness_probe == words


async def test_the_readiness_probe_is_that_of_the_container_that_is_not_ready() -> None:
    containers = [
        {"name": "main", "readinessProbe": {"tcpSocket": {"port": 1}}},
        {"name": "proxy", "readinessProbe": {"tcpSocket": {"port": 2}}},
    ]
    statuses = [{"name": "main", "ready": True, "state": {"running": {}}}, {**RUNNING, "name": "proxy"}]
    found = await state(pod(ready=False, containers=containers, statuses=statuses))

    assert found.readiness_probe == "TCP connect :2"


async def test_kubelets_latest_words_are_kept_without_the_address_of_the_pod() -> None:
    found = await failure(
        unready(),
        unhealthy("Readiness probe failed: HTTP probe failed with statuscode: 503", at="2026-01-01T11:58:00Z"),
        unhealthy("Readiness probe failed: dial tcp 10.244.1.7:8082:\n connect: connection refused"),
        unhealthy("Liveness probe failed: timeout", at="2026-01-01T11:59:30Z"),
        unhealthy("Readiness probe failed: other", of="db-1", at="2026-01-01T11:59:40Z"),
    )

    assert found == "dial tcp PodIP:8082: connect: connection refused"


async def test_events_that_were_combined_into_one_are_understood() -> None:
    found = await failure(unready(), unhealthy("(combined from similar events): Readiness probe failed: refused"))

    assert found == "refused"


async def test_an_event_that_has_only_an_event_time_counts_too() -> None:
    old = unhealthy("Readiness probe failed: old")
    new = unhealthy("Readiness probe failed: new", at="", eventTime="2026-01-01T11:59:30.123456Z")
    found = await failure(unready(), new, old)

    assert found == "new"


async def test_a_check_that_fails_without_a_word_is_told_so() -> None:
    found = await failure(unready({"exec": {}}), unhealthy("Readiness probe failed: "))

    assert found == "the check gave no output"


async def test_a_long_failure_is_cut() -> None:
    found = await failure(unready(), unhealthy("Readiness probe failed: " + "x" * 1000))

    assert found == "x" * TEXT_LENGTH


async def test_an_old_failure_of_a_pod_that_is_ready_now_is_not_told() -> None:
    found = await failure(pod(), unhealthy("Readiness probe failed: old"))

    assert found == ""


async def test_a_waiting_container_and_its_last_end_are_told() -> None:
    ended = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-01-01T11:59:30Z"}
    waiting: Manifest = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": ended}}
    found = await state(unready(**waiting, restartCount=4))

    assert (found.waiting_reason, found.restarts, found.all_containers_running) == ("CrashLoopBackOff", 4, False)
    assert (found.last_exit_reason, found.last_exit_code, found.last_exit_seconds_ago) == ("OOMKilled", 137, 30)


async def test_a_container_that_has_just_ended_counts_before_its_earlier_end() -> None:
    earlier = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-01-01T11:50:00Z"}
    now = {"reason": "Error", "exitCode": 1, "finishedAt": "2026-01-01T11:59:59Z"}
    found = await state(unready(state={"terminated": now}, lastState={"terminated": earlier}))

    assert (found.last_exit_reason, found.last_exit_code, found.last_exit_seconds_ago) == ("Error", 1, 1)


async def test_a_pod_without_containers_yet_is_not_called_running() -> None:
    found = await state(pod(ready=False, node="", ip="", phase="Pending"))

    assert (found.phase, found.node, found.all_containers_running) == ("Pending", "", False)


async def test_a_clock_behind_the_clusters_gives_no_negative_age() -> None:
    ended = {"reason": "Error", "exitCode": 1, "finishedAt": "2026-01-01T12:00:05Z"}
    found = await state(unready(lastState={"terminated": ended}))

    assert found.last_exit_seconds_ago == 0


async def test_events_are_read_only_where_a_pod_is_not_ready() -> None:
    refused = {"events": Forbidden("list events in namespace shop")}
    found = await facts_of(readiness_failure, from_manifests(service(), pod(), unreadable=refused))
    missing = await unknown_of(readiness_failure, from_manifests(service(), unready(), unreadable=refused))

    assert found == []
    assert missing.reason is Reason.FORBIDDEN


async def test_the_state_of_a_pod_is_told_where_events_may_not_be_read() -> None:
    refused = {"events": Forbidden("list events in namespace shop")}
    [found] = await facts_of(pod_state, from_manifests(service(), unready(), unreadable=refused))

    assert isinstance(found, PodState)


async def test_a_pods_own_range_of_local_ports_is_told() -> None:
    narrow = pod(owner=("StatefulSet", "web"))
    narrow["spec"]["securityContext"] = {"sysctls": [{"name": "net.ipv4.ip_local_port_range", "value": "32000 32003"}]}
    reading = from_manifests(service(), narrow, pod("web-2"))
    scope = Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "web-1"), Subject("Pod", "shop", "web-2")))

    assert await facts_of(pod_port_range, reading, scope) == [
        PodPortRange(
            namespace="shop",
            name="web-1",
            node="node1",
            workload="web",
            workload_type="StatefulSet",
            first=32000,
            last=32003,
            ports=4,
        )
    ]


@pytest.mark.parametrize("value", ["32000", "32000-32003", "", "32000 1000000"])
async def test_a_range_that_is_none_is_not_told(value: str) -> None:
    odd = pod()
    odd["spec"]["securityContext"] = {"sysctls": [{"name": "net.ipv4.ip_local_port_range", "value": value}]}
    scope = Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "web-1"),))

    assert await facts_of(pod_port_range, from_manifests(odd), scope) == []


@pytest.mark.parametrize(
    ("written", "thousandths"), [("40m", 40), ("0.5", 500), (2, 2000), ("", 0), ("x", 0), ("1e999", 0)]
)
def test_a_quantity_of_cpu_is_read_as_the_api_writes_it(written: int | str, thousandths: int) -> None:
    assert milli(written) == thousandths


async def test_the_cpu_limits_of_containers_that_are_reached_for_are_told() -> None:
    limited = pod(containers=[{"name": "main", "resources": {"limits": {"cpu": "40m"}}}, {"name": "proxy"}])
    found = await facts_of(container_limit, from_manifests(service(), limited, pod("till-1", labels={})))

    assert found == [
        ContainerLimit(
            namespace="shop", pod="web-1", workload="web-1", workload_type="Pod", container="main", cpu_milli=40
        )
    ]
