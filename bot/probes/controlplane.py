"""The API server and etcd: whether they are well, and how long they take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.errors import Absent, ClusterError
from bot.cluster.objects import EndpointSlice, Node, Pod
from bot.cluster.port import METRICS, READYZ, Cluster
from bot.facts.base import Reason
from bot.facts.controlplane import ApiServerChecks, ApiServerLatency, EtcdDisk
from bot.facts.scope import Scope
from bot.node.meters import ETCD_PORT, Growth, Meter, meters, of_api_server
from bot.node.programs import Program, by_node, etcd_members
from bot.node.requests import target
from bot.probes.narrow import control_plane
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import SYSTEM_NAMESPACE

ETCD_LABEL = "component=etcd"
"""Of the Pods that kubeadm runs it in."""
NAMES_LENGTH = 200
# apiserver_request_duration_seconds; APPLY is counted as PATCH or by its own name.
READS = ("GET", "LIST")
WRITES = ("POST", "PUT", "PATCH", "DELETE", "APPLY")
# etcd_request_duration_seconds
ETCD_READS = ("get", "list", "listWithCount")
ETCD_WRITES = ("create", "update", "delete")


@probe(ApiServerChecks, reads=(), paths=(READYZ,))
async def api_server_checks(cluster: Cluster, scope: Scope) -> Iterable[ApiServerChecks]:  # noqa: ARG001 - one per cluster
    """Tell which of its own checks the API server does not pass."""
    found = await cluster.checks()
    failing = sorted(name for name, passes in found.items() if not passes)
    return [
        ApiServerChecks(
            checks=len(found),
            failing=len(failing),
            failing_names=", ".join(failing)[:NAMES_LENGTH] or "none",
            etcd_fails=any(name.startswith("etcd") for name in failing),
            source=f"{READYZ}?verbose",
        )
    ]


@probe(ApiServerLatency, reads=(), paths=(METRICS,), window=True)
async def api_server_latency(cluster: Cluster, scope: Scope) -> Iterable[ApiServerLatency]:  # noqa: ARG001 - likewise
    """Measure how long requests took, all of them, and how long etcd took for them."""
    meter = await of_api_server(cluster)
    growth = Growth(meter)
    reads, writes = (growth.spans("apiserver_request_duration_seconds", verb=verbs) for verbs in (READS, WRITES))
    loads, stores = (growth.spans("etcd_request_duration_seconds", operation=of) for of in (ETCD_READS, ETCD_WRITES))
    if not stores.count:
        raise CannotTell(Reason.ABSENT, f"nothing was changed in the {meter.window_ms} ms that were watched")
    refused = ("apiserver_flowcontrol_rejected_requests_total", "apiserver_dropped_requests_total")
    return [
        ApiServerLatency(
            window_ms=meter.window_ms,
            reads=reads.count,
            read_mean_ms=reads.mean_ms,
            writes=writes.count,
            write_mean_ms=writes.mean_ms,
            etcd_reads=loads.count,
            etcd_read_mean_ms=loads.mean_ms,
            etcd_writes=stores.count,
            etcd_write_mean_ms=stores.mean_ms,
            refused=round(max(growth.of(name) for name in refused)),
            source=METRICS,
        )
    ]


@probe(EtcdDisk, reads=(EndpointSlice, Node, Pod), helper=True)
async def etcd_disk(cluster: Cluster, scope: Scope) -> Iterable[EtcdDisk | Unreadable]:  # noqa: ARG001 - likewise
    """Measure how long etcd's writes took, where its metrics can be read: beside the API servers, as with kubeadm."""
    helpers = await cluster.helper_nodes()
    slices = await cluster.list(EndpointSlice, namespace="default")
    places = etcd_members(await control_plane(cluster), helpers, slices)
    if not places:
        raise CannotTell(Reason.NO_HELPER, "no Node has a node helper that could read etcd's metrics")
    answers = await meters(cluster, by_node(places))
    pods = await cluster.list(Pod, namespace=SYSTEM_NAMESPACE, labels=ETCD_LABEL)
    found: list[EtcdDisk | Unreadable] = []
    refusals = []
    for place in places:
        answer = answers[place.node]
        if isinstance(answer, ClusterError):
            found.append(Unreadable(of=EtcdDisk, subject=place.ip, error=answer))
        elif answer[place.address].error:
            refusals.append(f"{place.ip} ({answer[place.address].error})")
        else:
            disk = disk_of(answer[place.address], place, pods)
            idle = Absent(f"etcd wrote nothing in the {disk.window_ms} ms that were watched")
            found.append(disk if disk.fsyncs else Unreadable(of=EtcdDisk, subject=place.ip, error=idle))
    if not found:
        raise CannotTell(Reason.ABSENT, f"etcd shows no metrics at port {ETCD_PORT} of {', '.join(refusals)}")
    return found


def disk_of(meter: Meter, place: Program, pods: Sequence[Pod]) -> EtcdDisk:
    """Return how one member does."""
    ip, node = place.ip, place.node
    growth = Growth(meter)
    fsyncs, commits = (growth.spans(f"etcd_disk_{name}_duration_seconds") for name in ("wal_fsync", "backend_commit"))
    quota = growth.now("etcd_server_quota_backend_bytes")
    pod = next((pod for pod in pods if pod.status.host_ip == ip), None)
    return EtcdDisk(
        address=target(ip, ETCD_PORT),
        member_kind="Pod" if pod else "OutsideHost",
        member_namespace=pod.metadata.namespace if pod else "",
        member=pod.metadata.name if pod else ip,
        asked_from=node,
        window_ms=meter.window_ms,
        fsyncs=fsyncs.count,
        fsync_mean_ms=fsyncs.mean_ms,
        fsync_p99_ms=fsyncs.quantile_ms(0.99),
        commits=commits.count,
        commit_mean_ms=commits.mean_ms,
        has_leader=growth.now("etcd_server_has_leader") > 0,
        leader_changes=round(growth.of("etcd_server_leader_changes_seen_total")),
        database_permille=round(growth.now("etcd_mvcc_db_total_size_in_bytes") / quota * 1000) if quota else 0,
        source=f"{node}: metrics of {target(ip, ETCD_PORT)}",
    )
