"""What CoreDNS says of itself: shares of a window, both names of the plugin forward, and what cannot be told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import EPOCH, Helper, MemoryCluster
from bot.facts.base import Reason
from bot.facts.dnsmetrics import DnsMetrics
from bot.facts.scope import Scope
from bot.node.collector.exposition import numbers
from bot.node.requests import metrics_requests
from bot.probes.dnsmetrics import dns_metrics
from tests.probes.manifests import Manifest, facts_of, pod, service, unknown_of

EVERYTHING = Scope(cluster_wide=True)
LABELS = {"k8s-app": "kube-dns"}
PLACE = "10.244.1.7:9153"
FORWARD, PROXY = "coredns_forward_request_duration_seconds", "coredns_proxy_request_duration_seconds"

SHOWN = """\
# HELP coredns_dns_request_duration_seconds Histogram of the time (in seconds) each request took per zone.
coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.002"} 90
coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="4.096"} 99
coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="+Inf"} 100
coredns_dns_request_duration_seconds_sum{server="dns://:53",view="",zone="."} 5
coredns_dns_request_duration_seconds_count{server="dns://:53",view="",zone="."} 100
coredns_dns_responses_total{plugin="forward",rcode="SERVFAIL",server="dns://:53",view="",zone="."} 4
coredns_dns_responses_total{plugin="kubernetes",rcode="NOERROR",server="dns://:53",view="",zone="."} 50
coredns_dns_responses_total{plugin="cache",rcode="NOERROR",server="dns://:53",view="",zone="."} 16
coredns_dns_responses_total{plugin="cache",rcode="NXDOMAIN",server="dns://:53",view="",zone="."} 30
coredns_cache_hits_total{server="dns://:53",type="denial",view="",zones="."} 20
coredns_cache_hits_total{server="dns://:53",type="success",view="",zones="."} 10
coredns_cache_misses_total{server="dns://:53",view="",zones="."} 10
coredns_forward_healthcheck_broken_total 3
coredns_forward_max_concurrent_rejects_total 2
coredns_panics_total 1
"""
FORWARDED = """\
%(of)s_bucket{%(more)srcode="NOERROR",to="10.0.0.2:53",le="0.004"} 10
%(of)s_bucket{%(more)srcode="NOERROR",to="10.0.0.2:53",le="+Inf"} 10
%(of)s_bucket{%(more)srcode="SERVFAIL",to="10.0.0.3:53",le="0.004"} 0
%(of)s_bucket{%(more)srcode="SERVFAIL",to="10.0.0.3:53",le="8.192"} 10
%(of)s_bucket{%(more)srcode="SERVFAIL",to="10.0.0.3:53",le="+Inf"} 10
%(of)s_sum{%(more)srcode="SERVFAIL",to="10.0.0.3:53"} 70
%(of)s_count{%(more)srcode="NOERROR",to="10.0.0.2:53"} 10
%(of)s_count{%(more)srcode="SERVFAIL",to="10.0.0.3:53"} 10
"""


def dns_pod(*, metrics: bool = True, node: str = "node1") -> Manifest:
    ports = [{"containerPort": 53, "protocol": "UDP"}, *([{"containerPort": 9153}] if metrics else [])]
    containers = [{"name": "coredns", "ports": ports}]
    return pod("coredns-1", namespace="kube-system", labels=LABELS, ip="10.244.1.7", node=node, containers=containers)


def cluster(*, of: Mapping[str, Any] | None, server: Manifest | None = None) -> MemoryCluster:
    """One DNS server, and a helper on node1 that was told so much of it; None: no helper."""
    dns = service("kube-dns", namespace="kube-system", labels=LABELS, selector=LABELS)
    [request] = metrics_requests([PLACE])
    envelope = {
        "schema": "netmedic/helper/v1",
        "version": 1,
        "request": list(request),
        "node": "node1",
        "host_ip": "10.231.0.11",
        "started_at": EPOCH.isoformat(),
        "took_ms": 3000,
    }
    answer = json.dumps({**envelope, "metrics": {PLACE: of}}).encode()
    helpers = {} if of is None else {"node1": Helper(pod="helper-1", answers={request: answer})}
    return from_manifests(dns, server or dns_pod(), helpers=helpers)


def told(text: str, *, before: float = 0.0) -> dict[str, Any]:
    """Two looks, the first of which showed each number at the share ``before`` of the last."""
    last = numbers(text)
    return {"window_ms": 3000, "first": {name: value * before for name, value in last.items()}, "last": last}


@pytest.mark.parametrize(
    ("of", "more"), [(PROXY, 'proxy_name="forward",'), (FORWARD, "")], ids=["since 1.11", "before 1.11"]
)
async def test_what_a_server_shows_becomes_shares_of_the_window(of: str, more: str) -> None:
    text = SHOWN + FORWARDED % {"of": of, "more": more}

    assert await facts_of(dns_metrics, cluster(of=told(text)), EVERYTHING) == [
        DnsMetrics(
            namespace="kube-system",
            name="coredns-1",
            service="kube-dns",
            node="node1",
            window_ms=3000,
            requests=100,
            mean_ms=50,
            p99_ms=4096,
            responses=100,
            failed=4,
            failed_permille=40,
            unknown_permille=300,
            cache_lookups=40,
            cache_hits_permille=750,
            forwarded=20,
            forward_failed=10,
            forward_failed_permille=500,
            forward_p99_ms=8192,
            without_upstream=3,
            rejected=2,
            panics=1,
        )
    ]


async def test_what_was_counted_before_the_window_is_not_told_but_for_panics() -> None:
    [found] = await facts_of(dns_metrics, cluster(of=told(SHOWN, before=1.0)), EVERYTHING)

    assert isinstance(found, DnsMetrics)
    assert (found.responses, found.failed_permille, found.without_upstream, found.cache_hits_permille) == (0, 0, 0, 0)
    assert found.panics == 1


async def test_a_server_on_a_node_without_helper_is_asked_from_another() -> None:
    [found] = await facts_of(dns_metrics, cluster(of=told(SHOWN), server=dns_pod(node="node2")), EVERYTHING)

    assert isinstance(found, DnsMetrics)
    assert (found.node, found.source) == ("node2", "node1: metrics of Pod kube-system/coredns-1")


async def test_a_server_that_shows_nothing_is_not_called_well() -> None:
    found = await unknown_of(dns_metrics, cluster(of={"error": "refused"}), EVERYTHING)

    assert (found.reason, found.subject) == (Reason.UNREACHABLE, "coredns-1")
    assert found.detail == f"CoreDNS shows no metrics at {PLACE}: refused"


async def test_another_dns_server_is_not_asked_for_the_metrics_of_coredns() -> None:
    found = await unknown_of(dns_metrics, cluster(of=told(SHOWN), server=dns_pod(metrics=False)), EVERYTHING)

    assert found.reason is Reason.NOT_APPLICABLE
    assert found.detail == ("the DNS Pods declare no port 9153: what runs there is not CoreDNS, or shows no metrics")


async def test_without_a_helper_nobody_asks_a_dns_server() -> None:
    found = await unknown_of(dns_metrics, cluster(of=None), EVERYTHING)

    assert found.reason is Reason.NO_HELPER


async def test_of_a_symptom_without_names_dns_is_not_asked() -> None:
    found = await unknown_of(dns_metrics, cluster(of=told(SHOWN)), Scope(dns=False))

    assert found.reason is Reason.OUT_OF_SCOPE
