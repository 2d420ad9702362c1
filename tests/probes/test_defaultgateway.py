"""The router that Nodes send to what lies beyond their networks."""

from __future__ import annotations

from typing import Any

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper
from bot.facts.platform import DefaultGateway
from bot.facts.scope import Scope
from bot.node.requests import sample_request
from bot.probes.defaultgateway import default_gateway
from tests.node.samples import answer, link
from tests.probes.manifests import facts_of, manifest

SCOPE = Scope(namespaces=("shop",), outside_host="192.0.2.20", client_nodes=("node1",))


def default(via: str, metric: int = 0) -> dict[str, Any]:
    return {"to": "0.0.0.0/0", "type": "unicast", "table": 254, "index": 2, "via": via, "metric": metric}


def node(name: str, *routes: dict[str, Any], state: str = "reachable") -> Helper:
    entries = [{"index": 2, "ip": route["via"], "mac": "", "state": state} for route in routes if state]
    series = {"links": [[link(2, "eth0")]], "routes": [list(routes)], "neighbours": [entries]}
    return Helper(pod=f"helper-{name}", answers={sample_request(): answer(name, series=series)})


async def gateway(**helpers: Helper) -> list[DefaultGateway]:
    nodes = [manifest("Node", name, namespace="") for name in helpers]
    found = await facts_of(default_gateway, from_manifests(*nodes, helpers=helpers), SCOPE)
    return [fact for fact in found if isinstance(fact, DefaultGateway)]


async def test_a_router_that_does_not_answer_is_told_beside_that_of_other_nodes() -> None:
    [found] = await gateway(
        node1=node("node1", default("10.231.0.254"), state="failed"),
        node2=node("node2", default("10.231.0.1")),
        node3=node("node3", default("10.231.0.1")),
    )

    assert (found.node, found.address, found.device, found.state) == ("node1", "10.231.0.254", "eth0", "failed")
    assert (found.silent, found.others) == (True, "10.231.0.1")


async def test_of_several_routes_that_with_the_least_metric_counts() -> None:
    [found] = await gateway(node1=node("node1", default("10.231.0.254", 600), default("10.231.0.1", 100)))

    assert (found.address, found.silent, found.others) == ("10.231.0.1", False, "")


async def test_a_router_that_nobody_sent_to_is_not_called_silent() -> None:
    [found] = await gateway(node1=node("node1", default("10.231.0.1"), state=""))

    assert (found.state, found.silent) == ("absent", False)


async def test_a_node_without_a_default_route_has_no_router() -> None:
    assert await gateway(node1=node("node1")) == []
