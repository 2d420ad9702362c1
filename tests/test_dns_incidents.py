"""From what Nodes are answered by the cluster's DNS to the one cause that is blamed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.memory import MemoryCluster
from bot.diagnosis.diagnose import observed_kinds
from bot.diagnosis.judge import judge
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.facts.scope import Subject, SymptomKind
from bot.probes import PROBES
from tests.probes.dns_cluster import FROM_NODE2, WEB, answers, cluster

SERVER = Subject("Pod", "kube-system", "kube-dns-1")
SERVICE = Subject("Service", "kube-system", "kube-dns")
DEPLOYMENT = Subject("Deployment", "kube-system", "kube-dns")
ON_PATH = dataclasses.replace(
    FROM_NODE2, kind=SymptomKind.DNS, subjects=frozenset({*FROM_NODE2.services, SERVER, SERVICE, DEPLOYMENT})
)
LOOKED = [probe for probe in PROBES if probe.name.startswith("dns_")]


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return RuleBook(load(Path(__file__).parent.parent / "rules"), PlainEngine())


async def blamed(book: RuleBook, reading: MemoryCluster) -> list[tuple[str, str]]:
    cached = CachedCluster(reading)
    facts = [fact for probe in LOOKED for fact in await probe.observe(cached, ON_PATH)]
    found = judge(book.evaluate(facts, {*observed_kinds(LOOKED), "node_conntrack", "node_condition"}), ON_PATH)
    return [(cause.rule, str(cause.subject)) for cause in found.causes]


Everywhere = Mapping[str, dict[str, Any]]


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        pytest.param({}, [], id="all is well"),
        pytest.param(
            {"service": {"ms": 300}, "pod": {"ms": 300}},
            [("dns-server-slow", "Pod kube-system/kube-dns-1")],
            id="every answer is late",
        ),
        pytest.param(
            {"service": {"lost": 2}, "pod": {"lost": 2}},
            [("dns-server-loses-queries", "Pod kube-system/kube-dns-1")],
            id="two of five answers are missing",
        ),
        pytest.param(
            {"service": {"lost": 5}, "pod": {"lost": 5}},
            [("dns-server-silent", "Pod kube-system/kube-dns-1")],
            id="nothing is answered",
        ),
        pytest.param(
            {"service": {"lost": 5}},
            [("dns-service-silent", "Service kube-system/kube-dns")],
            id="the Service is silent everywhere",
        ),
        pytest.param(
            {"web": {"code": "NXDOMAIN", "ip": ""}},
            [("dns-name-denied", "Service kube-system/kube-dns")],
            id="one name is denied",
        ),
        pytest.param(
            {"web": {"ip": "192.0.2.9"}},
            [("dns-name-wrong-address", "Service kube-system/kube-dns")],
            id="one name leads elsewhere",
        ),
        pytest.param(
            {"nobody": {"code": "NOERROR", "ip": "192.0.2.9"}},
            [("dns-answers-any-name", "Service kube-system/kube-dns")],
            id="every name is answered",
        ),
    ],
)
async def test_one_fault_of_the_dns_has_one_cause(
    book: RuleBook, said: Everywhere, cause: list[tuple[str, str]]
) -> None:
    assert await blamed(book, cluster(node1=answers(**said), node2=answers(**said))) == cause


async def test_one_node_without_the_dns_service_is_to_blame_itself(book: RuleBook) -> None:
    reading = cluster(node1=answers(), node2=answers(service={"lost": 5}))

    assert await blamed(book, reading) == [("dns-service-not-translated", "Node node2")]


async def test_a_node_that_the_network_cuts_off_is_not_the_servers_fault(book: RuleBook) -> None:
    reading = cluster(node1=answers(), node2=answers(service={"lost": 5}, pod={"lost": 5}))

    assert await blamed(book, reading) == []


async def test_a_setting_that_hides_a_name_is_the_cause(book: RuleBook) -> None:
    denied = answers(web={"code": "NXDOMAIN", "ip": ""})
    reading = cluster(scope_words=("dnsmasq", f"--address=/{WEB}/"), node1=denied, node2=denied)

    assert await blamed(book, reading) == [("dns-name-overridden", "Deployment kube-system/kube-dns")]
