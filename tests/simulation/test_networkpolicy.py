"""NetworkPolicy semantics, one sentence of the documentation at a time."""

from __future__ import annotations

import msgspec
import pytest
import yaml

from bot.cluster.objects import ContainerPort, NetworkPolicy, Pod
from bot.simulation.networkpolicy import Decision, End, decide, end_of

WEB = End(
    ip="10.244.1.5",
    node="node1",
    namespace="shop",
    name="web-1",
    labels={"app": "web"},
    namespace_labels={"team": "shop"},
    ports=(
        ContainerPort(name="http", container_port=8080),
        ContainerPort(name="dns", container_port=53, protocol="UDP"),
    ),
)
CART = End(
    ip="10.244.2.7",
    node="node2",
    namespace="shop",
    name="cart-1",
    labels={"app": "cart", "tier": "backend"},
    namespace_labels={"team": "shop"},
)
OPS = End(
    ip="10.244.2.9",
    node="node2",
    namespace="ops",
    name="probe",
    labels={"app": "probe"},
    namespace_labels={"team": "ops"},
)
OFFICE = End(ip="192.0.2.10")


def policy(text: str, name: str = "rule", namespace: str = "shop") -> NetworkPolicy:
    spec = yaml.safe_load(text) or {}
    return msgspec.convert({"metadata": {"name": name, "namespace": namespace}, "spec": spec}, NetworkPolicy)


def to_web(*policies: NetworkPolicy, source: End = CART, port: int = 8080, protocol: str = "TCP") -> Decision:
    return decide(policies, source, WEB, port=port, protocol=protocol)


def test_without_a_policy_everything_passes() -> None:
    assert to_web() == Decision(allowed=True)


def test_a_policy_that_selects_other_pods_changes_nothing() -> None:
    other = policy("{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: []}")

    assert to_web(other) == Decision(allowed=True)


def test_a_policy_without_rules_isolates_and_names_itself() -> None:
    wall = policy("{podSelector: {}, policyTypes: [Ingress]}", name="wall")

    assert to_web(wall) == Decision(allowed=False, direction="ingress", policies=("shop/wall",))


def test_an_empty_rule_allows_everybody() -> None:
    assert to_web(policy("{podSelector: {}, ingress: [{}]}")).allowed


def test_policies_add_up_and_the_rule_that_allows_is_named() -> None:
    wall = policy("{podSelector: {}, policyTypes: [Ingress]}", name="a-wall")
    door = policy(
        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: x}}}]}, {ports: [{port: 8080}]}]}",
        "door",
    )

    assert to_web(wall, door) == Decision(allowed=True, direction="ingress", policies=("shop/door",), rule=1)


@pytest.mark.parametrize(
    ("peer", "source", "allowed"),
    [
        ("{podSelector: {matchLabels: {tier: backend}}}", CART, True),
        ("{podSelector: {matchLabels: {tier: frontend}}}", CART, False),
        ("{podSelector: {}}", CART, True),
        ("{podSelector: {}}", OPS, False),
        ("{namespaceSelector: {}}", OPS, True),
        ("{namespaceSelector: {matchLabels: {team: ops}}}", OPS, True),
        ("{namespaceSelector: {matchLabels: {team: ops}}}", CART, False),
        ("{namespaceSelector: {matchLabels: {team: ops}}, podSelector: {matchLabels: {app: cart}}}", OPS, False),
        ("{namespaceSelector: {}, podSelector: {matchLabels: {app: probe}}}", OPS, True),
        ("{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [cart]}]}}", CART, False),
        ("{podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}", CART, True),
        ("{podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}", CART, False),
        ("{namespaceSelector: {}}", OFFICE, False),
        ("{ipBlock: {cidr: 192.0.2.0/24}}", OFFICE, True),
        ("{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.0/28]}}", OFFICE, False),
        ("{ipBlock: {cidr: 0.0.0.0/0, except: [192.0.2.10/32]}}", CART, True),
        ("{ipBlock: {cidr: '2001:db8::/32'}}", OFFICE, False),
        ("{ipBlock: {cidr: 'not an address'}}", OFFICE, False),
    ],
)
def test_peers(peer: str, source: End, allowed: bool) -> None:
    rule = policy(f"{{podSelector: {{}}, ingress: [{{from: [{peer}]}}]}}")

    assert to_web(rule, source=source).allowed is allowed


@pytest.mark.parametrize(
    ("ports", "port", "protocol", "allowed"),
    [
        ("[{port: 8080}]", 8080, "TCP", True),
        ("[{port: 8080}]", 8081, "TCP", False),
        ("[{port: 8080, protocol: UDP}]", 8080, "TCP", False),
        ("[{protocol: TCP}]", 9, "TCP", True),
        ("[{port: http}]", 8080, "TCP", True),
        ("[{port: http}]", 80, "TCP", False),
        ("[{port: dns}]", 53, "TCP", False),
        ("[{port: dns, protocol: UDP}]", 53, "UDP", True),
        ("[{port: 8000, endPort: 8080}]", 8080, "TCP", True),
        ("[{port: 8000, endPort: 8079}]", 8080, "TCP", False),
        ("[{port: 1}, {port: 8080}]", 8080, "TCP", True),
    ],
)
def test_ports(ports: str, port: int, protocol: str, allowed: bool) -> None:
    rule = policy(f"{{podSelector: {{}}, ingress: [{{ports: {ports}}}]}}")

    assert to_web(rule, port=port, protocol=protocol).allowed is allowed


def test_a_rule_needs_its_peer_and_its_port_together() -> None:
    split = policy(
        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: cart}}}], ports: [{port: 1}]},"
        " {from: [{podSelector: {matchLabels: {app: x}}}], ports: [{port: 8080}]}]}"
    )

    assert not to_web(split).allowed


def test_egress_of_the_source_decides_before_ingress_of_the_target() -> None:
    out = policy("{podSelector: {matchLabels: {app: cart}}, policyTypes: [Egress]}", name="no-way-out")

    assert to_web(out) == Decision(allowed=False, direction="egress", policies=("shop/no-way-out",))


def test_egress_to_a_named_port_means_the_targets_port() -> None:
    out = policy("{podSelector: {matchLabels: {app: cart}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}")

    assert to_web(out).allowed
    assert not to_web(out, port=8081).allowed


def test_policy_types_left_out_mean_ingress_and_egress_only_with_egress_rules() -> None:
    ingress_only = policy("{podSelector: {matchLabels: {app: cart}}}")
    both = policy("{podSelector: {matchLabels: {app: cart}}, egress: [{ports: [{port: 1}]}]}")

    assert to_web(ingress_only).allowed
    assert to_web(both).direction == "egress"


def test_a_policy_of_another_namespace_does_not_select() -> None:
    assert to_web(policy("{podSelector: {}, policyTypes: [Ingress]}", namespace="ops")).allowed


def test_a_node_always_reaches_its_own_pods() -> None:
    wall = policy("{podSelector: {}, policyTypes: [Ingress]}")

    assert to_web(wall, source=End(ip="10.231.0.11", node="node1")).allowed
    assert not to_web(wall, source=End(ip="10.231.0.12", node="node2")).allowed


def test_a_host_network_pod_is_no_pod_to_a_selector() -> None:
    host = msgspec.convert(
        {
            "metadata": {"name": "agent", "namespace": "shop", "labels": {"app": "cart"}},
            "spec": {"hostNetwork": True, "nodeName": "node2"},
            "status": {"podIP": "10.231.0.12"},
        },
        Pod,
    )
    door = policy("{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: cart}}}]}]}")

    assert not to_web(door, source=end_of(host, {})).allowed
