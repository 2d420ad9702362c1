"""hostPorts as another Node sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason
from bot.facts.external import HostPortConnect
from bot.facts.scope import Scope, Subject
from bot.node.requests import VERSION_REQUEST, Request
from bot.probes.hostport import host_port_connect
from tests.node.samples import CAPTURED, reached
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service, unknown_of

WEB_POD = Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "web-1"),))
AT_NODE, AT_POD = "192.0.2.1:26160", "10.244.1.7:8000"


def node(name: str, address: str) -> Manifest:
    return {
        **manifest("Node", name, namespace=""),
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    }


def told(name: str, rules: dict[str, Any] | None) -> list[tuple[Request, bytes]]:
    """What a helper of tier 2 says of its Node's rules."""
    if rules is None:
        return []
    asked: list[tuple[Request, dict[str, Any]]] = [
        (VERSION_REQUEST, {}),
        (("translate", f"tcp/{AT_NODE}"), rules),
    ]
    envelope = {key: value for key, value in CAPTURED.items() if key != "series"}
    return [
        (request, json.dumps(envelope | {"node": name, "tier": 2, "request": list(request)} | found).encode())
        for request, found in asked
    ]


def cluster(
    *,
    ready: bool = True,
    protocol: str = "TCP",
    helpers: tuple[str, ...] = ("node1", "node2"),
    rules: dict[str, Any] | None = None,
) -> MemoryCluster:
    port = {"containerPort": 8000, "hostPort": 26160, "protocol": protocol}
    found = {AT_NODE: {"refused": 4}, AT_POD: {"open": 4}}
    return from_manifests(
        service(),
        pod(ready=ready, containers=[{"name": "main", "ports": [port]}]),
        node("node1", "192.0.2.1"),
        node("node2", "192.0.2.2"),
        helpers={
            name: Helper(pod=f"helper-{name}", answers=dict([reached(name, found), *told(name, rules)]))
            for name in helpers
        },
    )


async def test_a_host_port_is_tried_from_another_node_and_compared_with_its_pod() -> None:
    assert await facts_of(host_port_connect, cluster(), WEB_POD) == [
        HostPortConnect(
            namespace="shop",
            pod="web-1",
            node="node1",
            host_port=26160,
            container_port=8000,
            from_node="node2",
            other_node=True,
            result="refused",
            pod_result="open",
            leads_to="unknown",
            sent_to="",
        )
    ]


@pytest.mark.parametrize(
    ("to", "leads_to"),
    [(["10.244.1.251:8000"], "elsewhere"), ([AT_POD], "pod"), ([], "nowhere")],
)
async def test_where_the_rules_of_its_node_send_it_is_told_if_they_may_be_read(to: list[str], leads_to: str) -> None:
    found = {"translated": {f"tcp/{AT_NODE}": {"by": "nftables ip nat", "to": to, "more": 0}}}
    [fact] = await facts_of(host_port_connect, cluster(rules=found), WEB_POD)

    assert isinstance(fact, HostPortConnect)
    assert (fact.leads_to, fact.sent_to) == (leads_to, ", ".join(to))


async def test_the_pods_own_node_tries_where_there_is_no_other_helper() -> None:
    [found] = await facts_of(host_port_connect, cluster(helpers=("node1",)), WEB_POD)

    assert isinstance(found, HostPortConnect)
    assert (found.from_node, found.other_node) == ("node1", False)


async def test_nothing_is_tried_of_a_pod_that_is_not_ready_or_a_port_that_is_not_tcp() -> None:
    assert await facts_of(host_port_connect, cluster(ready=False), WEB_POD) == []
    assert await facts_of(host_port_connect, cluster(protocol="UDP"), WEB_POD) == []


async def test_without_any_helper_nobody_can_try() -> None:
    missing = await unknown_of(host_port_connect, cluster(helpers=()), WEB_POD)

    assert missing.reason is Reason.NO_HELPER
