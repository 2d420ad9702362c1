"""What a diagnosis was allowed to see: the tier of the node helpers it asked, and what the next one would add."""

from __future__ import annotations

import asyncio

from bot.cluster.errors import ClusterError, Forbidden, NotRecorded
from bot.cluster.port import Cluster
from bot.diagnosis.report import Access
from bot.facts.scope import Scope
from bot.node import ask

NODES_ASKED = 10
"""Nodes whose helper is asked for its tier (ours), as many as are sampled."""

NEXT_TIER = {
    0: "The node helper (tier 1) would show what the Nodes count: drops, conntrack, CPU steal, MTU, open ports.",
    1: "Tier 2 (NET_ADMIN, NET_RAW in the helper) would show firewall rules, where they send Services, tracked "
    "connections and ICMP.",
    2: "Tier 3 (also hostPID, SYS_PTRACE, SYS_ADMIN) would show it from inside the Pods' own network namespaces.",
    3: "",
}


async def access_of(cluster: Cluster, scope: Scope, *, server_version: str, deadline: float | None = None) -> Access:
    """Return the tier of the helpers on the path: the lowest of those that answer, and 0 where none does in time."""
    try:
        async with asyncio.timeout_at(deadline):
            tier, why = await tier_of(cluster, scope)
    except TimeoutError:
        tier, why = 0, "Whether node helpers run was not answered in time."
    next_tier = f"{why} {NEXT_TIER[tier]}".strip()
    return Access(tier=tier, context=cluster.context, server_version=server_version, next_tier=next_tier)


async def tier_of(cluster: Cluster, scope: Scope) -> tuple[int, str]:
    """Return the tier, and in a sentence why it is 0 although helpers run; empty where none does."""
    try:
        helpers = await cluster.helper_nodes()
    except ClusterError as problem:
        return 0, f"Whether node helpers run could not be read: {problem}."
    nodes = [node for node in scope.nodes if node in helpers] or list(helpers)
    answers = (await ask.tiers(cluster, nodes[:NODES_ASKED])).values()
    if found := [answer for answer in answers if isinstance(answer, int)]:
        return min(found), ""
    failed = [answer for answer in answers if isinstance(answer, ClusterError)]
    if failed and all(isinstance(problem, NotRecorded) for problem in failed):
        # A recording of a time when helpers did not tell their tier; there was but one.
        return 1, ""
    if forbidden := next((problem for problem in failed if isinstance(problem, Forbidden)), None):
        return 0, f"Node helpers run and may not be asked: {forbidden}."
    return 0, f"Node helpers run and gave no answer: {failed[0]}." if failed else ""
