"""Lookups and Service addresses on a real cluster: faults show in the facts, and are gone when the fault is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from bot.cluster.connect import connect as connect_to
from bot.cluster.live import LiveCluster
from bot.facts.base import Fact, Reason, Unknown
from bot.facts.dns import DnsName, DnsReach, DnsServer
from bot.facts.dnsmetrics import DnsMetrics
from bot.facts.scope import Scope, Subject
from bot.facts.translation import EndpointConnect, ServiceConnect
from bot.probes.dnsmetrics import dns_metrics
from bot.probes.resolve import dns_name, dns_reach, dns_server
from bot.probes.translation import endpoint_connect, service_connect
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

NODE = "node2"
API = Scope(
    namespaces=("default",), services=(Subject("Service", "default", "kubernetes"),), client_nodes=("node1", "node2")
)


@pytest.fixture
async def live(test_bed: TestBed) -> AsyncIterator[LiveCluster]:
    async with await connect_to(kubeconfig=test_bed.kubeconfig) as cluster:
        if not await cluster.helper_nodes():
            pytest.skip("no node helper runs on the test bed")
        yield cluster


async def servers(live: LiveCluster, as_wanted: Callable[[DnsServer], bool]) -> list[DnsServer]:
    """Look until all servers are as wanted, a few times at most: of a few queries, any may be lost or late."""
    found: list[DnsServer] = []
    for _ in range(6):
        found = [fact for fact in await dns_server.observe(live, API) if isinstance(fact, DnsServer)]
        if found and all(map(as_wanted, found)):
            break
    return found


async def reaches(live: LiveCluster) -> dict[str, DnsReach]:
    return {fact.node: fact for fact in await dns_reach.observe(live, API) if isinstance(fact, DnsReach)}


async def connects(live: LiveCluster) -> dict[str, ServiceConnect]:
    found = await service_connect.observe(live, API)
    return {fact.node: fact for fact in found if isinstance(fact, ServiceConnect)}


async def test_a_healthy_dns_answers_each_node_and_knows_the_api_server(live: LiveCluster) -> None:
    found = {fact.dns_name: fact for fact in await dns_name.observe(live, API) if isinstance(fact, DnsName)}

    assert found["kubernetes.default.svc.cluster.local"].as_expected
    assert found["netmedic-asks-for-nobody.default.svc.cluster.local"].rcode == "NXDOMAIN"
    assert {fact.service_result for fact in (await reaches(live)).values()} == {"answers"}


async def test_the_api_servers_address_and_endpoint_answer(live: LiveCluster) -> None:
    facts: list[Fact] = [*await service_connect.observe(live, API), *await endpoint_connect.observe(live, API)]

    assert {fact.result for fact in facts if isinstance(fact, ServiceConnect | EndpointConnect)} == {"open"}


async def test_late_and_missing_answers_of_a_server_show(test_bed: TestBed, live: LiveCluster) -> None:
    with test_bed.fault("dns-slow", "-", "ms=600"):
        late = await servers(live, lambda fact: fact.near_median_ms >= 600)
    with test_bed.fault("dns-slow", "-", "ms=0", "percent=50"):
        lossy = await servers(live, lambda fact: fact.near_lost >= 2)
    well = await servers(live, lambda fact: not fact.near_lost and fact.near_median_ms < 600)

    assert min(fact.near_median_ms for fact in late) >= 600
    assert min(fact.near_lost for fact in lossy) >= 2
    assert [fact for fact in well if fact.near_lost or fact.near_median_ms >= 600] == []


async def test_a_node_whose_rules_are_gone_reaches_no_service_and_the_other_does(
    test_bed: TestBed, live: LiveCluster
) -> None:
    with test_bed.fault("kube-proxy-down", NODE, "rules=flush"):
        connected = (await connects(live))[NODE]
        found = (await reaches(live))[NODE]
    # kube-proxy needs a moment to write its rules again, and other tests need them.
    async with asyncio.timeout(240):
        works = False
        while not works:
            works = (await connects(live))[NODE].opened > 0 and (await reaches(live))[NODE].service_result == "answers"

    assert (connected.opened, connected.endpoints_result, connected.elsewhere) == (0, "open", "open")
    assert (found.service_result, found.pods_result, found.elsewhere) == ("silent", "answers", "answers")


SYSTEM = ("-n", "kube-system")
NAMES = {"app": "netmedic-test-coredns"}
METRICS = """
import http.server, time

started = time.time()

class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        queries = int((time.time() - started) * 100)
        server = 'server="dns://:53",view="",zone="."'
        text = (
            f'coredns_dns_responses_total{{plugin="forward",rcode="SERVFAIL",{server}}} {queries // 4}\\n'
            f'coredns_dns_responses_total{{plugin="kubernetes",rcode="NOERROR",{server}}} {queries - queries // 4}\\n'
            f'coredns_forward_healthcheck_broken_total {queries // 4}\\n'
            'coredns_panics_total 2\\n'
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

http.server.HTTPServer(("", 9153), Metrics).serve_forever()
"""


@pytest.fixture
def coredns(test_bed: TestBed) -> Iterator[str]:
    """A Service that is named as CoreDNS' may be, and behind it what shows metrics as CoreDNS does."""
    container = {
        "name": "coredns",
        "image": "testbed/nettools:1",
        "command": ["python3", "-c", METRICS],
        "ports": [{"containerPort": 9153}],
        "readinessProbe": {"tcpSocket": {"port": 9153}, "periodSeconds": 1},
    }
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAMES["app"], "namespace": "kube-system", "labels": NAMES},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "spec": {"selector": NAMES, "ports": [{"port": 53, "protocol": "UDP"}]},
    }
    try:
        test_bed.apply(pod, service)
        test_bed.kubectl(*SYSTEM, "wait", "--for=condition=Ready", f"pod/{NAMES['app']}", "--timeout=120s")
        yield NAMES["app"]
    finally:
        test_bed.kubectl(*SYSTEM, "delete", "service/coredns", f"pod/{NAMES['app']}", "--ignore-not-found")


async def test_what_coredns_counts_is_read_by_a_helper(live: LiveCluster, coredns: str) -> None:
    [found] = [fact for fact in await dns_metrics.observe(live, API) if isinstance(fact, DnsMetrics)]

    assert (found.name, found.panics) == (coredns, 2)
    assert found.responses > 100
    assert 240 <= found.failed_permille <= 260
    assert found.without_upstream > 20


async def test_a_dns_that_is_not_coredns_has_no_metrics_to_read(live: LiveCluster) -> None:
    [found] = await dns_metrics.observe(live, API)

    assert isinstance(found, Unknown)
    assert found.reason is Reason.NOT_APPLICABLE
