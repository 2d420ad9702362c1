"""Pods seen from inside their own network namespaces."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Fact, Reason, Unknown
from bot.facts.podview import ClientConnect, ClientLookup, ClientMtu, PodListener, PodNetwork
from bot.facts.scope import Scope, Subject
from bot.node.requests import FIREWALL_REQUEST, VERSION_REQUEST, Request, answer_from, inside
from bot.probes.clientview import client_connect, client_lookup, client_mtu
from bot.probes.podview import pod_listener, pod_network
from tests.node import samples
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service

UID, IP = "cf581b81-43e9-401c-99bd-c76888d3bf0f", "10.244.1.5"
FRONT, BEHIND, DNS = "10.96.0.7:80", "10.244.1.7:8080", "10.96.0.10:53"
SCOPE = Scope(
    namespaces=("shop",),
    clients=(Subject("Pod", "shop", "till-1"),),
    services=(Subject("Service", "shop", "web"),),
    backends=(Subject("Pod", "shop", "web-1"),),
    client_nodes=("node1",),
)
FILTER = "nftables ip filter INPUT"
OPEN, SILENT = {"results": {"open": 4}, "us": 120}, {"results": {"silent": 4}, "us": 0}


def answered(request: Request, *, tier: int = 3, **found: Any) -> tuple[Request, bytes]:
    envelope = {name: value for name, value in samples.CAPTURED.items() if name != "series"}
    return request, json.dumps(envelope | {"node": "node1", "tier": tier, "request": list(request)} | found).encode()


def within(*words: str, **found: Any) -> tuple[Request, bytes]:
    return answered(inside(UID, IP, words), **found)


def sampled(*, up: bool = True, routes: bool = True, **others: Any) -> tuple[Request, bytes]:
    request = inside(UID, IP, ("sample", "--seconds", "3"))
    eth0 = samples.link(2, "eth0", kind="veth", mtu=1450, up=up, operstate="up" if up else "down")
    route = {"to": "0.0.0.0/0", "type": "unicast", "table": 254, "index": 2, "via": "10.244.1.1", "metric": 0}
    row = [0] * 16
    series = {
        "links": [[eth0]],
        "addresses": [[{"index": 2, "ip": IP, "prefix_length": 24}]],
        "routes": [[route] if routes else []],
        "net_dev": [{"eth0": row}, {"eth0": [*row[:3], 2, *row[4:]]}],
        **others,
    }
    return request, samples.answer(series=series, request=list(request), tier=3)


def cluster(*answers: tuple[Request, bytes], tier: int = 3) -> MemoryCluster:
    client = pod("till-1", ip=IP, labels={"app": "till"})
    client["metadata"]["uid"] = UID
    made = manifest("EndpointSlice", "web-1", labels={"kubernetes.io/service-name": "web"})
    endpoint = {
        "addresses": ["10.244.1.7"],
        "conditions": {"ready": True},
        "targetRef": {"kind": "Pod", "name": "web-1"},
    }
    slices: Manifest = {
        **made,
        "addressType": "IPv4",
        "endpoints": [endpoint],
        "ports": [{"name": "http", "port": 8080}],
    }
    dns = service("kube-dns", namespace="kube-system", ports=[{"name": "dns", "port": 53, "protocol": "UDP"}])
    dns["spec"]["clusterIP"] = "10.96.0.10"
    return from_manifests(
        client,
        pod("web-1"),
        dns,
        service(ports=[{"name": "http", "port": 80, "targetPort": 8080}]),
        slices,
        helpers={
            "node1": Helper(pod="helper-1", answers=dict([answered(VERSION_REQUEST, tier=tier), *answers])),
        },
    )


def firewall(rules: int = 0) -> tuple[Request, bytes]:
    tables = [{"table": "nftables ip filter", "chains": 3, "rules": rules, "services": 0}] if rules else []
    return within(*FIREWALL_REQUEST, firewall={"tables": tables, "hooks": []})


def followed(**stopped: str) -> tuple[Request, bytes]:
    packets = {"own": f"tcp/{IP}:9", "sent": "tcp/10.244.1.7:9"}
    plain: dict[str, Any] = {"by": "", "to": [], "more": 0}
    found = {
        text: plain | ({"stopped": "drop", "where": stopped[name]} if name in stopped else {})
        for name, text in packets.items()
    }
    return within("translate", *sorted(found), translated=found)


async def client_of(*answers: tuple[Request, bytes]) -> PodNetwork:
    facts = await facts_of(pod_network, cluster(*answers), SCOPE)
    [fact] = [fact for fact in facts if isinstance(fact, PodNetwork)]
    return fact


async def test_a_sound_pod_has_a_link_a_route_and_nothing_in_the_way() -> None:
    fact = await client_of(sampled(), firewall(), followed())

    assert (fact.name, fact.role, fact.interface, fact.up, fact.mtu) == ("till-1", "client", "eth0", True, 1450)
    assert (fact.default_route, fact.dropped, fact.rules) == (True, 2, 0)
    assert (fact.stops_incoming, fact.stops_outgoing, fact.where) == ("no", "no", "")


async def test_a_link_that_is_down_and_has_lost_its_route_is_told() -> None:
    fact = await client_of(sampled(up=False, routes=False), firewall(), followed())

    assert (fact.up, fact.default_route) == (False, False)


async def test_rules_that_stop_what_comes_and_what_goes_are_told_apart() -> None:
    incoming = await client_of(sampled(), firewall(1), followed(own="nftables ip filter INPUT"))
    outgoing = await client_of(sampled(), firewall(1), followed(sent="nftables ip filter OUTPUT"))

    assert (incoming.stops_incoming, incoming.stops_outgoing, incoming.where) == (
        "drop",
        "no",
        "nftables ip filter INPUT",
    )
    assert (outgoing.stops_incoming, outgoing.stops_outgoing, outgoing.where) == (
        "no",
        "drop",
        "nftables ip filter OUTPUT",
    )


@pytest.mark.parametrize(
    ("stopped", "told"),
    [
        ({"sent": "nftables ip guard in"}, ("no", "drop", "web-1", "nftables ip guard in")),
        ({"own": "nftables ip filter INPUT", "sent": "nftables ip filter INPUT"}, ("drop", "no", "", FILTER)),
        ({}, ("no", "no", "", "")),
    ],
)
async def test_rules_of_a_target_that_stop_one_client_alone_are_told(
    stopped: dict[str, str], told: tuple[str, str, str, str]
) -> None:
    packets = {"own": f"tcp/{IP}:9", "sent": f"10.244.1.7,tcp/{IP}:9"}
    plain: dict[str, Any] = {"by": "", "to": [], "more": 0}
    found = {
        text: plain | ({"stopped": "drop", "where": stopped[name]} if name in stopped else {})
        for name, text in packets.items()
    }
    rules = within("translate", *sorted(found), translated=found)
    scope = dataclasses.replace(SCOPE, clients=SCOPE.backends, backends=SCOPE.clients, services=())
    facts = await facts_of(pod_network, cluster(sampled(), firewall(1), rules), scope)
    [fact] = [fact for fact in facts if isinstance(fact, PodNetwork)]

    assert (fact.role, fact.stops_outgoing) == ("backend", "no")
    assert (fact.stops_incoming, fact.stops_client, fact.stopped_client, fact.where) == told


async def test_what_a_pod_listens_on_is_told_by_port() -> None:
    sockets = (("127.0.0.1", 8080), ("::1", 8080), ("127.0.0.1", 9090), ("0.0.0.0", 9090), ("::", 8443), (IP, 7070))
    listeners = [{"ip": ip, "port": port, "waiting": 0, "most": 5} for ip, port in sockets]
    scope = Scope(backends=SCOPE.clients)

    facts = await facts_of(pod_listener, cluster(sampled(listeners=[listeners])), scope)

    assert [
        (fact.port, fact.addresses, fact.loopback_only, fact.at_pod_address)
        for fact in facts
        if isinstance(fact, PodListener)
    ] == [
        (7070, IP, False, True),
        (8080, "127.0.0.1, ::1", True, False),
        (8443, "::", False, False),
        (9090, "0.0.0.0, 127.0.0.1", False, True),
    ]


async def test_below_tier_3_no_pod_is_entered() -> None:
    for probe in (pod_network, client_mtu):
        found = await facts_of(probe, cluster(tier=2), SCOPE)

        assert {(fact.reason, fact.detail) for fact in found if isinstance(fact, Unknown)} == {
            (Reason.HIGHER_TIER, "the helper on node1 has tier 2, and this takes tier 3")
        }


async def seen(probe: Any, *answers: tuple[Request, bytes]) -> Fact:
    [fact] = await facts_of(probe, cluster(*answers), SCOPE)
    return fact


async def test_what_a_client_reaches_is_compared_with_what_its_node_reaches() -> None:
    from_inside = within("reach", "--times", "4", BEHIND, FRONT, reached={FRONT: SILENT, BEHIND: SILENT})
    from_node = answered(("reach", "--times", "4", BEHIND, FRONT), reached={FRONT: OPEN, BEHIND: OPEN})

    fact = await seen(client_connect, from_inside, from_node)
    assert isinstance(fact, ClientConnect)
    assert (fact.client, fact.tried, fact.opened, fact.result) == ("till-1", 4, 0, "silent")
    assert (fact.endpoints_result, fact.from_node) == ("silent", "open")


async def test_large_packets_that_do_not_arrive_are_told() -> None:
    size = {"device": "eth0", "limit": 1450, "passed": 1350, "failed": 1358, "told": False}

    fact = await seen(client_mtu, within("sizes", "10.244.1.7", sizes={"10.244.1.7": size}))
    assert isinstance(fact, ClientMtu)
    assert (fact.to, fact.interface_mtu, fact.passed, fact.failed) == ("10.244.1.7", 1450, 1350, 1358)


async def test_lookups_from_inside_are_compared_with_those_of_the_node() -> None:
    question = f"{DNS}/kubernetes.default.svc.cluster.local"
    silent, said = {"asked": 5}, {"asked": 5, "times_us": [1000] * 5, "codes": {"NOERROR": 5}}
    from_inside = within("resolve", question, resolved={question: {"A": silent, "AAAA": silent}})
    names = ("kubernetes.default", "netmedic-asks-for-nobody.default", "web.shop")
    asked = [f"{DNS}/{name}.svc.cluster.local" for name in names]
    from_node = answered(("resolve", *asked), resolved={text: {"A": said, "AAAA": said} for text in asked})

    fact = await seen(client_lookup, from_inside, from_node)
    assert isinstance(fact, ClientLookup)
    assert (fact.server, fact.asked, fact.answered, fact.from_node_answered) == (DNS, 10, 0, 10)


def test_a_recording_answers_for_the_pod_that_was_entered_alone() -> None:
    request, content = within("reach", "--times", "4", BEHIND, FRONT, reached={FRONT: OPEN, BEHIND: OPEN})
    recorded = {request: content}
    other = inside(UID.replace("c", "d"), IP, ("reach", "--times", "4", FRONT))

    part = answer_from(recorded, inside(UID, IP, ("reach", "--times", "4", FRONT)))
    assert part is not None
    assert json.loads(part)["reached"] == {FRONT: OPEN}
    assert answer_from(recorded, other) is None
    assert answer_from(recorded, ("reach", "--times", "4", FRONT)) is None


def test_a_recording_of_what_was_refused_refuses_in_other_company_too() -> None:
    refused = answered(("translate", "tcp/10.96.0.7:80"), tier=1, error="tier 2 is needed, and this helper has tier 1")

    part = answer_from(dict([refused]), ("translate", "tcp/10.96.0.8:80"))
    assert part is not None
    assert json.loads(part)["error"] == "tier 2 is needed, and this helper has tier 1"
