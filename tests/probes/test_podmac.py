"""Whether a Node sends a Pod's address to the Pod, or to somebody else who claims it."""

from __future__ import annotations

import json
from typing import Any

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason
from bot.facts.podmac import PodMac
from bot.facts.scope import Scope, Subject
from bot.node.requests import VERSION_REQUEST, Request, inside, sample_request
from bot.probes.podmac import pod_mac
from tests.node import samples
from tests.probes.manifests import facts_of, pod, unknown_of

UID, IP, OTHER, THIRD = "cf581b81-43e9-401c-99bd-c76888d3bf0f", "10.244.1.7", "10.244.1.8", "10.244.1.9"
SCOPE = Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "web-1"),))
MAC, CLAIMANT = "02:00:00:00:00:07", "02:00:00:00:00:08"


def version(tier: int) -> tuple[Request, bytes]:
    envelope = {name: value for name, value in samples.CAPTURED.items() if name != "series"}
    answer = envelope | {"node": "node1", "tier": tier, "request": list(VERSION_REQUEST)}
    return VERSION_REQUEST, json.dumps(answer).encode()


def neighbours(entries: dict[str, str], state: str = "reachable") -> list[dict[str, Any]]:
    return [{"index": 5, "ip": ip, "mac": mac, "state": state} for ip, mac in entries.items()]


def cluster(
    entries: dict[str, str],
    *,
    then: dict[str, str] | None = None,
    state: str = "reachable",
    mac: str = MAC,
    tier: int = 3,
) -> MemoryCluster:
    """Return a Node with neighbours, and with those it has once it sent something to each Pod."""
    server = pod("web-1", ip=IP)
    server["metadata"]["uid"] = UID
    request = inside(UID, IP, ("sample", "--seconds", "3"))
    own = {
        "links": [[samples.link(2, "eth0", kind="veth", mac=mac)]],
        "addresses": [[{"index": 2, "ip": IP, "prefix_length": 24}]],
    }
    again = neighbours(entries | (then or {}))
    answers = [
        version(tier),
        (request, samples.answer(series=own, request=list(request), tier=3)),
        (sample_request(), samples.answer(series={"neighbours": [neighbours(entries, state)]})),
        (sample_request(1), samples.answer(series={"neighbours": [again]}, request=list(sample_request(1)))),
        samples.connects("node1", {f"{OTHER}:9": "refused", f"{THIRD}:9": "refused"}),
    ]
    others = (pod("agent-1", ip=OTHER), pod("till-1", ip=THIRD), pod("far-1", ip="10.244.2.7", node="node2"))
    return from_manifests(server, *others, helpers={"node1": Helper(pod="helper-1", answers=dict(answers))})


async def seen(*args: Any, **kwargs: Any) -> PodMac:
    [fact] = await facts_of(pod_mac, cluster(*args, **kwargs), SCOPE)
    assert isinstance(fact, PodMac)
    return fact


async def test_a_node_that_knows_the_pods_own_mac_address_sends_to_it() -> None:
    fact = await seen({IP: MAC})

    assert (fact.differs, fact.mac, fact.node_mac, fact.holder) == (False, MAC, MAC, "unknown")


async def test_the_pod_that_has_the_other_mac_address_is_named() -> None:
    fact = await seen({IP: CLAIMANT}, then={OTHER: CLAIMANT, THIRD: "02:00:00:00:00:09"}, state="stale")

    assert (fact.ip, fact.mac, fact.node_mac) == (IP, MAC, CLAIMANT)
    assert (fact.differs, fact.confirmed, fact.holder) == (True, True, "shop/agent-1")


async def test_an_entry_that_is_left_from_a_pod_before_is_not_confirmed() -> None:
    left, answering = await seen({IP: CLAIMANT}, state="stale"), await seen({IP: CLAIMANT})

    assert (left.differs, left.confirmed, left.holder) == (True, False, "unknown")
    assert (answering.confirmed, answering.holder) == (True, "unknown")


async def test_a_proxy_that_answers_for_all_pods_claims_nothing() -> None:
    fact = await seen({IP: CLAIMANT}, then={OTHER: CLAIMANT, THIRD: CLAIMANT})

    assert (fact.differs, fact.confirmed, fact.holder) == (True, False, "unknown")


async def test_what_cannot_be_compared_is_not_known() -> None:
    assert (await unknown_of(pod_mac, cluster({}), SCOPE)).reason is Reason.ABSENT
    assert (await unknown_of(pod_mac, cluster({IP: MAC}, state="failed"), SCOPE)).reason is Reason.ABSENT
    assert (await unknown_of(pod_mac, cluster({IP: MAC}, mac=""), SCOPE)).reason is Reason.ABSENT
    assert (await unknown_of(pod_mac, cluster({IP: MAC}, tier=2), SCOPE)).reason is Reason.HIGHER_TIER
    assert (await unknown_of(pod_mac, cluster({IP: MAC}), Scope())).reason is Reason.OUT_OF_SCOPE
