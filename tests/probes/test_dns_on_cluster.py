"""Lookups and Service addresses on a real cluster: faults show in the facts, and are gone when the fault is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.cluster.connect import connect as connect_to
from bot.cluster.live import LiveCluster
from bot.facts.base import Fact
from bot.facts.dns import DnsName, DnsReach, DnsServer
from bot.facts.scope import Scope, Subject
from bot.facts.translation import EndpointConnect, ServiceConnect
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


async def servers(live: LiveCluster) -> list[DnsServer]:
    return [fact for fact in await dns_server.observe(live, API) if isinstance(fact, DnsServer)]


async def reaches(live: LiveCluster) -> dict[str, DnsReach]:
    return {fact.node: fact for fact in await dns_reach.observe(live, API) if isinstance(fact, DnsReach)}


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
        assert min(fact.near_median_ms for fact in await servers(live)) >= 600
    with test_bed.fault("dns-slow", "-", "ms=0", "percent=50"):
        assert min(fact.near_lost for fact in await servers(live)) >= 2
    for fact in await servers(live):
        assert (fact.near_lost, fact.near_median_ms < 200) == (0, True)


async def test_a_node_whose_rules_are_gone_reaches_no_service_and_the_other_does(
    test_bed: TestBed, live: LiveCluster
) -> None:
    with test_bed.fault("kube-proxy-down", NODE, "rules=flush"):
        connects = {
            fact.node: fact for fact in await service_connect.observe(live, API) if isinstance(fact, ServiceConnect)
        }
        found = (await reaches(live))[NODE]

    assert (connects[NODE].opened, connects[NODE].endpoints_result, connects[NODE].elsewhere) == (0, "open", "open")
    assert (found.service_result, found.pods_result, found.elsewhere) == ("silent", "answers", "answers")
