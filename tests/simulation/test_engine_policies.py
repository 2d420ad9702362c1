"""Calico's and Cilium's own policies: who decides, in which order, and what is left unknown."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import objects
from bot.cluster.objects import (
    CalicoNetworkPolicy,
    CiliumClusterwideNetworkPolicy,
    CiliumNetworkPolicy,
    ContainerPort,
    GlobalNetworkPolicy,
    NetworkPolicy,
)
from bot.simulation import calico, cilium
from bot.simulation.expression import NotUnderstood, selector
from bot.simulation.networkpolicy import End
from bot.simulation.ruling import Connection, Ruling, name_of

CLIENT = End(
    ip="10.244.1.5", node="node1", namespace="till", name="till", labels={"app": "till"}, namespace_labels={"team": "a"}
)
DB = End(
    ip="10.244.2.7",
    node="node2",
    namespace="shop",
    name="db",
    labels={"app": "db", "tier": "data"},
    namespace_labels={"team": "b"},
    ports=(ContainerPort(name="pg", container_port=5432),),
)
WORLD = End(ip="192.0.2.9", name="example.org")
TO_DB = Connection(source=CLIENT, target=DB, port=5432)
FROM_WORLD = Connection(source=WORLD, target=DB, port=5432)
TO_WORLD = Connection(source=CLIENT, target=WORLD, port=443)


def made(kind: str, name: str, spec: dict[str, Any], *, namespace: str = "shop", version: str = "v1") -> Any:
    place = {} if kind in ("GlobalNetworkPolicy", "CiliumClusterwideNetworkPolicy") else {"namespace": namespace}
    [found] = objects({"apiVersion": version, "kind": kind, "metadata": {"name": name, **place}, "spec": spec})
    return found


def own(name: str, spec: dict[str, Any], **fields: Any) -> CalicoNetworkPolicy:
    found: CalicoNetworkPolicy = made("NetworkPolicy", name, spec, version="crd.projectcalico.org/v1", **fields)
    return found


def everywhere(name: str, spec: dict[str, Any]) -> GlobalNetworkPolicy:
    found: GlobalNetworkPolicy = made("GlobalNetworkPolicy", name, spec)
    return found


def kubernetes(name: str, spec: dict[str, Any]) -> NetworkPolicy:
    found: NetworkPolicy = made("NetworkPolicy", name, spec)
    return found


def cnp(name: str, spec: dict[str, Any], *, namespace: str = "shop") -> CiliumNetworkPolicy:
    found: CiliumNetworkPolicy = made("CiliumNetworkPolicy", name, spec, namespace=namespace)
    return found


def said(ruling: Ruling) -> tuple[bool, str, bool]:
    assert not ruling.unread
    return ruling.allowed, ", ".join(name_of(policy) for policy in ruling.policies), ruling.explicit


ALLOW_TILL = {
    "action": "Allow",
    "protocol": "TCP",
    "source": {"selector": "app == 'till'", "namespaceSelector": "all()"},
    "destination": {"ports": [5432]},
}
DENY = {"action": "Deny"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("all()", True),
        ("global()", False),
        ("app == 'db'", True),
        ('app == "web"', False),
        ("app != 'web' && has(tier)", True),
        ("!has(tier) || app in {'web', 'db'}", True),
        ("app not in {'web', 'db'}", False),
        ("missing not in {'web'}", True),
        ("app starts with 'd' && app ends with 'b' && app contains 'b'", True),
        ("missing contains ''", False),
        ("!(app == 'db' && !has(none))", False),
        ("!!has(app)", True),
    ],
)
def test_calicos_selectors_are_those_of_its_documentation(text: str, *, matches: bool) -> None:
    assert selector(text)({"app": "db", "tier": "data"}) is matches


@pytest.mark.parametrize(
    "text",
    ["app =", "app == db", "has(app", "app === 'x'", "app like 'x'", "(" * 60, "all() all()", "a" * 5000, "\x00"],
)
def test_a_selector_that_is_none_is_not_guessed(text: str) -> None:
    with pytest.raises(NotUnderstood):
        selector(text)


def test_calico_lets_everything_pass_where_no_policy_selects_the_pod() -> None:
    policies = [
        own("p", {"selector": "app == 'web'", "ingress": [DENY]}),
        own("q", {"ingress": [DENY]}, namespace="till"),
    ]

    assert said(calico.decide(policies, [], TO_DB)) == (True, "", False)


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ((10, 20), (True, "shop/allow", True)),
        ((20, 10), (False, "shop/deny", True)),
        ((None, 10), (False, "shop/deny", True)),
        ((10, None), (True, "shop/allow", True)),
        ((10, 10), (True, "shop/allow", True)),
    ],
    ids=["allow first", "deny first", "no order is last", "deny last", "by name"],
)
def test_calicos_policies_are_taken_in_order(orders: tuple[int | None, int | None], expected: Any) -> None:
    first, second = ({} if order is None else {"order": order} for order in orders)
    policies = [own("deny", {"ingress": [DENY], **second}), own("allow", {"ingress": [ALLOW_TILL], **first})]

    assert said(calico.decide(policies, [], TO_DB)) == expected


def test_calico_denies_what_no_rule_of_a_selecting_policy_allows() -> None:
    policy = own(
        "only-web",
        {"selector": "tier == 'data'", "ingress": [{"action": "Allow", "source": {"selector": "app == 'web'"}}]},
    )

    assert said(calico.decide([policy], [], TO_DB)) == (False, "shop/only-web", False)


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (ALLOW_TILL, True),
        ({**ALLOW_TILL, "protocol": "UDP"}, False),
        ({**ALLOW_TILL, "protocol": 6}, True),
        ({"action": "Allow", "notProtocol": "TCP"}, False),
        ({"action": "Allow", "destination": {"ports": ["5000:6000"]}}, True),
        ({"action": "Allow", "destination": {"ports": ["pg"]}}, True),
        ({"action": "Allow", "destination": {"notPorts": [5432]}}, False),
        ({"action": "Allow", "source": {"selector": "app == 'till'"}}, False),
        ({"action": "Allow", "source": {"namespaceSelector": "team == 'a'"}}, True),
        ({"action": "Allow", "source": {"namespaceSelector": "projectcalico.org/name == 'till'"}}, True),
        ({"action": "Allow", "source": {"nets": ["10.244.0.0/16"]}}, True),
        ({"action": "Allow", "source": {"nets": ["10.244.0.0/16"], "notNets": ["10.244.1.0/24"]}}, False),
        ({"action": "Allow", "source": {"notSelector": "app == 'till'"}}, False),
        ({"action": "Allow", "ipVersion": 6}, False),
        ({"action": "Log"}, False),
        ({"action": "Pass"}, True),
    ],
)
def test_a_calico_rule_matches_by_protocol_ports_and_both_ends(rule: dict[str, Any], *, allowed: bool) -> None:
    assert calico.decide([own("p", {"ingress": [rule]})], [], TO_DB).allowed is allowed


def test_a_global_policy_selects_by_namespace_and_counts_for_egress_too() -> None:
    policy = everywhere(
        "no-db",
        {
            "namespaceSelector": "team == 'a'",
            "types": ["Egress"],
            "egress": [{"action": "Deny", "destination": {"nets": ["10.244.2.0/24"]}}],
        },
    )

    assert said(calico.decide([policy], [], TO_DB)) == (False, "no-db", True)
    assert calico.decide([policy], [], FROM_WORLD).allowed


def test_kubernetes_policies_stand_at_order_1000_among_calicos() -> None:
    wall = kubernetes("wall", {"podSelector": {}, "ingress": []})
    allow = kubernetes("allow", {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]})

    assert said(calico.decide([own("p", {"order": 10, "ingress": [ALLOW_TILL]})], [wall], TO_DB)) == (
        True,
        "shop/p",
        True,
    )
    assert said(calico.decide([own("p", {"order": 2000, "ingress": [DENY]})], [allow], TO_DB)) == (
        True,
        "shop/allow",
        True,
    )
    assert said(calico.decide([own("p", {"order": 10, "ingress": [DENY]})], [allow], TO_DB)) == (False, "shop/p", True)
    assert calico.decide([own("p", {"ingress": []})], [wall], TO_DB).allowed is False


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (999, (False, "shop/zz", True)),
        (1000, (False, "shop/zz", True)),
        (1001, (True, "shop/allow", True)),
        (None, (True, "shop/allow", True)),
    ],
)
def test_a_denial_of_calico_counts_before_what_kubernetes_allows_up_to_its_order(
    order: int | None, expected: Any
) -> None:
    allow = kubernetes("allow", {"podSelector": {}, "ingress": [{}]})
    spec = {"ingress": [DENY], **({} if order is None else {"order": order})}

    assert said(calico.decide([own("zz", spec)], [allow], TO_DB)) == expected


def test_a_denial_everywhere_and_one_of_a_namespace_are_taken_in_order_too() -> None:
    deny = everywhere("deny", {"order": 5, "selector": "app == 'db'", "ingress": [DENY]})

    assert said(calico.decide([own("p", {"order": 6, "ingress": [ALLOW_TILL]}), deny], [], TO_DB))[0] is False
    assert said(calico.decide([own("p", {"order": 4, "ingress": [ALLOW_TILL]}), deny], [], TO_DB))[0] is True


@pytest.mark.parametrize(
    ("spec", "unread"),
    [
        ({"tier": "security", "ingress": [DENY]}, "is of another tier"),
        ({"ingress": [{**ALLOW_TILL, "http": {"methods": ["GET"]}}]}, "a rule about requests or ICMP"),
        ({"ingress": [{"action": "Allow", "source": {"domains": ["example.org"]}}]}, "a rule by domains"),
        ({"ingress": [{"action": "Allow", "source": {"ports": [1024]}}]}, "a rule by source ports"),
        ({"ingress": [{"action": "Explode"}]}, "action 'Explode'"),
        ({"selector": "app ===", "ingress": [DENY]}, "selector 'app ==='"),
    ],
)
def test_what_is_not_simulated_of_calico_is_said(spec: dict[str, Any], unread: str) -> None:
    assert unread in calico.decide([own("p", spec)], [], TO_DB).unread


def test_a_rule_before_what_is_not_understood_decides() -> None:
    policy = own("p", {"ingress": [ALLOW_TILL, {"action": "Deny", "http": {"methods": ["GET"]}}]})

    assert said(calico.decide([policy], [], TO_DB)) == (True, "shop/p", True)


ANY_DB: dict[str, Any] = {"endpointSelector": {"matchLabels": {"app": "db"}}}
FROM_TILL = {"matchLabels": {"app": "till", "k8s:io.kubernetes.pod.namespace": "till"}}
PG = [{"ports": [{"port": "5432", "protocol": "TCP"}]}]


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ({"fromEndpoints": [FROM_TILL]}, True),
        ({"fromEndpoints": [FROM_TILL], "toPorts": PG}, True),
        ({"fromEndpoints": [FROM_TILL], "toPorts": [{"ports": [{"port": "80"}]}]}, False),
        ({"fromEndpoints": [FROM_TILL], "toPorts": [{"ports": [{"port": "pg"}]}]}, True),
        ({"fromEndpoints": [FROM_TILL], "toPorts": [{"ports": [{"port": "5000", "endPort": 6000}]}]}, True),
        ({"fromEndpoints": [FROM_TILL], "toPorts": [{"ports": [{"port": "5432", "protocol": "UDP"}]}]}, False),
        ({"toPorts": PG}, True),
        ({"fromEndpoints": [{"matchLabels": {"app": "till"}}]}, False),
        ({"fromEndpoints": [{}]}, False),
        ({"fromEndpoints": [{"matchLabels": {"k8s:io.cilium.k8s.namespace.labels.team": "a"}}]}, True),
        (
            {
                "fromEndpoints": [
                    {"matchExpressions": [{"key": "k8s:io.kubernetes.pod.namespace", "operator": "Exists"}]}
                ]
            },
            True,
        ),
        ({"fromEntities": ["cluster"]}, True),
        ({"fromEntities": ["world"]}, False),
        ({"fromEntities": ["all"]}, True),
        ({"fromCIDR": ["10.244.0.0/16"]}, False),
        ({}, False),
    ],
)
def test_a_cilium_rule_matches_pods_by_labels_entities_and_ports(rule: dict[str, Any], *, allowed: bool) -> None:
    ruling = cilium.decide([cnp("p", {**ANY_DB, "ingress": [rule]})], [], TO_DB)

    assert (ruling.allowed, ruling.unread) == (allowed, "")


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ({"fromCIDR": ["192.0.2.0/24"]}, True),
        ({"fromCIDRSet": [{"cidr": "192.0.2.0/24", "except": ["192.0.2.8/30"]}]}, False),
        ({"fromCIDRSet": [{"cidr": "192.0.2.0/24", "except": ["192.0.2.16/30"]}]}, True),
        ({"fromEntities": ["world"]}, True),
        ({"fromEndpoints": [{}]}, False),
    ],
)
def test_addresses_outside_are_meant_by_blocks_and_by_world(rule: dict[str, Any], *, allowed: bool) -> None:
    assert cilium.decide([cnp("p", {**ANY_DB, "ingress": [rule]})], [], FROM_WORLD).allowed is allowed


def test_a_rule_that_denies_goes_before_all_that_allow() -> None:
    allow = cnp("allow", {**ANY_DB, "ingress": [{"fromEntities": ["all"]}]})
    deny = cnp("deny", {**ANY_DB, "ingressDeny": [{"fromEndpoints": [FROM_TILL]}]})

    assert said(cilium.decide([allow, deny], [], TO_DB)) == (False, "shop/deny", True)


def test_a_denial_of_cilium_goes_before_what_kubernetes_and_other_namespaces_allow() -> None:
    allow = kubernetes("allow", {"podSelector": {}, "ingress": [{}]})
    deny = cnp("deny", {**ANY_DB, "ingressDeny": [{"fromEndpoints": [FROM_TILL]}]})
    spec = {"endpointSelector": {}, "egressDeny": [{"toEntities": ["cluster"]}], "enableDefaultDeny": {"egress": False}}
    wide = made("CiliumClusterwideNetworkPolicy", "no-db", spec)
    open_db = cnp("open", {**ANY_DB, "ingress": [{"fromEntities": ["all"]}]})

    assert said(cilium.decide([deny], [allow], TO_DB)) == (False, "shop/deny", True)
    assert said(cilium.decide([open_db, wide], [allow], TO_DB)) == (False, "no-db", True)
    assert said(cilium.decide([open_db, wide], [], TO_WORLD))[0] is True


def test_a_pod_that_cilium_does_not_select_is_open_and_egress_counts_as_well() -> None:
    other = cnp("other", {"endpointSelector": {"matchLabels": {"app": "web"}}, "ingress": [{}]})
    wall = cnp("wall", {"endpointSelector": {}, "egress": [{"toEndpoints": [{}]}]}, namespace="till")

    assert said(cilium.decide([other], [], TO_DB)) == (True, "", False)
    assert said(cilium.decide([other, wall], [], TO_DB)) == (False, "till/wall", False)
    assert said(cilium.decide([wall], [], TO_WORLD)) == (False, "till/wall", False)


def test_a_policy_may_say_that_it_isolates_nobody() -> None:
    spec = {**ANY_DB, "enableDefaultDeny": {"ingress": False}, "ingress": [{"fromEntities": ["world"]}]}

    assert said(cilium.decide([cnp("p", spec)], [], TO_DB)) == (True, "", False)


def test_kubernetes_policies_and_ciliums_allow_together() -> None:
    wall = kubernetes("wall", {"podSelector": {}, "ingress": []})
    allow = cnp("allow", {**ANY_DB, "ingress": [{"fromEndpoints": [FROM_TILL]}]})

    assert said(cilium.decide([allow], [wall], TO_DB)) == (True, "shop/allow", True)
    assert said(cilium.decide([], [wall], TO_DB)) == (False, "shop/wall", False)


def test_a_clusterwide_policy_is_for_all_namespaces_and_one_may_hold_several_specs() -> None:
    found: CiliumClusterwideNetworkPolicy = made(
        "CiliumClusterwideNetworkPolicy", "c", {"endpointSelector": {}, "ingress": [{}]}
    )
    one = cnp("s", {**ANY_DB, "ingress": [{}]})
    assert one.spec
    several = CiliumNetworkPolicy(metadata=one.metadata, specs=(one.spec,))

    assert said(cilium.decide([found], [], TO_DB)) == (False, "c", False)
    assert said(cilium.decide([several], [], TO_DB)) == (False, "shop/s", False)


@pytest.mark.parametrize(
    ("rule", "unread"),
    [
        ({"toPorts": [{**PG[0], "rules": {"http": [{"method": "GET"}]}}]}, "a rule about requests"),
        ({"fromGroups": [{"aws": {}}]}, "a rule by names, Services, groups, nodes or requirements"),
        (
            {
                "fromEndpoints": [
                    {"matchLabels": {"k8s:io.cilium.k8s.policy.serviceaccount": "x", **FROM_TILL["matchLabels"]}}
                ]
            },
            "a rule by the label",
        ),
    ],
)
def test_what_is_not_simulated_of_cilium_is_said(rule: dict[str, Any], unread: str) -> None:
    assert unread in cilium.decide([cnp("p", {**ANY_DB, "ingress": [rule]})], [], TO_DB).unread


def test_a_name_outside_may_be_allowed_by_a_rule_that_is_not_simulated() -> None:
    policy = cnp(
        "p", {"endpointSelector": {}, "egress": [{"toFQDNs": [{"matchName": "example.org"}]}]}, namespace="till"
    )

    assert "a rule by names" in cilium.decide([policy], [], TO_WORLD).unread


def test_a_node_reaches_its_own_pods_whatever_policies_say() -> None:
    kubelet = Connection(source=End(ip="10.0.0.2", node="node2", name="node2"), target=DB, port=5432)

    assert cilium.decide([cnp("p", {**ANY_DB, "ingress": [{}]})], [], kubelet).allowed
    assert calico.decide([own("p", {"ingress": [DENY]})], [], kubelet).allowed
