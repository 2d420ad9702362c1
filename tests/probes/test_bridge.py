"""Bridges of Nodes, and whether a Pod behind them can reach itself."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper
from bot.facts.base import Fact, Unknown
from bot.facts.platform import BridgeHairpin, PodBridge
from bot.facts.scope import Scope, Subject
from bot.node.requests import sample_request
from bot.probes.bridge import bridge_hairpin, pod_bridge
from tests.node.samples import answer, link
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service

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


CALLER = Subject("Pod", "shop", "till-1")
CONNECTED = {"to": "10.244.1.0/24", "type": "unicast", "table": 254, "index": 4, "via": "", "metric": 0}
GATEWAY = {"index": 4, "ip": "10.244.1.1", "prefix_length": 24}
WELL: dict[str, Any] = {
    "links": [
        [
            link(2, "eth0"),
            link(4, "cni0", kind="bridge"),
            link(5, "vetha", kind="veth", master=4, hairpin=True, isolated=False, forwards=True),
            link(6, "vethb", kind="veth", master=4, hairpin=True, isolated=False, forwards=True),
        ]
    ],
    "addresses": [[{"index": 2, "ip": "10.231.0.11", "prefix_length": 24}, GATEWAY]],
    "routes": [[CONNECTED]],
    "settings": [{"values": {"ipv4/conf/all/arp_ignore": "0"}, "missing": {}}],
}


def ports(**fields: Any) -> list[Any]:
    first, second, *those = WELL["links"][0]
    return [[first, second, *(one | fields for one in those)]]


async def seen(*, beside: bool = True, **series: Any) -> list[Fact]:
    home: Manifest = manifest("Node", "node1", namespace="") | {"spec": {"podCIDR": "10.244.1.0/24"}}
    helper = Helper(pod="helper-node1", answers={sample_request(): answer(series=WELL | series)})
    till = pod("till-1", labels={"app": "till"}, ip="10.244.1.8", node="node1" if beside else "node2")
    cluster = from_manifests(home, pod(), till, helpers={"node1": helper})
    scope = Scope(namespaces=("shop",), clients=(CALLER,), backends=(WEB_1,), client_nodes=("node1",))
    return await facts_of(pod_bridge, cluster, scope)


async def bridge(*, beside: bool = True, **series: Any) -> PodBridge:
    [found] = await seen(beside=beside, **series)
    assert isinstance(found, PodBridge)
    return found


async def test_a_bridge_is_the_gateway_of_its_pods_and_passes_frames_between_them() -> None:
    found = await bridge()

    assert (found.bridge, found.ports, found.ports_isolated, found.ports_blocked) == ("cni0", 2, 0, 0)
    assert (found.addresses, found.pod_network, found.is_gateway, found.is_routed) == (
        "10.244.1.1/24",
        "10.244.1.0/24",
        True,
        True,
    )
    assert (found.arp_ignore, found.pair) == (0, "shop/till-1, shop/web-1")


async def test_isolated_and_blocked_ports_are_counted() -> None:
    isolated, blocked = await bridge(links=ports(isolated=True)), await bridge(links=ports(forwards=False))

    assert (isolated.ports_isolated, isolated.ports_blocked) == (2, 0)
    assert (blocked.ports_isolated, blocked.ports_blocked, blocked.blocked) == (0, 2, "vetha")


async def test_pods_on_other_nodes_are_no_pair() -> None:
    assert (await bridge(beside=False)).pair == ""


async def test_a_bridge_that_lost_its_address_is_no_gateway_and_its_pods_are_counted() -> None:
    only_uplink = [WELL["addresses"][0][:1]]

    found, routed = await bridge(addresses=only_uplink, routes=[[]]), await bridge(addresses=only_uplink)

    assert (found.addresses, found.is_gateway, found.is_routed, found.pods) == ("", False, False, 2)
    assert (routed.is_gateway, routed.is_routed) == (False, True)


@pytest.mark.parametrize(
    ("values", "counts"),
    [({"cni0": "8"}, 8), ({"all": "8", "cni0": "1"}, 8), ({"eth0": "8"}, 0)],
)
async def test_the_larger_setting_of_the_bridge_and_all_counts(values: dict[str, str], counts: int) -> None:
    told = {f"ipv4/conf/{name}/arp_ignore": value for name, value in values.items()}

    assert (await bridge(settings=[{"values": told, "missing": {}}])).arp_ignore == counts


async def test_a_helper_that_does_not_tell_of_ports_makes_the_bridge_unknown() -> None:
    [unknown] = await seen(links=[LINKS])

    assert isinstance(unknown, Unknown)
    assert "which ports are isolated" in unknown.detail


@pytest.mark.parametrize(
    "settings",
    [
        {"values": {"ipv4/conf/cni0/arp_ignore": "nonsense"}, "missing": {}},
        {"values": {}, "missing": {"ipv4/conf/cni0/arp_ignore": "EIO"}},
    ],
)
async def test_a_setting_that_could_not_be_read_is_not_taken_for_the_usual_one(settings: Any) -> None:
    [unknown] = await seen(settings=[settings])

    assert isinstance(unknown, Unknown)
