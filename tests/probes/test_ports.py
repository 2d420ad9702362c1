"""Where the ports of a Service lead, and whether anything listens there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.cluster.errors import ClusterError, Forbidden, TimedOut
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason, Unknown
from bot.facts.scope import Scope
from bot.facts.service import BackendConnect, ServicePort
from bot.node.requests import connect_requests
from bot.probes.ports import SERVICES_TRIED, backend_connect, service_port
from tests.node.samples import connects
from tests.probes.manifests import WEB, Manifest, facts_of, pod, service, unknown_of

HTTP: Manifest = {"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}
ON_8080: Manifest = {"name": "main", "ports": [{"name": "web", "containerPort": 8080}]}


def cluster(*manifests: Manifest, results: Mapping[str, Mapping[str, str]] | None = None) -> MemoryCluster:
    """A cluster whose helpers, by Node, give these results of connects."""
    helpers = {
        node: Helper(pod=f"helper-{node}", answers=dict([connects(node, found)]))
        for node, found in (results or {}).items()
    }
    return from_manifests(*manifests, helpers=helpers)


async def ports(reading: MemoryCluster, scope: Scope = WEB) -> list[ServicePort]:
    return [fact for fact in await facts_of(service_port, reading, scope) if isinstance(fact, ServicePort)]


async def test_a_port_is_followed_into_the_pods_and_tried_there() -> None:
    reading = cluster(
        service(ports=[{**HTTP, "targetPort": 9999}]),
        pod(containers=[ON_8080]),
        results={"node1": {"10.244.1.7:8080": "open", "10.244.1.7:9999": "refused"}},
    )
    [found] = await ports(reading)

    assert found == ServicePort(
        namespace="shop",
        name="web",
        port=80,
        port_name="http",
        protocol="TCP",
        target_port="9999",
        target_is_name=False,
        resolved_port=9999,
        declared=False,
        declared_as="",
        declared_ports="8080 (web)",
        target_called="",
        port_of_name=0,
        only_declared_port=8080,
        listening_port=8080,
        target_answers="refused",
        selected_pods=1,
    )
    assert found.source == "/api/v1/namespaces/shop/services/web; TCP connects from node1"


async def test_a_connect_is_a_fact_with_the_node_it_was_made_from() -> None:
    reading = cluster(
        service(ports=[HTTP]), pod(containers=[ON_8080]), results={"node1": {"10.244.1.7:8080": "silent"}}
    )

    assert await facts_of(backend_connect, reading) == [
        BackendConnect(
            namespace="shop",
            service="web",
            pod="web-1",
            pod_ip="10.244.1.7",
            port=8080,
            node="node1",
            same_node=True,
            result="silent",
            connect_us=0,
        )
    ]


async def test_a_port_name_is_looked_up_in_the_containers() -> None:
    by_name = {**HTTP, "targetPort": "web"}
    reading = cluster(service(ports=[by_name]), pod(containers=[{"name": "sidecar"}, ON_8080]))
    [found] = await ports(reading)

    assert (found.target_is_name, found.target_port, found.resolved_port, found.declared) == (True, "web", 8080, True)


@pytest.mark.parametrize("name", ["grpc", "dns"], ids=["no such name", "of another protocol"])
async def test_a_port_name_that_no_container_has_resolves_to_nothing(name: str) -> None:
    container = {"name": "main", "ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"}]}
    reading = cluster(service(ports=[{**HTTP, "targetPort": name}]), pod(containers=[container]))
    [found] = await ports(reading)

    assert (found.resolved_port, found.declared, found.target_answers) == (0, False, "untried")


async def test_a_port_without_a_target_port_leads_to_its_own_number() -> None:
    reading = cluster(service(ports=[{"port": 8080}]), pod(containers=[ON_8080]))
    [found] = await ports(reading)

    assert (found.target_port, found.resolved_port, found.declared) == ("8080", 8080, True)


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ([{**HTTP, "protocol": "UDP"}], ["TCP"]),
        ([{**HTTP, "protocol": "UDP"}, {**HTTP, "name": "tcp"}], ["", ""]),
        ([HTTP], [""]),
        ([{**HTTP, "protocol": "UDP", "targetPort": 9999}], [""]),
    ],
    ids=["the other one", "both", "the same", "another number"],
)
async def test_a_number_that_containers_declare_for_another_protocol_alone_is_told(
    offered: list[Manifest], expected: list[str]
) -> None:
    found = await ports(cluster(service(ports=offered), pod(containers=[ON_8080])))

    assert [port.declared_as for port in found] == expected


async def test_pods_that_declare_nothing_declare_none() -> None:
    [found] = await ports(cluster(service(ports=[HTTP]), pod()))

    assert (found.declared_ports, found.only_declared_port, found.declared) == ("none", 0, False)


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("open", "open", "open"),
        ("refused", "refused", "refused"),
        ("open", "refused", "mixed"),
        ("silent", "refused", "closed"),
        ("failed", "refused", "refused"),
        ("failed", "failed", "untried"),
    ],
)
async def test_the_answers_of_several_pods_are_summed_up(first: str, second: str, together: str) -> None:
    reading = cluster(
        service(ports=[HTTP]),
        pod("web-1", containers=[ON_8080]),
        pod("web-2", containers=[ON_8080], node="node2", ip="10.244.2.7"),
        results={"node1": {"10.244.1.7:8080": first}, "node2": {"10.244.2.7:8080": second}},
    )
    [found] = await ports(reading)

    assert found.target_answers == together


async def test_two_open_declared_ports_leave_open_which_is_meant() -> None:
    container = {"name": "main", "ports": [{"containerPort": 8080}, {"containerPort": 9090}]}
    reading = cluster(
        service(ports=[{**HTTP, "targetPort": 9999}]),
        pod(containers=[container]),
        results={"node1": {"10.244.1.7:8080": "open", "10.244.1.7:9090": "open", "10.244.1.7:9999": "refused"}},
    )
    [found] = await ports(reading)

    assert (found.declared_ports, found.only_declared_port, found.listening_port) == ("8080, 9090", 0, 0)


async def test_a_udp_port_is_not_tried() -> None:
    dns = {"name": "dns", "port": 53, "targetPort": 53, "protocol": "UDP"}
    reading = cluster(service(ports=[dns]), pod())
    [found] = await ports(reading)

    assert (found.target_answers, found.listening_port) == ("untried", 0)
    assert await facts_of(backend_connect, reading) == []


async def test_at_most_three_running_pods_are_tried_ready_ones_first() -> None:
    pods = [pod(f"web-{n}", ip=f"10.244.1.{n}", ready=n > 2) for n in range(1, 6)]
    waiting = pod("web-0", ip="", phase="Pending", ready=False)
    tried = {f"10.244.1.{n}:8080": "open" for n in (3, 4, 5)}
    facts = await facts_of(backend_connect, cluster(service(ports=[HTTP]), waiting, *pods, results={"node1": tried}))

    assert [fact.pod for fact in facts if isinstance(fact, BackendConnect)] == ["web-3", "web-4", "web-5"]


async def test_a_node_without_a_helper_is_stood_in_for_by_another() -> None:
    reading = cluster(service(ports=[HTTP]), pod(containers=[ON_8080]), results={"node2": {"10.244.1.7:8080": "open"}})
    [found] = await facts_of(backend_connect, reading)

    assert isinstance(found, BackendConnect)
    assert (found.node, found.same_node, found.source) == ("node2", False, "node2: TCP connect to 10.244.1.7:8080")


async def test_without_any_helper_the_ports_are_known_and_the_connects_are_not() -> None:
    reading = cluster(service(ports=[HTTP]), pod(containers=[ON_8080]))
    [port] = await ports(reading)
    missing = await unknown_of(backend_connect, reading)

    assert (port.declared, port.listening_port, port.target_answers) == (True, 0, "untried")
    assert port.source == "/api/v1/namespaces/shop/services/web"
    assert (missing.reason, missing.subject) == (Reason.NO_HELPER, "node1")


@pytest.mark.parametrize(
    ("error", "reason"), [(TimedOut("no answer"), Reason.TIMEOUT), (Forbidden("pods/exec"), Reason.FORBIDDEN)]
)
async def test_a_helper_that_fails_leaves_the_other_nodes_known(error: ClusterError, reason: Reason) -> None:
    [request] = connect_requests(["10.244.1.7:8080"])
    good = dict([connects("node2", {"10.244.2.7:8080": "open"})])
    reading = from_manifests(
        service(ports=[HTTP]),
        pod("web-1", containers=[ON_8080]),
        pod("web-2", containers=[ON_8080], node="node2", ip="10.244.2.7"),
        helpers={
            "node1": Helper(pod="helper-node1", failures={request: error}),
            "node2": Helper(pod="helper-node2", answers=good),
        },
    )
    first, second = await facts_of(backend_connect, reading)
    [port] = await ports(reading)

    assert isinstance(first, Unknown)
    assert (first.reason, first.subject) == (reason, "node1")
    assert isinstance(second, BackendConnect)
    assert (second.pod, second.result) == ("web-2", "open")
    assert port.target_answers == "open"


async def test_a_connect_that_the_node_could_not_even_try_is_unknown() -> None:
    reading = cluster(
        service(ports=[HTTP]), pod(containers=[ON_8080]), results={"node1": {"10.244.1.7:8080": "failed"}}
    )
    missing = await unknown_of(backend_connect, reading)

    assert (missing.reason, missing.subject) == (Reason.MALFORMED, "web-1")


async def test_an_ipv6_pod_is_tried() -> None:
    reading = cluster(
        service(ports=[HTTP]), pod(ip="fd00::7", containers=[ON_8080]), results={"node1": {"[fd00::7]:8080": "open"}}
    )
    [found] = await ports(reading)

    assert found.target_answers == "open"


@pytest.mark.parametrize(
    "item",
    [service(ports=[HTTP], clusterIP="None"), service(ports=[HTTP], selector={})],
    ids=["headless", "without a selector"],
)
async def test_a_service_that_translates_nothing_to_pods_gives_no_port(item: Manifest) -> None:
    assert await facts_of(service_port, cluster(item, pod())) == []
    assert await facts_of(backend_connect, cluster(item, pod())) == []


@pytest.mark.parametrize(("services", "tried"), [(SERVICES_TRIED, True), (SERVICES_TRIED + 1, False)])
async def test_connects_are_made_to_a_limited_number_of_services(services: int, *, tried: bool) -> None:
    items = [service(f"web-{n}", ports=[HTTP], selector={"app": "web"}) for n in range(services)]
    reading = cluster(*items, pod(containers=[ON_8080]), results={"node1": {"10.244.1.7:8080": "open"}})
    everything = Scope(cluster_wide=True)
    facts = await facts_of(backend_connect, reading, everything)

    assert {fact.target_answers for fact in await ports(reading, everything)} == {"open" if tried else "untried"}
    assert [fact.reason for fact in facts if isinstance(fact, Unknown)] == ([] if tried else [Reason.OUT_OF_SCOPE])


async def test_what_containers_call_a_port_and_which_one_is_called_as_the_services_is() -> None:
    declared = [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}]
    crossed = service(
        ports=[
            {"name": "http", "port": 80, "targetPort": 9090},
            {"name": "metrics", "port": 81, "targetPort": 8080},
        ]
    )

    found = await ports(cluster(crossed, pod(containers=[{"name": "main", "ports": declared}]), results={}))

    assert [(port.target_called, port.port_of_name) for port in found] == [("metrics", 8080), ("http", 9090)]
