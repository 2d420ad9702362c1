"""What NetworkPolicies mean for the connections of a client that a symptom names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.cluster.objects import Namespace
from bot.facts.base import Reason, Unknown
from bot.facts.policy import PolicyFlow
from bot.facts.scope import Scope, Subject
from bot.probes.policy import target_isolation
from bot.probes.policy_flow import policy_flow
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service, unknown_of
from tests.probes.test_policy import labels, namespace, policy

TILL = Subject("Pod", "shop", "till-1")
WEB = Subject("Service", "shop", "web")
SCOPE = Scope(namespaces=("shop",), clients=(TILL,), services=(WEB,), dns=False)
WORLD = (
    service(ports=[{"port": 80, "targetPort": 8080}]),
    pod(),
    pod("till-1", labels={"app": "till", "tier": "frontend", "pod-template-hash": "abc"}, ip="10.244.1.8"),
)
DNS = (
    service(
        "kube-dns",
        namespace="kube-system",
        labels={"k8s-app": "kube-dns"},
        selector={"k8s-app": "kube-dns"},
        ports=[{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
    ),
    pod("coredns-1", namespace="kube-system", labels={"k8s-app": "kube-dns"}, ip="10.244.1.2"),
)
BACKEND = {"from": [{"podSelector": labels(tier="backend")}]}


def egress(name: str = "wall", *, pods: Manifest | None = None, rules: Sequence[Manifest] = ()) -> Manifest:
    spec = {"podSelector": pods or {}, "policyTypes": ["Egress"], "egress": list(rules)}
    return {**manifest("NetworkPolicy", name), "spec": spec}


async def flows(*manifests: Manifest, scope: Scope = SCOPE) -> list[PolicyFlow]:
    found = await facts_of(policy_flow, from_manifests(*WORLD, *manifests), scope)
    return [fact for fact in found if isinstance(fact, PolicyFlow)]


async def flow(*manifests: Manifest, scope: Scope = SCOPE) -> PolicyFlow:
    [found] = await flows(*manifests, scope=scope)
    return found


def told(fact: PolicyFlow) -> dict[str, Any]:
    """What there is to say of a flow that is denied."""
    names = ("direction", "policy", "selected", "misfit", "named", "carried", "change")
    return {name: getattr(fact, name) for name in names}


async def test_without_policies_everything_is_allowed() -> None:
    found = await flow()

    assert (found.flow, found.client, found.target, found.service) == ("service", "till-1", "web-1", "web")
    assert (found.protocol, found.port, found.allowed) == ("TCP", 8080, True)
    assert (found.direction, found.policy, found.policies, found.change) == ("", "", 0, "")


async def test_a_client_whose_labels_no_peer_names_is_denied() -> None:
    found = await flow(policy(pods=labels(app="web"), ingress=[BACKEND]))

    assert not found.allowed
    assert told(found) == {
        "direction": "ingress",
        "policy": "wall",
        "selected": "Pods app=web",
        "misfit": "peer",
        "named": "Pods tier=backend",
        "carried": "tier=frontend",
        "change": "ingress from Pods app=till,tier=frontend on TCP 8080",
    }
    assert found.source == "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/wall"


async def test_a_policy_that_admits_the_client_is_named_as_the_one_that_decides() -> None:
    found = await flow(policy("door", ingress=[{"from": [{"podSelector": labels(app="till")}]}]), policy("wall"))

    assert (found.allowed, found.direction, found.policy, found.misfit) == (True, "ingress", "door", "")


async def test_a_rule_that_names_the_client_with_another_port_misses_the_port() -> None:
    door = policy(ingress=[{"from": [{"podSelector": labels(app="till")}], "ports": [{"port": 80}]}])
    found = await flow(door)

    assert told(found) | {"direction": "", "policy": "", "selected": ""} == {
        "direction": "",
        "policy": "",
        "selected": "",
        "misfit": "port",
        "named": "TCP 80",
        "carried": "TCP 8080",
        "change": "ingress from Pods app=till,tier=frontend on TCP 8080",
    }
    assert (found.selects_all_pods, found.other_port_allowed) == (True, False)


async def test_a_port_that_a_rule_names_is_told_with_the_name_that_the_pod_has() -> None:
    door = policy(ingress=[{"ports": [{"protocol": "TCP", "port": "http"}]}])
    web = pod(containers=[{"name": "main", "ports": [{"name": "http-main", "containerPort": 8080}]}])
    cluster = from_manifests(WORLD[0], web, WORLD[2], door)
    [found] = [fact for fact in await facts_of(policy_flow, cluster, SCOPE) if isinstance(fact, PolicyFlow)]

    assert (found.misfit, found.named, found.carried) == ("port", "TCP port named http", "TCP 8080 (named http-main)")


async def test_of_several_policies_the_one_that_comes_nearest_is_blamed() -> None:
    door = policy("z-door", ingress=[BACKEND])
    found = await flow(policy("a-wall"), door)

    assert (found.policy, found.policies, found.misfit) == ("z-door", 2, "peer")


async def test_a_client_that_may_send_nothing_is_denied_by_its_own_policy() -> None:
    found = await flow(egress(pods=labels(app="till")), policy())

    assert told(found) == {
        "direction": "egress",
        "policy": "wall",
        "selected": "Pods app=till",
        "misfit": "rules",
        "named": "",
        "carried": "",
        "change": "egress to Pods app=web on TCP 8080",
    }


async def test_all_ports_of_a_target_that_are_denied_want_one_change() -> None:
    two_ports = service("two", selector={"app": "web"}, ports=[{"port": 80}, {"port": 9090}])
    scope = Scope(namespaces=("shop",), clients=(TILL,), services=(Subject("Service", "shop", "two"),), dns=False)
    found = await flows(two_ports, policy(), scope=scope)

    assert {item.change for item in found} == {"ingress from Pods app=till,tier=frontend on TCP 80, TCP 9090"}
    assert {item.other_port_allowed for item in found} == {False}


async def test_a_port_that_is_denied_while_another_is_allowed_says_so() -> None:
    two_ports = service("two", selector={"app": "web"}, ports=[{"port": 80}, {"port": 9090}])
    scope = Scope(namespaces=("shop",), clients=(TILL,), services=(Subject("Service", "shop", "two"),), dns=False)
    found = await flows(two_ports, policy(ingress=[{"ports": [{"port": 80}]}]), scope=scope)

    assert [(item.port, item.allowed, item.other_port_allowed) for item in found] == [
        (80, True, False),
        (9090, False, True),
    ]


async def test_the_dns_pods_are_asked_over_udp_and_tcp() -> None:
    scope = Scope(namespaces=("shop",), clients=(TILL,))
    found = await flows(*DNS, egress(), scope=scope)

    assert [(item.flow, item.protocol, item.port, item.allowed) for item in found] == [
        ("dns", "UDP", 53, False),
        ("dns", "TCP", 53, False),
    ]
    assert found[0].change == "egress to Pods k8s-app=kube-dns in Namespace kube-system on UDP 53, TCP 53"
    assert all(item.denies_dns for item in found)


async def test_a_policy_of_the_dns_pods_counts_too() -> None:
    team = policy("dns", namespace="kube-system", ingress=[{"from": [{"namespaceSelector": labels(team="a")}]}])
    places = (namespace("shop", team="b"), namespace("kube-system"))
    found = await flows(*DNS, team, *places, scope=Scope(namespaces=("shop",), clients=(TILL,)))

    assert told(found[0])["carried"] == "Namespace shop has team=b"
    assert (found[0].direction, found[0].namespace, found[0].policy) == ("ingress", "kube-system", "dns")


async def test_where_no_name_is_looked_up_dns_is_no_flow() -> None:
    assert [item.flow for item in await flows(*DNS)] == ["service"]


async def test_dns_pods_that_may_not_be_read_are_unknown_and_the_rest_is_decided() -> None:
    scope = Scope(namespaces=("shop",), clients=(TILL,), services=(WEB,))
    cluster = from_manifests(*WORLD, unreadable={"services@kube-system": Forbidden("services")})
    found = await facts_of(policy_flow, cluster, scope)

    assert [item.flow for item in found if isinstance(item, PolicyFlow)] == ["service"]
    assert [(item.of, item.reason) for item in found if isinstance(item, Unknown)] == [
        ("policy_flow", Reason.FORBIDDEN)
    ]


OUTSIDE = Scope(namespaces=("shop",), clients=(TILL,), outside_host="192.0.2.10", dns=False)
OSLO = Scope(namespaces=("shop",), clients=(TILL,), outside_host="oslo.example.net", outside_port=8443, dns=False)
BLOCK = {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}
ANYWHERE = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}


async def test_a_host_outside_is_decided_by_its_address() -> None:
    inside = await flow(egress(rules=[BLOCK]), scope=OUTSIDE)
    beside = await flow(egress(rules=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]), scope=OUTSIDE)

    assert (inside.allowed, inside.target, inside.port) == (True, "192.0.2.10", 443)
    assert (beside.allowed, beside.named, beside.carried) == (False, "10.0.0.0/8", "address 192.0.2.10")
    assert beside.change == "egress to 192.0.2.10/32 on TCP 443"


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [((), False), (({"to": [{"podSelector": {}}]},), False), ((ANYWHERE,), True), (({},), True)],
    ids=["nothing", "Pods only", "any address", "anybody"],
)
async def test_a_host_outside_that_has_a_name_is_decided_where_its_address_does_not_matter(
    rules: Sequence[Manifest], allowed: bool
) -> None:
    found = await flow(egress(rules=rules), scope=OSLO)

    assert (found.allowed, found.port) == (allowed, 8443)


async def test_a_host_outside_whose_address_matters_is_unknown() -> None:
    found = await unknown_of(policy_flow, from_manifests(*WORLD, egress(rules=[BLOCK])), OSLO)

    assert found.detail == "A NetworkPolicy admits blocks of addresses, and oslo.example.net may be in one or not."


async def test_pods_that_policies_cannot_tell_apart_are_one_client() -> None:
    twin = pod("till-2", labels={"app": "till", "tier": "frontend", "pod-template-hash": "abc"}, ip="10.244.2.8")
    both = Scope(namespaces=("shop",), clients=(TILL, Subject("Pod", "shop", "till-2")), services=(WEB,), dns=False)
    found = await flows(twin, policy(), scope=both)

    assert [item.client for item in found] == ["till-1"]


async def test_a_client_with_the_address_of_its_node_is_no_pod_to_a_policy() -> None:
    agent = pod("agent", labels={"app": "till"}, node="node2", ip="10.0.0.2", host_network=True)
    scope = Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "agent"),), services=(WEB,), dns=False)
    found = await flow(agent, policy(ingress=[{"from": [{"podSelector": {}}]}]), scope=scope)

    assert (found.client, found.allowed) == ("agent", False)
    assert found.carried == "the address of its Node (10.0.0.2), by hostNetwork"
    assert found.change == "ingress from 10.0.0.2/32 on TCP 8080"


async def test_a_pod_that_is_reached_for_directly_is_asked_at_the_ports_it_declares() -> None:
    db = pod("db-1", labels={"app": "db"}, containers=[{"name": "db", "ports": [{"containerPort": 5432}]}])
    scope = Scope(namespaces=("shop",), clients=(TILL,), backends=(Subject("Pod", "shop", "db-1"),), dns=False)
    found = await flow(db, policy(), scope=scope)

    assert (found.flow, found.service, found.port, found.allowed) == ("pod", "", 5432, False)


async def test_where_nobody_is_named_who_connects_it_is_out_of_scope() -> None:
    found = await unknown_of(policy_flow, from_manifests(*WORLD), Scope(namespaces=("shop",), services=(WEB,)))

    assert found.reason is Reason.OUT_OF_SCOPE


async def test_where_somebody_is_named_the_target_alone_is_not_judged() -> None:
    found = await unknown_of(target_isolation, from_manifests(*WORLD, policy()), SCOPE)

    assert (found.reason, found.detail) == (Reason.OUT_OF_SCOPE, "who connects is known: see policy_flow")


async def test_a_pod_that_is_all_a_symptom_names_may_be_its_target() -> None:
    [found] = await facts_of(
        target_isolation, from_manifests(*WORLD, policy()), Scope(namespaces=("shop",), clients=(TILL,))
    )

    assert getattr(found, "pod", "") == "till-1"


async def test_namespaces_are_read_only_where_a_policy_asks_for_their_labels() -> None:
    cluster = from_manifests(*WORLD, policy(), unreadable={"namespaces": Forbidden("namespaces")})
    [found] = await facts_of(policy_flow, cluster, SCOPE)

    assert isinstance(found, PolicyFlow)
    assert Namespace in policy_flow.reads


OPEN = {"from": [{"podSelector": labels(app="till")}]}


async def test_a_policy_that_would_let_it_in_and_selects_nobody_is_named() -> None:
    found = await flow(policy(), policy("doors", pods=labels(tier="api"), ingress=[OPEN]))

    assert (found.allowed, found.policy) == (False, "wall")
    assert (found.missed, found.missed_selects) == ("doors", "Pods tier=api")


@pytest.mark.parametrize(
    "other",
    [
        policy("doors", pods=labels(tier="api"), ingress=[BACKEND]),
        policy("doors", pods=labels(tier="frontend"), ingress=[OPEN]),
        policy("doors", namespace="other", pods=labels(tier="api"), ingress=[OPEN]),
    ],
    ids=["would not let it in", "selects other Pods", "of another namespace"],
)
async def test_policies_that_miss_nobody_are_not_named(other: Manifest) -> None:
    assert (await flow(policy(), other)).missed == ""
