"""The API server, etcd and what follows them: checks, latency in a window, and late endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.cluster import errors
from bot.cluster.manifests import from_manifests, objects
from bot.cluster.memory import EPOCH, Helper, MemoryCluster
from bot.facts.base import Reason, Unknown
from bot.facts.controlplane import ApiServerChecks, ApiServerLatency, EndpointLag, EtcdDisk
from bot.facts.kubeproxysync import KubeProxySync
from bot.facts.scope import Scope
from bot.node.meters import ETCD, KUBE_PROXY
from bot.node.requests import metrics_requests
from bot.probes.controlplane import api_server_checks, api_server_latency, etcd_disk
from bot.probes.endpointlag import endpoint_lag
from bot.probes.kubeproxysync import kube_proxy_sync
from tests.probes.manifests import Manifest, endpoints, facts_of, manifest, pod, service, unknown_of

EVERYTHING = Scope(cluster_wide=True)
FAR = "10.231.0.1:2381"
FSYNC, COMMIT = "etcd_disk_wal_fsync_duration_seconds", "etcd_disk_backend_commit_duration_seconds"


def node(name: str, address: str) -> Manifest:
    addresses = [{"type": "InternalIP", "address": address}]
    return {**manifest("Node", name, namespace=""), "status": {"addresses": addresses}}


def api_servers(*addresses: str) -> Manifest:
    of = {"kubernetes.io/service-name": "kubernetes"}
    made = manifest("EndpointSlice", "kubernetes", namespace="default", labels=of)
    return {**made, "endpoints": [{"addresses": list(addresses)}], "ports": [{"port": 6443}]}


def answer(node: str, *programs: str, of: Mapping[str, Any]) -> Helper:
    [request] = metrics_requests(programs)
    envelope = {
        "schema": "netmedic/helper/v1",
        "version": 1,
        "request": list(request),
        "node": node,
        "host_ip": "10.231.0.11",
        "started_at": EPOCH.isoformat(),
        "took_ms": 3000,
    }
    return Helper(pod=f"helper-{node}", answers={request: json.dumps({**envelope, "metrics": of}).encode()})


def written(times: int, seconds: float, **more: float) -> dict[str, Any]:
    """Metrics of an etcd whose log was synced so often in the window, each time so long."""
    last = {f"{FSYNC}_count": float(times), f"{FSYNC}_sum": times * seconds, "etcd_server_has_leader": 1.0, **more}
    last |= {f"{FSYNC}_bucket{{le=0.512}}": float(times), f"{FSYNC}_bucket{{le=+Inf}}": float(times)}
    return {"window_ms": 3000, "first": dict.fromkeys(last, 0.0), "last": last}


def cluster_with(helper: tuple[str, Helper], *manifests: Manifest) -> MemoryCluster:
    return from_manifests(node("node1", "10.231.0.11"), *manifests, helpers=dict([helper]))


async def test_etcd_is_asked_from_another_node_where_its_own_has_no_helper() -> None:
    figures = written(10, 0.3, etcd_mvcc_db_total_size_in_bytes=95.0, etcd_server_quota_backend_bytes=100.0)
    helper = answer("node1", FAR, of={FAR: figures})
    [found] = await facts_of(etcd_disk, cluster_with(("node1", helper), api_servers("10.231.0.1")), EVERYTHING)

    assert found == EtcdDisk(
        address=FAR,
        member_kind="OutsideHost",
        member_namespace="",
        member="10.231.0.1",
        asked_from="node1",
        window_ms=3000,
        fsyncs=10,
        fsync_mean_ms=300,
        fsync_p99_ms=512,
        commits=0,
        commit_mean_ms=0,
        has_leader=True,
        leader_changes=0,
        database_permille=950,
    )


async def test_etcd_beside_an_api_server_is_asked_on_the_loopback_and_named_by_its_pod() -> None:
    helper = answer("node1", ETCD, of={ETCD: written(1, 0.002)})
    member = pod("etcd-node1", namespace="kube-system")
    member["metadata"]["labels"] = {"component": "etcd", "tier": "control-plane"}
    member["status"]["hostIP"] = "10.231.0.11"
    cluster = cluster_with(("node1", helper), api_servers("10.231.0.11"), member)
    [found] = await facts_of(etcd_disk, cluster, EVERYTHING)

    assert isinstance(found, EtcdDisk)
    assert (found.member_kind, found.member_namespace, found.member) == ("Pod", "kube-system", "etcd-node1")
    assert found.fsync_mean_ms == 2


@pytest.mark.parametrize(
    ("figures", "reason", "detail"),
    [
        ({"error": "refused"}, Reason.ABSENT, "etcd shows no metrics at port 2381 of 10.231.0.1 (refused)"),
        (written(0, 0), Reason.ABSENT, "etcd wrote nothing in the 3000 ms that were watched"),
    ],
    ids=["no metrics", "idle"],
)
async def test_an_etcd_that_shows_nothing_is_not_called_fast(
    figures: dict[str, Any], reason: Reason, detail: str
) -> None:
    helper = answer("node1", FAR, of={FAR: figures})
    found = await unknown_of(etcd_disk, cluster_with(("node1", helper), api_servers("10.231.0.1")), EVERYTHING)

    assert (found.reason, found.detail) == (reason, detail)


async def test_without_a_helper_nobody_asks_etcd() -> None:
    cluster = from_manifests(node("node1", "10.231.0.11"), api_servers("10.231.0.1"))

    assert (await unknown_of(etcd_disk, cluster, EVERYTHING)).reason is Reason.NO_HELPER


async def test_failing_checks_of_the_api_server_are_named() -> None:
    cluster = MemoryCluster(checks={"ping": True, "etcd": False, "informer-sync": False})
    [found] = await facts_of(api_server_checks, cluster, EVERYTHING)

    assert found == ApiServerChecks(checks=3, failing=2, failing_names="etcd, informer-sync", etcd_fails=True)


async def test_latency_is_that_of_requests_which_ended_in_the_window() -> None:
    name, store = "apiserver_request_duration_seconds", "etcd_request_duration_seconds"
    first = {f"{name}_count{{verb=PUT}}": 10.0, f"{name}_sum{{verb=PUT}}": 90.0, f"{name}_count{{verb=WATCH}}": 1.0}
    last = {
        f"{name}_count{{verb=PUT}}": 12.0,
        f"{name}_sum{{verb=PUT}}": 91.0,
        f"{name}_count{{verb=WATCH}}": 2.0,
        f"{name}_sum{{verb=WATCH}}": 900.0,
        f"{store}_count{{operation=update}}": 4.0,
        f"{store}_sum{{operation=update}}": 1.0,
        f"{store}_count{{operation=get}}": 2.0,
        f"{store}_sum{{operation=get}}": 0.01,
        "apiserver_flowcontrol_rejected_requests_total": 3.0,
    }
    [found] = await facts_of(api_server_latency, MemoryCluster(metrics=(first, last)), EVERYTHING)

    assert found == ApiServerLatency(
        window_ms=3000,
        reads=0,
        read_mean_ms=0,
        writes=2,
        write_mean_ms=500,
        etcd_reads=2,
        etcd_read_mean_ms=5,
        etcd_writes=4,
        etcd_write_mean_ms=250,
        refused=3,
    )


async def test_a_window_without_changes_says_nothing_about_them() -> None:
    found = await unknown_of(api_server_latency, MemoryCluster(metrics=({}, {})), EVERYTHING)

    assert found.detail == "nothing was changed in the 3000 ms that were watched"


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
async def test_what_may_not_be_read_is_said(path: str) -> None:
    cluster = MemoryCluster(unreadable={path: errors.Forbidden(f"not allowed to get {path}")})
    of = api_server_checks if path == "/readyz" else api_server_latency

    assert (await unknown_of(of, cluster, EVERYTHING)).reason is Reason.FORBIDDEN


def ready_since(made: Manifest, when: str) -> Manifest:
    made["status"]["conditions"][0]["lastTransitionTime"] = when
    return made


async def test_ready_pods_that_no_slice_holds_are_counted() -> None:
    late = ready_since(pod("web-2", ip="10.244.1.8"), "2026-01-01T11:59:30Z")
    later = ready_since(pod("web-3", ip="10.244.1.9"), "2026-01-01T11:59:40Z")
    held = {**endpoints("web", ("web-1", True))}
    held["metadata"]["annotations"] = {"endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T11:58:00Z"}
    cluster = from_manifests(service(), pod(), late, later, pod("web-4", ready=False), held)
    [found] = await facts_of(endpoint_lag, cluster)

    assert found == EndpointLag(
        namespace="shop",
        service="web",
        ready_pods=3,
        missing_pods=2,
        example="web-2",
        waiting_seconds=30,
        slices=1,
        changed_seconds_ago=120,
    )


def test_of_annotations_a_slice_keeps_one_time() -> None:
    made = endpoints("web")
    made["metadata"]["annotations"] = {
        "endpoints.kubernetes.io/last-change-trigger-time": "<!channel> 2026-01-01T11:58:00Z",
        "note": "secret",
    }
    [found] = objects(made)

    assert (found.triggered_at, found.metadata.annotations) == ("", {})  # type: ignore[attr-defined]


async def test_how_far_kube_proxy_is_behind_is_told_for_each_node() -> None:
    name, now = "kubeproxy_sync_proxy_rules", EPOCH.timestamp()
    last = {
        f"{name}_duration_seconds_count": 4.0,
        f"{name}_duration_seconds_sum": 6.0,
        f"{name}_last_timestamp_seconds": now - 100,
        f"{name}_last_queued_timestamp_seconds": now - 70,
        f"{name}_endpoint_changes_pending": 2.0,
        f"{name}_service_changes_pending": 1.0,
        f"{name}_iptables_restore_failures_total": 5.0,
    }
    first = {**last, f"{name}_iptables_restore_failures_total": 3.0}
    figures = {"window_ms": 3000, "first": first, "last": last, "mode": "iptables"}
    helper = answer("node1", KUBE_PROXY, of={KUBE_PROXY: figures})
    found = await facts_of(kube_proxy_sync, cluster_with(("node1", helper), node("node2", "10.231.0.12")), EVERYTHING)

    assert found[0] == KubeProxySync(
        node="node1",
        mode="iptables",
        window_ms=3000,
        syncs=0,
        sync_mean_ms=1500,
        last_sync_seconds_ago=100,
        overdue_seconds=70,
        pending_changes=3,
        restore_failures=2,
        programmed=0,
        programming_p99_ms=0,
    )
    assert isinstance(found[1], Unknown)
    assert (found[1].subject, found[1].reason) == ("node2", Reason.NO_HELPER)


async def test_a_kube_proxy_that_shows_nothing_is_not_called_up_to_date() -> None:
    helper = answer("node1", KUBE_PROXY, of={KUBE_PROXY: {"error": "refused"}})
    found = await unknown_of(kube_proxy_sync, cluster_with(("node1", helper)), EVERYTHING)

    assert (found.subject, found.reason) == ("node1", Reason.UNREACHABLE)
