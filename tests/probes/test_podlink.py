"""The Node's end of a Pod's interface, and what its queue holds back."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper
from bot.facts.base import Fact, Unknown
from bot.facts.queue import PodLink
from bot.facts.scope import Scope, Subject
from bot.node.requests import sample_request
from bot.probes.podlink import pod_link
from bot.probes.queues import ROOT
from tests.node.samples import answer, link
from tests.probes.manifests import facts_of, pod

MAC = "0a:58:0a:f4:01:07"
SCOPE = Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "web-1"),))


def queue(kind: str, dropped: int, over_limits: int, *, index: int = 5) -> dict[str, Any]:
    counts = {"packets": 100, "waiting": 0, "requeued": 0, "dropped": dropped, "over_limits": over_limits}
    return {"index": index, "kind": kind, "handle": 1, "parent": ROOT, **counts}


BRIDGED: dict[str, Any] = {
    "links": [[link(4, "cni0", kind="bridge"), link(5, "vetha", kind="veth", master=4)]],
    "neighbours": [[{"index": 4, "ip": "10.244.1.7", "mac": MAC, "state": "reachable"}]],
    "learned": [[{"index": 5, "ip": "", "mac": MAC, "state": "reachable"}]],
    "routes": [[]],
    "queues": [[], []],
}


async def seen(**series: Any) -> Fact:
    helper = Helper(pod="helper-node1", answers={sample_request(): answer(series=BRIDGED | series)})
    [found] = await facts_of(pod_link, from_manifests(pod(), helpers={"node1": helper}), SCOPE)
    return found


async def test_a_link_without_a_queue_holds_nothing_back() -> None:
    found = await seen()

    assert isinstance(found, PodLink)
    assert (found.interface, found.discipline, found.shapes, found.held_back) == ("vetha", "noqueue", False, 0)


async def test_what_a_shaper_on_the_port_of_the_pod_holds_back_is_counted() -> None:
    other = queue("tbf", 900, 900, index=6)
    found = await seen(queues=[[queue("tbf", 10, 20), other], [queue("tbf", 13, 50), other]])

    assert isinstance(found, PodLink)
    assert (found.discipline, found.shapes, found.dropped, found.held_back) == ("tbf", True, 3, 33)


@pytest.mark.parametrize(("kind", "shapes"), [("netem", True), ("htb", True), ("fq_codel", False), ("mq", False)])
async def test_what_only_orders_does_not_shape(kind: str, *, shapes: bool) -> None:
    found = await seen(queues=[[queue(kind, 0, 0)], [queue(kind, 0, 0)]])

    assert isinstance(found, PodLink)
    assert found.shapes is shapes


async def test_without_a_bridge_the_route_to_the_pod_names_the_interface() -> None:
    own = {"to": "10.244.1.7/32", "type": "unicast", "table": 254, "index": 9, "via": "", "metric": 0}
    found = await seen(links=[[link(9, "cali1", kind="veth")]], routes=[[own]], neighbours=[[]], learned=[[]])

    assert isinstance(found, PodLink)
    assert found.interface == "cali1"


async def test_a_pod_behind_an_unknown_port_is_unknown() -> None:
    found = await seen(learned=[[]])

    assert isinstance(found, Unknown)
    assert "does not show by which interface" in found.detail
