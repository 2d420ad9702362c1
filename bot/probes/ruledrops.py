"""Nodes of the path, and Pods at both ends from inside: rules whose counters say that they drop packets now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Node, Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.ruledrops import RuleDrop
from bot.facts.scope import Scope
from bot.node import ask
from bot.node.ruled import Dropped
from bot.node.ruled import RuleDrop as Counted
from bot.probes.node import each_node
from bot.probes.pod_way import pods_of
from bot.probes.podview import PODS_ENTERED, inside
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import owner_of

KUBERNETES = "KUBE-"
"""How the chains of kube-proxy and kubelet begin."""
POLICIES = ("policy", "nwplcy", "cali", "cilium", "antrea", "weave", "kube-router", "ovn", "netpol")
"""What tables and chains are called in which network plugins keep NetworkPolicies (ours, of their sources)."""


@probe(RuleDrop, reads=(Node, Pod), helper=True)
async def rule_drop(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Look twice at the counters of rules that drop: of the Nodes of the path, and of the Pods at both ends."""
    ends = [
        (pod, role)
        for role, subjects in (("backend", scope.backends), ("client", scope.clients))
        for pod in (await pods_of(cluster, subjects))[:PODS_ENTERED]
    ]
    nodes, *pods = await asyncio.gather(
        each_node(cluster, scope, RuleDrop, of_node, ask=dropped),
        *(of_pod(cluster, pod, role) for pod, role in ends),
    )
    return [*nodes, *(fact for facts in pods for fact in facts)]


async def dropped(cluster: Cluster, nodes: Iterable[str]) -> dict[str, tuple[str, Dropped] | ClusterError]:
    """Return what the rules of Nodes dropped, with the Node; a Node that failed has its error."""
    answers = await ask.drops(cluster, nodes)
    return {node: found if isinstance(found, ClusterError) else (node, found) for node, found in answers.items()}


def of_node(found: tuple[str, Dropped]) -> list[Fact]:
    """Return the rules of a Node that dropped packets."""
    node, answer = found
    return [fact_of(rule, answer.window_ms, node=node) for rule in answer.rules]


async def of_pod(cluster: Cluster, pod: Pod, role: str) -> list[Fact | Unreadable]:
    """Return the rules in a Pod's own network that dropped packets, or why it cannot be entered."""
    node = pod.spec.node_name
    try:
        answer = await inside(cluster, pod).drops()
    except ClusterError as problem:
        return [Unreadable(of=RuleDrop, subject=node, error=problem)]
    return [fact_of(rule, answer.window_ms, node=node, pod=pod, role=role) for rule in answer.rules]


def fact_of(rule: Counted, window_ms: int, *, node: str, pod: Pod | None = None, role: str = "") -> RuleDrop:
    """Return one rule that dropped packets."""
    place = f"{node}: network namespace of Pod {pod.metadata.namespace}/{pod.metadata.name}" if pod else node
    return RuleDrop(
        node=node,
        pod_namespace=pod.metadata.namespace if pod else "",
        pod=pod.metadata.name if pod else "",
        workload=owner_of(pod).name if pod else "",
        role=role,
        table=rule.table,
        chain=rule.chain,
        verdict=rule.verdict,
        words=rule.words,
        packets=rule.packets,
        window_ms=window_ms,
        owner=owner_in(rule),
        forwards=any(hook != "input" for hook in rule.hooks),
        sends=any(hook in ("output", "postrouting") for hook in rule.hooks),
        source=f"{place}: counters of rules, read twice",
    )


def owner_in(rule: Counted) -> str:
    """Return whose a rule is, by the names of its table and chain."""
    name = f"{rule.table} {rule.chain}".lower()
    if any(word in name for word in POLICIES):
        return "policies"
    return "kubernetes" if rule.chain.startswith(KUBERNETES) or "kube-proxy" in rule.table else "other"
