"""Ways into the cluster, and traffic that has to stay on a Node."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.external import LocalTraffic, PodHostPort, ServiceEntry
from bot.facts.scope import Scope, Subject
from bot.probes.external import local_traffic, pod_host_port, service_entry
from tests.probes.manifests import WEB, Manifest, facts_of, manifest, pod, service

SERVICE = Subject("Service", "shop", "web")
NODES = [manifest("Node", name, namespace="") for name in ("node1", "node2")]
PORTS = [{"port": 80, "nodePort": 30080}]


def on(*nodes: str, ready: bool = True) -> Manifest:
    """A slice with one endpoint on each Node."""
    return {
        **manifest("EndpointSlice", "web-1", labels={"kubernetes.io/service-name": "web"}),
        "endpoints": [
            {"addresses": [f"10.244.1.{i}"], "conditions": {"ready": ready}, "nodeName": node}
            for i, node in enumerate(nodes)
        ],
        "ports": [{"port": 8080, "protocol": "TCP"}],
    }


def asking(*nodes: str, port: int = 30080) -> Scope:
    return Scope(namespaces=("shop",), services=(SERVICE,), named_nodes=nodes, port=port)


async def traffic(scope: Scope, *manifests: Manifest) -> list[LocalTraffic]:
    found = await facts_of(local_traffic, from_manifests(*NODES, *manifests), scope)
    return [fact for fact in found if isinstance(fact, LocalTraffic)]


async def entry(scope: Scope, *manifests: Manifest) -> ServiceEntry:
    [found] = await facts_of(service_entry, from_manifests(*manifests), scope)
    assert isinstance(found, ServiceEntry)
    return found


LOCAL = service(ports=PORTS, type="NodePort", externalTrafficPolicy="Local")


async def test_a_node_that_is_asked_and_has_no_endpoint() -> None:
    _, second = await traffic(asking("node1", "node2"), LOCAL, on("node1"))

    assert second == LocalTraffic(
        namespace="shop",
        service="web",
        type="NodePort",
        way="external",
        node="node2",
        asked=True,
        port_named=True,
        node_port=30080,
        local_endpoints=0,
        endpoints=1,
        nodes_with_endpoints="node1",
    )


async def test_a_node_that_has_an_endpoint() -> None:
    [first] = await traffic(asking("node1"), LOCAL, on("node1", "node1"))

    assert (first.node, first.asked, first.local_endpoints, first.endpoints) == ("node1", True, 2, 2)


async def test_a_node_is_asked_only_where_the_node_port_is_named_too() -> None:
    [other_port] = await traffic(asking("node1", port=80), LOCAL, on("node1"))
    [nothing_named] = await traffic(WEB, LOCAL, on("node1"))

    assert (other_port.node, other_port.asked, other_port.port_named) == ("node2", False, False)
    assert (nothing_named.node, nothing_named.asked, nothing_named.local_endpoints) == ("node2", False, 0)


async def test_where_every_node_has_an_endpoint_there_is_no_other_to_tell_of() -> None:
    assert await traffic(WEB, LOCAL, on("node1", "node2")) == []


async def test_endpoints_that_are_not_ready_do_not_count() -> None:
    [first] = await traffic(asking("node1"), LOCAL, on("node1", ready=False))

    assert (first.local_endpoints, first.endpoints, first.nodes_with_endpoints) == (0, 0, "none")


async def test_traffic_that_is_kept_local_inside_is_looked_at_on_the_clients_nodes() -> None:
    scope = Scope(namespaces=("shop",), services=(SERVICE,), client_nodes=("node2",), port=80)
    [found] = await traffic(scope, service(ports=PORTS, internalTrafficPolicy="Local"), on("node1"))

    assert (found.way, found.node, found.asked, found.node_port) == ("internal", "node2", True, 0)
    assert (found.local_endpoints, found.endpoints) == (0, 1)


@pytest.mark.parametrize("policies", [{}, {"externalTrafficPolicy": "Cluster", "internalTrafficPolicy": "Cluster"}])
async def test_where_traffic_may_go_anywhere_there_is_nothing_to_tell(policies: dict[str, Any]) -> None:
    assert await traffic(asking("node1"), service(ports=PORTS, **policies), on("node1")) == []


async def test_a_service_that_is_reached_through_node_ports() -> None:
    assert await entry(WEB, LOCAL) == ServiceEntry(
        namespace="shop",
        name="web",
        type="NodePort",
        node_ports="30080",
        port_named=0,
        port_known=True,
        external_policy="Local",
        has_address=False,
        source_ranges="",
        session_affinity="None",
        publishes_not_ready=False,
        not_ready_pods=0,
        client_named=False,
    )


@pytest.mark.parametrize(("port", "known"), [(80, True), (30080, True), (30081, False)])
async def test_a_port_that_is_asked_for_is_known_or_not(port: int, known: bool) -> None:
    assert (await entry(asking(port=port), LOCAL)).port_known is known


async def test_a_load_balancer_with_its_address_and_whom_it_lets_in() -> None:
    made = service(ports=PORTS, type="LoadBalancer", loadBalancerSourceRanges=["203.0.113.0/24", "10.0.0.0/8"])
    served = {**made, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}

    assert not (await entry(WEB, made)).has_address
    assert (await entry(WEB, served)).has_address
    assert (await entry(WEB, served)).source_ranges == "203.0.113.0/24, 10.0.0.0/8"


async def test_pods_that_are_published_before_they_are_ready() -> None:
    found = await entry(WEB, service(publishNotReadyAddresses=True), pod("web-1"), pod("web-2", ready=False))

    assert (found.type, found.publishes_not_ready, found.not_ready_pods) == ("ClusterIP", True, 1)


async def test_a_cluster_ip_service_is_no_way_in() -> None:
    assert await facts_of(service_entry, from_manifests(service()), WEB) == []


def with_host_port(name: str = "web-1", *, node: str = "node1", **port: Any) -> Manifest:
    ports = [{"containerPort": 8080, "hostPort": 20333, **port}]
    return pod(name, node=node, owner=("DaemonSet", "web"), containers=[{"name": "main", "ports": ports}])


async def host(scope: Scope, *manifests: Manifest) -> PodHostPort:
    [found] = await facts_of(pod_host_port, from_manifests(*manifests), scope)
    assert isinstance(found, PodHostPort)
    return found


def reaching(*nodes: str, port: int = 20333) -> Scope:
    return Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "web-1"),), named_nodes=nodes, port=port)


async def test_a_host_port_on_the_node_that_is_asked() -> None:
    assert await host(reaching("node1"), with_host_port()) == PodHostPort(
        namespace="shop",
        pod="web-1",
        node="node1",
        host_port=20333,
        container_port=8080,
        protocol="TCP",
        host_ip="",
        ready=True,
        named_node="node1",
        on_named_node=True,
        loopback=False,
    )


async def test_a_host_port_on_another_node_than_is_asked() -> None:
    alone = await host(reaching("node2"), with_host_port())
    with_twin = await host(reaching("node2"), with_host_port(), with_host_port("web-2", node="node2"))

    assert (alone.named_node, alone.on_named_node) == ("node2", False)
    assert with_twin.on_named_node


async def test_a_node_that_is_named_without_the_port_is_not_asked_for_it() -> None:
    assert (await host(reaching("node2", port=0), with_host_port())).named_node == ""


async def test_a_host_port_can_be_bound_to_the_loopback_address() -> None:
    assert (await host(reaching(), with_host_port(hostIP="127.0.0.1"))).loopback
    assert not (await host(reaching(), with_host_port(hostIP="10.0.0.1"))).loopback


async def test_without_pods_that_are_reached_for_there_is_no_host_port() -> None:
    assert await facts_of(pod_host_port, from_manifests(with_host_port()), WEB) == []
