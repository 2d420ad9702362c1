"""Rules that dropped packets while they were watched, of Nodes and from inside Pods."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper
from bot.facts.base import Reason, Unknown
from bot.facts.ruledrops import RuleDrop
from bot.facts.scope import Scope, Subject
from bot.node.requests import DROPS_REQUEST, VERSION_REQUEST, Request, inside
from bot.probes.ruledrops import rule_drop
from tests.probes.manifests import facts_of, manifest, pod
from tests.probes.test_noderules import answer

UID = "11111111-2222-3333-4444-555555555555"
SCOPE = Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "web-1"),), client_nodes=("node1",), dns=False)


def rule(table: str = "nftables ip guard", chain: str = "in", *hooks: str) -> dict[str, Any]:
    return {
        "table": table,
        "chain": chain,
        "verdict": "drop",
        "packets": 7,
        "words": "ip saddr 10.231.0.11",
        "hooks": list(hooks or ("prerouting",)),
    }


async def drops(*rules: dict[str, Any], tier: int = 3, inside_pod: tuple[dict[str, Any], ...] = ()) -> list[Any]:
    of_pod = inside(UID, "10.244.1.7", DROPS_REQUEST)
    requests: dict[Request, Any] = {DROPS_REQUEST: rules, of_pod: inside_pod}
    answers = {
        request: answer("node1", request, tier=tier, drops={"window_ms": 3000, "rules": found})
        for request, found in requests.items()
    }
    version = {VERSION_REQUEST: answer("node1", VERSION_REQUEST, tier=tier)}
    web = pod()
    web["metadata"]["uid"] = UID
    helpers = {"node1": Helper(pod="helper-node1", answers=answers | version)}
    cluster = from_manifests(web, manifest("Node", "node1", namespace=""), helpers=helpers)
    return list(await facts_of(rule_drop, cluster, SCOPE))


async def test_a_rule_of_a_node_is_told_with_what_it_is_for() -> None:
    assert await drops(rule()) == [
        RuleDrop(
            node="node1",
            pod_namespace="",
            pod="",
            workload="",
            role="",
            table="nftables ip guard",
            chain="in",
            verdict="drop",
            words="ip saddr 10.231.0.11",
            packets=7,
            window_ms=3000,
            owner="other",
            forwards=True,
            sends=False,
        )
    ]


async def test_a_rule_in_a_pod_is_told_with_the_pod() -> None:
    [fact] = await drops(inside_pod=(rule("nftables ip filter", "INPUT", "input"),))

    assert (fact.node, fact.pod_namespace, fact.pod, fact.role) == ("node1", "shop", "web-1", "backend")
    assert (fact.owner, fact.forwards) == ("other", False)


@pytest.mark.parametrize(
    ("table", "chain", "owner"),
    [
        ("nftables ip filter", "KUBE-FIREWALL", "kubernetes"),
        ("nftables ip kube-proxy", "reject-chain", "kubernetes"),
        ("nftables inet some-policy", "pod-7", "policies"),
        ("iptables-legacy filter", "cali-tw-cali12345", "policies"),
        ("nftables ip filter", "KUBE-NWPLCY-DEFAULT", "policies"),
        ("nftables ip filter", "DOCKER-USER", "other"),
    ],
)
async def test_whose_a_rule_is_shows_in_the_names(table: str, chain: str, owner: str) -> None:
    [fact] = await drops(rule(table, chain))

    assert fact.owner == owner


async def test_rules_that_dropped_nothing_give_no_fact() -> None:
    assert await drops() == []


async def test_a_helper_of_too_low_a_tier_is_unknown_for_the_node_and_for_the_pod() -> None:
    found = await drops(rule(), tier=1)

    assert [fact.reason for fact in found if isinstance(fact, Unknown)] == [Reason.HIGHER_TIER] * 2
    assert len(found) == 2
