"""nodePorts as other Nodes see them."""

from __future__ import annotations

from typing import Any

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason
from bot.facts.external import NodePortConnect
from bot.facts.scope import Scope, Subject
from bot.probes.nodeport import node_port_connect
from tests.node.samples import reached
from tests.probes.manifests import WEB, Manifest, endpoints, facts_of, manifest, service, unknown_of

ASKED = Scope(
    namespaces=("shop",),
    services=(Subject("Service", "shop", "web"),),
    named_nodes=("node1",),
    port=32406,
    entry_port=32406,
)


def node(name: str, address: str) -> Manifest:
    return {
        **manifest("Node", name, namespace=""),
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    }


def entry(**fields: Any) -> Manifest:
    return service(ports=[{"port": 80, "nodePort": 32406, "protocol": "TCP"}], **{"type": "NodePort", **fields})


def cluster(web: Manifest, *, helpers: tuple[str, ...] = ("node1", "node2"), kubelet: str = "open") -> MemoryCluster:
    """node1 refuses the nodePort, node2 takes it."""
    node1 = {"192.0.2.1:32406": {"refused": 4}, "192.0.2.1:10250": {kubelet: 4}, "192.0.2.1:9": {"silent": 4}}
    node2 = {"192.0.2.2:32406": {"open": 4}, "192.0.2.2:10250": {"open": 4}, "192.0.2.2:9": {"refused": 4}}
    asks = {"node1": node2, "node2": node1} if len(helpers) > 1 else {"node1": {**node1, **node2}}
    here = endpoints("web", ("web-1", True))
    here["endpoints"][0]["nodeName"] = "node2"
    return from_manifests(
        web,
        here,
        node("node1", "192.0.2.1"),
        node("node2", "192.0.2.2"),
        helpers={name: Helper(pod=f"helper-{name}", answers=dict([reached(name, asks[name])])) for name in helpers},
    )


async def test_a_node_port_is_tried_on_each_node_from_another_one_and_compared() -> None:
    first, second = await facts_of(node_port_connect, cluster(entry()), ASKED)

    assert first == NodePortConnect(
        namespace="shop",
        service="web",
        type="NodePort",
        node_port=32406,
        node="node1",
        address="192.0.2.1",
        from_node="node2",
        other_node=True,
        should_answer=True,
        result="refused",
        node_result="answers",
        elsewhere="open",
        open_on="node2",
    )
    assert isinstance(second, NodePortConnect)
    assert (second.node, second.result, second.elsewhere, second.open_on) == ("node2", "open", "closed", "")


async def test_under_policy_local_only_nodes_with_an_endpoint_should_answer() -> None:
    first, second = await facts_of(node_port_connect, cluster(entry(externalTrafficPolicy="Local")), ASKED)

    assert isinstance(first, NodePortConnect)
    assert isinstance(second, NodePortConnect)
    assert (first.should_answer, second.should_answer, second.elsewhere) == (False, True, "untried")


async def test_a_node_of_which_every_port_is_silent_does_not_answer() -> None:
    first, _ = await facts_of(node_port_connect, cluster(entry(), kubelet="silent"), ASKED)

    assert isinstance(first, NodePortConnect)
    assert first.node_result == "silent"


async def test_a_node_tries_itself_where_it_has_the_only_helper() -> None:
    first, second = await facts_of(node_port_connect, cluster(entry(), helpers=("node1",)), ASKED)

    assert isinstance(first, NodePortConnect)
    assert isinstance(second, NodePortConnect)
    assert (first.other_node, second.other_node) == (False, True)


async def test_nothing_is_tried_of_a_service_without_node_port_or_for_a_client_in_the_cluster() -> None:
    inside = Scope(namespaces=("shop",), services=WEB.services, clients=(Subject("Pod", "shop", "client-1"),))

    assert await facts_of(node_port_connect, cluster(service()), WEB) == []
    assert await facts_of(node_port_connect, cluster(entry()), inside) == []


async def test_without_any_helper_nobody_can_try() -> None:
    missing = await unknown_of(node_port_connect, cluster(entry(), helpers=()), ASKED)

    assert missing.reason is Reason.NO_HELPER
