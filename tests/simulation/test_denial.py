"""Why NetworkPolicies deny a connection."""

from __future__ import annotations

import pytest

from bot.cluster.objects import (
    IngressRule,
    LabelSelector,
    Meta,
    NetworkPolicy,
    NetworkPolicySpec,
    PolicyPeer,
    PolicyPort,
)
from bot.simulation.denial import Misfit, why_denied
from bot.simulation.networkpolicy import End

TILL = PolicyPeer(pod_selector=LabelSelector(match_labels={"app": "till"}))
DESK = PolicyPeer(pod_selector=LabelSelector(match_labels={"app": "desk"}))
WEB = End(namespace="shop", name="web", labels={"app": "web"})
CLIENT = End(namespace="shop", name="till", labels={"app": "till"})
PORT = PolicyPort(port=80)


def policy(name: str, *rules: IngressRule) -> NetworkPolicy:
    return NetworkPolicy(metadata=Meta(name=name, namespace="shop"), spec=NetworkPolicySpec(ingress=rules))


def test_a_policy_without_rules_names_nobody() -> None:
    denial = why_denied([policy("wall")], "ingress", pod=WEB, peer=CLIENT)

    assert (denial.misfit, denial.peers, denial.ports) == (Misfit.RULES, (), ())


def test_a_policy_for_others_tells_for_whom() -> None:
    denial = why_denied([policy("wall", IngressRule(from_=(DESK,)))], "ingress", pod=WEB, peer=CLIENT)

    assert (denial.misfit, denial.peers, denial.ports) == (Misfit.PEER, (DESK,), ())


def test_a_rule_for_the_peer_misses_the_port() -> None:
    rules = (IngressRule(from_=(DESK,)), IngressRule(from_=(TILL,), ports=(PORT,)))
    denial = why_denied([policy("wall", *rules)], "ingress", pod=WEB, peer=CLIENT)

    assert (denial.misfit, denial.peers, denial.ports) == (Misfit.PORT, (DESK, TILL), (PORT,))


def test_a_rule_for_everybody_on_other_ports_leaves_it_to_the_peers_that_are_named() -> None:
    everybody = IngressRule(ports=(PORT,))
    beside = why_denied([policy("wall", IngressRule(from_=(DESK,)), everybody)], "ingress", pod=WEB, peer=CLIENT)
    alone = why_denied([policy("wall", everybody)], "ingress", pod=WEB, peer=CLIENT)

    assert (beside.misfit, beside.peers, beside.ports) == (Misfit.PEER, (DESK,), (PORT,))
    assert (alone.misfit, alone.peers, alone.ports) == (Misfit.PORT, (), (PORT,))


def test_the_policy_that_comes_nearest_is_told_and_the_first_of_equals() -> None:
    near, nearer = IngressRule(from_=(DESK,)), IngressRule(from_=(TILL,), ports=(PORT,))
    walls = [policy("a"), policy("b", near), policy("c", near)]

    assert why_denied(walls, "ingress", pod=WEB, peer=CLIENT).policy.metadata.name == "b"
    assert why_denied([*walls, policy("d", nearer)], "ingress", pod=WEB, peer=CLIENT).policy.metadata.name == "d"


def test_where_nothing_isolates_nothing_is_denied() -> None:
    with pytest.raises(ValueError, match="no policy isolates web for egress"):
        why_denied([policy("wall")], "egress", pod=WEB, peer=CLIENT)
