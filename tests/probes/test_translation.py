"""Service addresses as Nodes see them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason, Unknown
from bot.facts.scope import Scope, Subject
from bot.facts.translation import EndpointConnect, ServiceConnect
from bot.probes.translation import endpoint_connect, service_connect
from tests.node.samples import reached
from tests.probes.manifests import Manifest, facts_of, manifest, service, unknown_of

FROM_NODE1 = Scope(namespaces=("shop",), services=(Subject("Service", "shop", "web"),), client_nodes=("node1",))
FRONT, POD, STRANGER = "10.96.0.7:80", "10.244.1.7:8080", "192.0.2.9:8080"
OPEN, SILENT = {"open": 4}, {"silent": 4}

Results = Mapping[str, Mapping[str, int]]


def endpoint_slice(*, stranger: bool = False, ready: bool = True) -> Manifest:
    made = manifest("EndpointSlice", "web-1", labels={"kubernetes.io/service-name": "web"})
    conditions = {"ready": ready}
    of_pod = {"addresses": ["10.244.1.7"], "conditions": conditions, "targetRef": {"kind": "Pod", "name": "web-1"}}
    others = [{"addresses": ["192.0.2.9"], "conditions": conditions}] if stranger else []
    ports = [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    return {**made, "addressType": "IPv4", "endpoints": [of_pod, *others], "ports": ports}


def cluster(*more: Manifest, ready: bool = True, stranger: bool = False, **results: Results) -> MemoryCluster:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    helpers = {
        node: Helper(pod=f"helper-{node}", answers=dict([reached(node, found)])) for node, found in results.items()
    }
    return from_manifests(service(ports=ports), endpoint_slice(stranger=stranger, ready=ready), *more, helpers=helpers)


async def connects(reading: MemoryCluster, scope: Scope = FROM_NODE1) -> dict[str, ServiceConnect]:
    facts = await facts_of(service_connect, reading, scope)
    return {fact.node: fact for fact in facts if isinstance(fact, ServiceConnect)}


async def test_a_service_is_compared_with_its_endpoints_and_with_another_node() -> None:
    found = await connects(cluster(node1={FRONT: SILENT, POD: OPEN}, node2={FRONT: OPEN, POD: OPEN}))

    assert found["node1"] == ServiceConnect(
        namespace="shop",
        name="web",
        port=80,
        address="10.96.0.7",
        node="node1",
        tried=4,
        opened=0,
        result="silent",
        ready_endpoints=1,
        endpoints_tried=1,
        endpoints_open=1,
        endpoints_result="open",
        elsewhere="open",
    )
    assert (found["node2"].result, found["node2"].elsewhere) == ("open", "closed")


async def test_an_endpoint_that_loses_one_of_four_connects_is_not_open() -> None:
    lossy = {FRONT: {"silent": 4}, POD: {"open": 3, "silent": 1}}
    found = await connects(cluster(node1=lossy, node2=lossy))

    assert (found["node1"].endpoints_open, found["node1"].endpoints_result) == (0, "closed")


async def test_what_could_not_be_tried_is_no_result() -> None:
    stuck = {FRONT: {"failed": 4}, POD: {"failed": 4}}
    found = await connects(cluster(node1=stuck, node2={FRONT: OPEN, POD: OPEN}))

    assert (found["node1"].tried, found["node1"].result) == (0, "untried")


async def test_endpoints_that_are_not_ready_are_not_tried() -> None:
    found = await connects(cluster(ready=False, node1={FRONT: SILENT}, node2={FRONT: SILENT}))

    assert (found["node1"].ready_endpoints, found["node1"].endpoints_result) == (0, "untried")


async def test_an_address_without_a_pod_is_told_with_how_many_others_answer() -> None:
    both = {FRONT: {"open": 2, "silent": 2}, POD: OPEN, STRANGER: SILENT}
    facts = await facts_of(endpoint_connect, cluster(stranger=True, node1=both, node2=both), FROM_NODE1)

    assert (
        EndpointConnect(
            namespace="shop",
            service="web",
            endpoint_slice="web-1",
            address="192.0.2.9",
            port=8080,
            is_pod=False,
            nobodys=False,
            nodes_tried=2,
            nodes_open=0,
            result="silent",
            others_open=1,
            endpoints=2,
        )
        in facts
    )


async def test_an_endpoint_that_one_node_reaches_is_open() -> None:
    facts = await facts_of(
        endpoint_connect,
        cluster(node1={FRONT: SILENT, POD: SILENT}, node2={FRONT: OPEN, POD: OPEN}),
        FROM_NODE1,
    )
    [found] = [fact for fact in facts if isinstance(fact, EndpointConnect)]

    assert (found.result, found.nodes_tried, found.nodes_open, found.others_open) == ("open", 2, 1, 0)


async def test_services_of_a_namespace_that_ends_are_not_tried() -> None:
    ending = manifest("Namespace", "shop", namespace="")
    ending["metadata"]["deletionTimestamp"] = "2026-01-01T11:59:59Z"
    found = await connects(cluster(ending, node1={FRONT: SILENT, POD: OPEN}, node2={FRONT: OPEN, POD: OPEN}))

    assert found == {}


async def test_a_headless_service_has_no_address_to_translate() -> None:
    reading = from_manifests(
        service(clusterIP="None", ports=[{"port": 80}]), helpers={"node1": Helper(pod="a"), "node2": Helper(pod="b")}
    )

    assert await facts_of(service_connect, reading, FROM_NODE1) == []


async def test_a_node_of_the_path_without_a_helper_is_named() -> None:
    facts = await facts_of(service_connect, cluster(node2={FRONT: OPEN, POD: OPEN}), FROM_NODE1)

    assert [(fact.subject, fact.reason) for fact in facts if isinstance(fact, Unknown)] == [("node1", Reason.NO_HELPER)]


async def test_without_any_helper_nothing_is_told() -> None:
    found = await unknown_of(service_connect, cluster(), FROM_NODE1)

    assert (found.reason, found.detail) == (
        Reason.NO_HELPER,
        "no node helper runs in this cluster, so nothing could be connected to",
    )
