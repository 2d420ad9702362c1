"""Bridges of Nodes, and whether a Pod behind them can reach itself."""

from __future__ import annotations

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper
from bot.facts.base import Fact
from bot.facts.platform import BridgeHairpin
from bot.facts.scope import Scope, Subject
from bot.node.requests import sample_request
from bot.probes.bridge import bridge_hairpin
from tests.node.samples import answer, link
from tests.probes.manifests import facts_of, pod, service

WEB_1, WEB_2 = Subject("Pod", "shop", "web-1"), Subject("Pod", "shop", "web-2")
LINKS = [
    link(2, "eth0", kind="veth"),
    link(4, "cni0", kind="bridge"),
    link(5, "vetha", kind="veth", master=4, hairpin=True),
    link(6, "vethb", kind="veth", master=4, hairpin=False),
]


async def bridges(client: Subject, target: Subject) -> list[Fact]:
    helper = Helper(pod="helper-node1", answers={sample_request(): answer(series={"links": [LINKS]})})
    owner = ("StatefulSet", "web")
    cluster = from_manifests(
        service(), pod(owner=owner), pod("web-2", owner=owner), pod("till-1"), helpers={"node1": helper}
    )
    scope = Scope(namespaces=("shop",), clients=(client,), backends=(target,), client_nodes=("node1",))
    return await facts_of(bridge_hairpin, cluster, scope)


async def test_ports_of_a_bridge_that_send_nothing_back_are_counted() -> None:
    assert await bridges(Subject("Pod", "shop", "till-1"), WEB_1) == [
        BridgeHairpin(node="node1", bridge="cni0", ports=2, ports_off=1, example="vethb", calls_itself="")
    ]


async def test_a_workload_that_is_both_ends_calls_itself() -> None:
    [found] = await bridges(WEB_1, WEB_2)

    assert isinstance(found, BridgeHairpin)
    assert found.calls_itself == "StatefulSet shop/web"
