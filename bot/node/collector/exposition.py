"""The few numbers that are kept of a program's metrics, from Prometheus' text format. Nothing else leaves the Node."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

# Families, and the labels that tell their numbers apart; over all others they are added up.
FAMILIES: dict[str, tuple[str, ...]] = {
    # etcd
    "etcd_disk_wal_fsync_duration_seconds": ("le",),
    "etcd_disk_backend_commit_duration_seconds": ("le",),
    "etcd_network_peer_round_trip_time_seconds": ("le",),
    "etcd_server_has_leader": (),
    "etcd_server_leader_changes_seen_total": (),
    "etcd_server_proposals_failed_total": (),
    "etcd_mvcc_db_total_size_in_bytes": (),
    "etcd_server_quota_backend_bytes": (),
    # kube-apiserver
    "etcd_request_duration_seconds": ("operation", "le"),
    "apiserver_request_duration_seconds": ("verb", "le"),
    "apiserver_dropped_requests_total": (),
    "apiserver_flowcontrol_rejected_requests_total": (),
    # kube-proxy
    "kubeproxy_sync_proxy_rules_duration_seconds": ("le",),
    "kubeproxy_network_programming_duration_seconds": ("le",),
    "kubeproxy_sync_proxy_rules_last_timestamp_seconds": (),
    "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds": (),
    "kubeproxy_sync_proxy_rules_endpoint_changes_pending": (),
    "kubeproxy_sync_proxy_rules_service_changes_pending": (),
    "kubeproxy_sync_proxy_rules_iptables_restore_failures_total": (),
    # CoreDNS
    "coredns_dns_request_duration_seconds": ("le",),
    "coredns_dns_responses_total": ("rcode",),
    "coredns_panics_total": (),
    "coredns_cache_hits_total": (),
    "coredns_cache_misses_total": (),
    "coredns_forward_healthcheck_broken_total": (),
    "coredns_forward_max_concurrent_rejects_total": (),
    # The plugin forward before CoreDNS 1.11, and since
    "coredns_forward_request_duration_seconds": ("rcode", "le"),
    "coredns_proxy_request_duration_seconds": ("rcode", "le"),
    # Cilium
    "cilium_drop_count_total": ("direction", "reason"),
}
_SUFFIXES = ("", "_bucket", "_sum", "_count")
_NAMES = {name + suffix: labels for name, labels in FAMILIES.items() for suffix in _SUFFIXES}
# Of one program: a family has some 15 buckets, and Cilium some 60 reasons.
MAX_NUMBERS = 2000
_LINE = re.compile(r"([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})?\s+(\S+)")
_LABEL = re.compile(r'([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"')
_PLAIN = re.compile(r"[^A-Za-z0-9 ._+/-]")
_LONGEST_LABEL = 60


def numbers(text: str) -> dict[str, float]:
    """Return the known numbers by their names: ``etcd_server_has_leader``, ``..._bucket{le=0.001}``."""
    found: dict[str, float] = {}
    for name, value in _known(text):
        if name in found or len(found) < MAX_NUMBERS:
            found[name] = found.get(name, 0.0) + value
    return found


def _known(text: str) -> Iterator[tuple[str, float]]:
    for line in text.splitlines():
        # Most of it is of other families: looking at the name first takes a tenth of the time.
        if line.partition("{")[0].partition(" ")[0] not in _NAMES:
            continue
        match = _LINE.match(line)
        if match is None:
            continue
        try:
            value = float(match[3])
        except ValueError:
            continue
        if math.isfinite(value):
            yield _name(match[1], match[2] or ""), value


def _name(name: str, labels: str) -> str:
    given = dict(_LABEL.findall(labels))
    kept = [f"{key}={_PLAIN.sub('_', given[key])[:_LONGEST_LABEL]}" for key in _NAMES[name] if key in given]
    return f"{name}{{{','.join(kept)}}}" if kept else name
