"""A helper that answers nonsense, with the right envelope: facts or a named reason, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Meta, Node, NodeAddress, NodeSpec, NodeStatus
from bot.facts.base import Fact, fields_of
from bot.node.answers import decode
from bot.node.recording import History, Recall
from bot.node.requests import recall_request, sample_request
from bot.node.sampled import Sample
from bot.probes import counters, history, kernel, mtu, peer
from tests.node import recordings
from tests.node.samples import CAPTURED

PEERS = [
    Node(
        metadata=Meta(name="node2"),
        spec=NodeSpec(pod_cidr="10.244.2.0/24"),
        status=NodeStatus(addresses=(NodeAddress(type="InternalIP", address="10.231.0.12"),)),
    )
]
OF_SAMPLE: tuple[Callable[[Sample], list[Fact]], ...] = (
    *(counters.interfaces_of, counters.conntrack_of, counters.cpu_of, counters.softnet_of),
    *(kernel.ip_of, kernel.tcp_of, kernel.udp_of, kernel.settings_of, kernel.neighbours_of, kernel.pressure_of),
    mtu.overlays_of,
    lambda sample: peer.peers_of(sample, PEERS, {"node2": "02:00:00:00:00:02"}),
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


def spoilt(data: st.DataObject, answer: dict[str, Any], inside: str) -> bytes:
    """Return an answer in which a few values, keys or elements are others."""
    made = copy.deepcopy(answer)
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
    content = spoilt(data, CAPTURED, "series")
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
    sample = decode(json.dumps(CAPTURED).encode(), Sample, node="node1", request=sample_request())
    recorded = History(decode(json.dumps(RECORDED).encode(), Recall, node="node1", request=recall_request()))

    # The neighbour table's limit is not shown in a namespace of its own, where it was captured.
    assert all(make(sample) for make in OF_SAMPLE if make is not kernel.neighbours_of)
    assert all(make(recorded) for make in OF_HISTORY)
