"""The routes of a Node to the Pods of the path."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Meta, Node, NodeSpec, Pod, PodSpec, PodStatus
from bot.facts.base import Reason, Unknown
from bot.facts.routes import PodRoute
from bot.facts.scope import Scope, Subject
from bot.node.requests import sample_request
from bot.probes.pod_route import pod_route
from tests.node.samples import answer, link, vxlan

IP = "10.244.2.5"
DEFAULT = {"to": "0.0.0.0/0", "type": "unicast", "table": 254, "index": 2, "via": "10.231.0.1", "metric": 0}
USUAL = {"to": "10.244.2.0/24", "type": "unicast", "table": 254, "index": 3, "via": "10.244.2.0", "metric": 0}
ALONE = {"to": f"{IP}/32", "type": "unicast", "table": 254, "index": 2, "via": "", "metric": 0}
BLACKHOLE = ALONE | {"type": "blackhole", "index": 0}
SCOPE = Scope(backends=(Subject("Pod", "shop", "web-1"),), client_nodes=("node1",))


async def route(*routes: dict[str, Any], on: str = "node2") -> PodRoute:
    status = PodStatus(phase="Running", pod_ip=IP)
    pod = Pod(metadata=Meta(name="web-1", namespace="shop"), spec=PodSpec(node_name=on), status=status)
    links = [[link(2, "eth0"), vxlan(3, "flannel.1")]]
    helper = Helper(
        pod="a", answers={sample_request(): answer("node1", series={"links": links, "routes": [list(routes)]})}
    )
    home = Node(metadata=Meta(name=on), spec=NodeSpec(pod_cidr="10.244.2.0/24"))
    [found] = await pod_route.observe(MemoryCluster([pod, home], helpers={"node1": helper}), SCOPE)
    assert isinstance(found, PodRoute)
    return found


async def test_the_route_of_the_pods_around_is_the_usual_one() -> None:
    found = await route(DEFAULT, USUAL)

    assert (found.route, found.device, found.usual_device) == ("10.244.2.0/24", "flannel.1", "flannel.1")
    assert not found.refuses
    assert not found.astray


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit"])
async def test_a_route_that_throws_packets_away_refuses(kind: str) -> None:
    found = await route(DEFAULT, USUAL, BLACKHOLE | {"type": kind})

    assert (found.type, found.refuses, found.astray) == (kind, True, False)


async def test_a_blackhole_around_a_pod_with_a_route_of_its_own_refuses_nothing() -> None:
    """Calico has one for each block of addresses."""
    found = await route(DEFAULT, ALONE, BLACKHOLE | {"to": "10.244.2.0/26"}, on="node1")

    assert (found.route, found.refuses, found.astray) == (f"{IP}/32", False, False)


PART = {"to": "10.244.2.0/28", "type": "unicast", "table": 254, "index": 2, "via": "10.231.0.1", "metric": 0}


async def test_a_route_for_a_part_of_its_nodes_range_that_leads_elsewhere_is_astray() -> None:
    """A VPN left it behind."""
    found = await route(DEFAULT, USUAL, PART)

    assert (found.route, found.device, found.usual_device) == ("10.244.2.0/28", "eth0", "flannel.1")
    assert found.astray


async def test_a_route_around_the_range_is_no_exception() -> None:
    """All of 10.0.0.0/8 may be on a wire of its own, but for the Pod network."""
    found = await route(DEFAULT, USUAL, PART | {"to": "10.0.0.0/8"})

    assert (found.route, found.usual_device, found.astray) == ("10.244.2.0/24", "flannel.1", False)


async def test_a_route_for_the_pod_alone_that_leads_elsewhere_is_astray() -> None:
    found = await route(DEFAULT, USUAL, ALONE)

    assert (found.device, found.usual_device, found.astray) == ("eth0", "flannel.1", True)


@pytest.mark.parametrize(("routes", "on"), [((DEFAULT, USUAL, ALONE), "node1"), ((DEFAULT, ALONE), "node2")])
async def test_a_pod_of_the_node_itself_or_without_a_usual_route_is_not(routes: Any, on: str) -> None:
    found = await route(*routes, on=on)

    assert not found.astray


async def test_other_tables_do_not_count() -> None:
    found = await route(DEFAULT, USUAL, BLACKHOLE | {"table": 99})

    assert not found.refuses


async def test_without_a_pod_nothing_can_be_told() -> None:
    [found] = await pod_route.observe(MemoryCluster(), Scope(named_nodes=("node1",)))

    assert isinstance(found, Unknown)
    assert (found.of, found.reason) == ("pod_route", Reason.OUT_OF_SCOPE)


async def test_a_node_that_may_not_be_read_is_not_taken_for_one_without_exceptions() -> None:
    status = PodStatus(phase="Running", pod_ip=IP)
    pod = Pod(metadata=Meta(name="web-1", namespace="shop"), spec=PodSpec(node_name="node2"), status=status)
    helper = Helper(
        pod="a",
        answers={sample_request(): answer("node1", series={"links": [[link(2, "eth0")]], "routes": [[DEFAULT]]})},
    )
    cluster = MemoryCluster([pod], helpers={"node1": helper}, unreadable={"nodes": Forbidden("get nodes node2")})

    [found] = await pod_route.observe(cluster, SCOPE)

    assert isinstance(found, Unknown)
    assert (found.of, found.reason) == ("pod_route", Reason.FORBIDDEN)
