"""A helper that answers nonsense, with the right envelope: facts or a named reason, and nothing else."""

from __future__ import annotations

import copy
import ipaddress
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Meta, Node, NodeAddress, NodeSpec, NodeStatus, Pod, PodStatus
from bot.cluster.objects.pod import ContainerStatus
from bot.facts.base import Fact, fields_of
from bot.node.answers import decode
from bot.node.collector import pods
from bot.node.recording import History, Recall
from bot.node.requests import recall_request, sample_request
from bot.node.sampled import Sample
from bot.probes import (
    bridge,
    containers,
    counters,
    defaultgateway,
    history,
    kernel,
    mtu,
    peer,
    platform,
    queues,
    sysctl,
)
from tests.node import recordings
from tests.node.samples import CAPTURED, answer

PEERS = [
    Node(
        metadata=Meta(name="node2"),
        spec=NodeSpec(pod_cidr="10.244.2.0/24"),
        status=NodeStatus(addresses=(NodeAddress(type="InternalIP", address="10.231.0.12"),)),
    )
]
POD_UID, CONTAINER_ID = "0a0a0a0a-0b0b-0c0c-0d0d-0e0e0e0e0e0e", "ab" * 32
PODS = [
    Pod(
        metadata=Meta(name="web-1", namespace="shop", uid=POD_UID),
        status=PodStatus(
            container_statuses=(ContainerStatus(name="web", container_id=f"containerd://{CONTAINER_ID}"),)
        ),
    )
]
HOME = bridge.Home(network=ipaddress.ip_network("10.244.1.0/24"), pods=3, pair="")
# What the captured answer has none of: a queue, a connection that waits, and what takes tier 3.
PORT = {"hairpin": True, "isolated": False, "forwards": True}
BESIDES = {
    "links": [[one | (PORT if one["master"] else {}) for one in CAPTURED["series"]["links"]["readings"][0]["value"]]],
    "queues": [
        [
            {"index": 2, "kind": "fq", "parent": queues.ROOT}
            | dict.fromkeys(("handle", "packets", "dropped", "waiting", "requeued", "over_limits"), count)
        ]
        for count in (10, 12)
    ],
    "xfrm": [{"XfrmOutPolBlock": count} for count in (10, 12)],
    "listeners": [[{"ip": "::", "port": 10250, "waiting": 1, "most": 4}]] * 2,
    "pods": [{POD_UID: dict.fromkeys(pods.COUNTERS, count)} for count in (10, 12)],
    "throttling": [{CONTAINER_ID: {"periods": count, "throttled": count}} for count in (10, 12)],
}
SAMPLED = json.loads(answer(series=BESIDES))
OF_SAMPLE: tuple[Callable[[Sample], list[Fact]], ...] = (
    *(counters.interfaces_of, counters.conntrack_of, counters.cpu_of, counters.softnet_of),
    *(kernel.ip_of, kernel.tcp_of, kernel.udp_of, kernel.pressure_of),
    *(sysctl.settings_of, sysctl.neighbours_of, sysctl.timeouts_of, platform.modules_of, platform.tunnels_of),
    *(queues.send_queues_of, queues.listen_queues_of),
    lambda sample: containers.sockets_of(sample, PODS),
    lambda sample: containers.throttling_of(sample, PODS),
    mtu.overlays_of,
    lambda sample: peer.peers_of(sample, PEERS, {"node2": "02:00:00:00:00:02"}, {"node2": {1: "0a:00:00:00:00:02"}}),
    kernel.xfrm_of,
    lambda sample: defaultgateway.gateway_of(sample, {"node2": "10.231.0.1"}),
    lambda sample: bridge.pod_bridges(sample, HOME),
)
OF_HISTORY: tuple[Callable[[History], list[Fact]], ...] = (
    *(history.drops_of, history.steal_of, history.conntrack_of, history.correlations_of),
)
RECORDED = json.loads(
    recordings.answer(
        {
            **{
                f"net.eth0.{name}": list(range(0, 40, 2)) for name in ("rx_packets", "tx_packets", "rx_drop", "tx_drop")
            },
            **{f"cpu.{name}": list(range(0, 200, 10)) for name in ("all", "steal", "softirq")},
            **{f"conntrack.{name}": list(range(20)) for name in ("count", "max", "lost")},
            "pressure.cpu": list(range(20)),
        }
    )
)
NONSENSE = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.lists(st.integers(-5, 5), max_size=3)
    | st.dictionaries(st.text(max_size=5), st.integers(-5, 5), max_size=3)
)


def spoilt(data: st.DataObject, whole: dict[str, Any], inside: str) -> bytes:
    """Return an answer in which a few values, keys or elements are others."""
    made = copy.deepcopy(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = made[inside]
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and data.draw(st.integers(0, 9)):
                place = place[key]
                continue
            what = data.draw(st.sampled_from(["replace", "remove", "rename"]))
            old = place.pop(key)
            if what == "replace" and isinstance(place, dict):
                place[key] = data.draw(NONSENSE)
            elif what == "replace":
                place.insert(key, data.draw(NONSENSE))
            elif what == "rename" and isinstance(place, dict):
                place[data.draw(st.text(max_size=8))] = old
            break
    return json.dumps(made).encode()


def holds(facts: list[Fact]) -> bool:
    return all(type(getattr(fact, name)) is type_ for fact in facts for name, type_ in fields_of(type(fact)).items())


@settings(max_examples=200)
@given(data=st.data())
def test_a_spoilt_sample_gives_facts_or_a_reason(data: st.DataObject) -> None:
    content = spoilt(data, SAMPLED, "series")
    for make in OF_SAMPLE:
        try:
            facts = make(decode(content, Sample, node="node1", request=sample_request()))
        except ClusterError:
            continue

        assert holds(facts)


@settings(max_examples=200)
@given(data=st.data())
def test_a_spoilt_recording_gives_facts_or_a_reason(data: st.DataObject) -> None:
    content = spoilt(data, RECORDED, "recording")
    for make in OF_HISTORY:
        try:
            facts = make(History(decode(content, Recall, node="node1", request=recall_request())))
        except ClusterError:
            continue

        assert holds(facts)


def test_what_is_not_spoilt_gives_facts_of_every_kind() -> None:
    sample = decode(json.dumps(SAMPLED).encode(), Sample, node="node1", request=sample_request())
    recorded = History(decode(json.dumps(RECORDED).encode(), Recall, node="node1", request=recall_request()))

    # The neighbour table's limit is not shown in a namespace of its own, where it was captured.
    assert all(make(sample) for make in OF_SAMPLE if make is not sysctl.neighbours_of)
    assert all(make(recorded) for make in OF_HISTORY)
