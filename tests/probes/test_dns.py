"""The DNS Service, and who answers behind it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.dns import DnsPod, DnsService
from bot.facts.scope import Scope, Subject
from bot.probes.dns import dns_pod, dns_service
from tests.probes.manifests import Manifest, deployment, endpoints, facts_of, pod, service, unknown_of

LABELS = {"k8s-app": "kube-dns"}
SYMPTOM = Scope(namespaces=("shop",))


def dns(name: str = "kube-dns", **fields: Any) -> Manifest:
    return service(name, namespace="kube-system", **{"selector": LABELS, "labels": LABELS, **fields})


def server(name: str = "coredns-1", *, ready: bool = True, node: str = "node1") -> Manifest:
    return pod(name, namespace="kube-system", labels=LABELS, ready=ready, node=node)


def coredns(*, replicas: int = 2, kind: str = "Deployment", name: str = "coredns", **labels: str) -> Manifest:
    made = deployment(name, labels=labels or LABELS, replicas=replicas, kind=kind)
    made["metadata"]["namespace"] = "kube-system"
    return made


async def found_in(*manifests: Manifest, scope: Scope = SYMPTOM) -> DnsService:
    [fact] = await facts_of(dns_service, from_manifests(*manifests), scope)
    assert isinstance(fact, DnsService)
    return fact


async def test_the_servers_behind_the_dns_service_are_counted() -> None:
    found = await found_in(
        dns(),
        server("coredns-1"),
        server("coredns-2", ready=False),
        coredns(),
        endpoints("kube-dns", ("coredns-1", True), ("coredns-2", False), namespace="kube-system"),
    )

    assert found == DnsService(
        namespace="kube-system",
        name="kube-dns",
        cluster_ip="10.96.0.7",
        selector="k8s-app=kube-dns",
        selected_pods=2,
        ready_endpoints=1,
        workload="coredns",
        workload_type="Deployment",
        wanted_replicas=2,
        ready_replicas=1,
        pod_labels="k8s-app=kube-dns",
        selects_workload=True,
        target_port="",
        declared_port=0,
        misdirected=False,
        udp=False,
        tcp=False,
    )


async def test_the_protocols_of_port_53_are_told() -> None:
    udp, tcp = {"port": 53, "protocol": "UDP", "name": "dns"}, {"port": 53, "protocol": "TCP", "name": "dns-tcp"}
    metrics = {"port": 9153, "protocol": "TCP", "name": "metrics"}

    both, alone = await found_in(dns(ports=[udp, tcp])), await found_in(dns(ports=[udp, metrics]))

    assert (both.udp, both.tcp) == (True, True)
    assert (alone.udp, alone.tcp) == (True, False)


@pytest.mark.parametrize(
    ("target", "declared", "expected"),
    [
        (53, [("dns", 53, "UDP"), ("dns-tcp", 53, "TCP")], ("53", 53, False)),
        ("dns", [("dns", 5300, "UDP")], ("dns", 5300, False)),
        (5353, [("dns", 53, "UDP")], ("5353", 53, True)),
        ("gone", [("dns", 53, "UDP")], ("gone", 53, True)),
        (5353, [("a", 53, "UDP"), ("b", 54, "UDP")], ("5353", 0, True)),
        (5353, [("dns-tcp", 53, "TCP")], ("5353", 0, False)),
    ],
)
async def test_a_target_port_is_held_against_what_the_containers_declare(
    target: int | str, declared: list[tuple[str, int, str]], expected: tuple[str, int, bool]
) -> None:
    service_, deployment = dns(), coredns()
    service_["spec"]["ports"] = [{"port": 53, "protocol": "UDP", "targetPort": target}]
    ports = [{"name": name, "containerPort": port, "protocol": protocol} for name, port, protocol in declared]
    deployment["spec"]["template"]["spec"] = {"containers": [{"name": "dns", "ports": ports}]}

    found = await found_in(service_, deployment)

    assert (found.target_port, found.declared_port, found.misdirected) == expected


@pytest.mark.parametrize(
    "item",
    [dns("rke2-coredns"), dns("coredns", labels={}), dns("kube-dns", labels={})],
    ids=["by its label", "named coredns", "named kube-dns"],
)
async def test_the_dns_service_is_recognised(item: Manifest) -> None:
    found = await found_in(item, service("metrics", namespace="kube-system"))

    assert found.name == item["metadata"]["name"]


async def test_a_service_of_that_name_elsewhere_is_not_the_clusters() -> None:
    missing = await unknown_of(dns_service, from_manifests(service("kube-dns", namespace="shop")), SYMPTOM)

    assert missing.reason is Reason.UNRECOGNISED


async def test_servers_that_a_wrong_selector_misses_are_found_by_their_label() -> None:
    found = await found_in(dns(selector={"k8s-app": "coredns"}), server(), coredns())

    assert (found.selected_pods, found.workload, found.selects_workload) == (0, "coredns", False)


async def test_servers_without_the_usual_label_are_found_by_their_name() -> None:
    found = await found_in(dns(), coredns(name="kube-dns", app="dns"), coredns(name="metrics", app="metrics"))

    assert (found.workload, found.pod_labels, found.selects_workload) == ("kube-dns", "app=dns", False)


async def test_the_workload_that_the_service_selects_comes_before_another_one_that_is_labelled() -> None:
    right = coredns(name="dns", app="dns")
    found = await found_in(dns(selector={"app": "dns"}), coredns(name="a-first"), right)

    assert (found.workload, found.selects_workload) == ("dns", True)


async def test_a_dns_service_that_nobody_serves_has_no_workload() -> None:
    found = await found_in(dns(), coredns(name="metrics", app="metrics"))

    assert (found.workload, found.workload_type, found.wanted_replicas, found.selects_workload) == ("", "", 0, False)


@pytest.mark.parametrize("probe", [dns_service, dns_pod], ids=lambda probe: probe.name)
async def test_a_symptom_with_an_address_looks_up_no_name(probe: Any) -> None:
    missing = await unknown_of(probe, from_manifests(dns()), Scope(namespaces=("shop",), dns=False))

    assert missing.reason is Reason.OUT_OF_SCOPE


async def test_a_dns_service_that_is_named_is_looked_at_all_the_same() -> None:
    named = Scope(services=(Subject("Service", "kube-system", "kube-dns"),), dns=False)
    found = await found_in(dns(), scope=named)

    assert found.name == "kube-dns"


async def test_each_dns_server_is_told_with_its_node() -> None:
    cluster = from_manifests(dns(), server("coredns-1"), server("coredns-2", ready=False, node="node2"))

    assert await facts_of(dns_pod, cluster, SYMPTOM) == [
        DnsPod(namespace="kube-system", name="coredns-1", service="kube-dns", node="node1", ready=True),
        DnsPod(namespace="kube-system", name="coredns-2", service="kube-dns", node="node2", ready=False),
    ]
