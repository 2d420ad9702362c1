"""Answers about rules, connections and Pods from inside: what they are taken for, and what they are not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cluster.errors import ClusterError, HigherTier, Malformed
from bot.node.answers import Answer, decode
from bot.node.requests import FIREWALL_REQUEST, Request, inside, packet
from bot.node.ruled import Entries, Firewalls, Flows, Pings, SocketsOfPod, Translations
from tests.node.samples import CAPTURED

POD, OTHER = "cf581b81-43e9-401c-99bd-c76888d3bf0f", "0a0a0a0a-0b0b-0c0c-0d0d-0e0e0e0e0e0e"
ENVELOPE = {name: value for name, value in CAPTURED.items() if name != "series"} | {"node": "node1"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


FLOW = {
    "protocol": "tcp",
    "source": "x",
    "seen": "x",
    "port": 1,
    "replied": True,
    "assured": True,
    "open": True,
    "seconds": 1,
}


def content(request: Request, **found: Any) -> bytes:
    return json.dumps(ENVELOPE | {"request": list(request)} | found).encode()


@pytest.mark.parametrize("tier", [2, 3])
def test_what_takes_a_higher_tier_is_an_error_of_its_own(tier: int) -> None:
    refused = content(FIREWALL_REQUEST, tier=1, error=f"tier {tier} is needed, and this helper has tier 1")

    with pytest.raises(HigherTier, match=f"the helper on node1 has tier 1, and this takes tier {tier}"):
        decode(refused, Firewalls, node="node1", request=FIREWALL_REQUEST)


@pytest.mark.parametrize(
    "answered",
    [
        inside(OTHER, "10.244.1.5", FIREWALL_REQUEST),
        inside(POD, "10.244.1.6", FIREWALL_REQUEST),
        inside(POD, "10.244.1.5", ("sample", "--seconds", "3")),
        FIREWALL_REQUEST,
    ],
)
def test_an_answer_of_another_pod_or_to_another_question_is_refused(answered: Request) -> None:
    asked = inside(POD, "10.244.1.5", FIREWALL_REQUEST)

    with pytest.raises(Malformed, match="answered another request"):
        decode(content(answered, firewall={"tables": [], "hooks": []}), Firewalls, node="node1", request=asked)


@pytest.mark.parametrize("tier", [0, 4, "3", None])
def test_a_tier_that_there_is_not_is_refused(tier: Any) -> None:
    with pytest.raises(Malformed):
        decode(content(("version",), tier=tier), Answer, node="node1", request=("version",))


@pytest.mark.parametrize(
    ("of", "found"),
    [
        (Translations, {"translated": {"x": {"by": "b" * 300, "to": []}}}),
        (Translations, {"translated": {"x": {"by": "", "to": ["t" * 300]}}}),
        (Translations, {"translated": {"x": {"by": "", "to": [], "more": -1}}}),
        (Entries, {"entries": {"x": {"entries": [{"source": 1}]}}}),
        (
            Firewalls,
            {"firewall": {"tables": [{"table": "t", "chains": 1, "rules": 1, "services": 1}] * 201, "hooks": []}},
        ),
        (Pings, {"pings": {"x": {"sent": 2**63}}}),
        (Flows, {"flows": {"x": {"flows": [FLOW | {"protocol": "icmp"}]}}}),
        (Flows, {"flows": {"x": {"flows": [FLOW] * 501}}}),
        (SocketsOfPod, {"sockets": {"listening": [], "accepted": [{"peer": "p" * 300, "port": 1}]}}),
    ],
)
def test_values_that_no_helper_gives_are_refused(of: type[Answer], found: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="gave no valid answer"):
        decode(content(FIREWALL_REQUEST, **found), of, node="node1", request=FIREWALL_REQUEST)


@given(found=JSON, of=st.sampled_from([Translations, Entries, Firewalls, Pings, Flows, SocketsOfPod]))
def test_anything_else_is_an_answer_or_an_error(found: Any, of: type[Answer]) -> None:
    places = dict.fromkeys(("translated", "entries", "firewall", "pings", "flows", "sockets"), found)
    try:
        decode(content(FIREWALL_REQUEST, **places), of, node="node1", request=FIREWALL_REQUEST)
    except ClusterError:
        return


def test_packets_are_written_as_the_collector_takes_them() -> None:
    assert packet("UDP", "10.96.0.10", 53) == "udp/10.96.0.10:53"
    assert packet("TCP", "fd00:0:0::a", 80) == "tcp/[fd00::a]:80"
