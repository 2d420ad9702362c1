"""Nodes: what the API says of them, and what their kernels count while a few seconds pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import Node
from bot.cluster.objects.node import NodeCondition as Condition
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.node import NodeCondition, NodeConntrack, NodeCpu, NodeInterface, NodeSoftnet
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.probes.counters import conntrack_of, cpu_of, interfaces_of, softnet_of
from bot.probes.events import TEXT_LENGTH
from bot.probes.probe import CannotTell, Unreadable, probe, unknown
from bot.probes.reading import path_of
from bot.probes.times import seconds_since

A = TypeVar("A")

MAX_NODES = 10
"""Nodes sampled in one diagnosis (ours): each costs an exec; what is wrong with all Nodes shows on ten."""
MAX_NAMED = 50
"""Nodes that are named one by one among those that could not be looked at; the others are counted."""
INSTALL = "install it: netmedic helper manifest --image IMAGE | kubectl apply -f -"


@probe(NodeCondition, reads=(Node,))
async def node_condition(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report the Ready condition of each Node on the path."""

    async def one(name: str) -> Node | Unreadable:
        try:
            return await cluster.get(Node, name=name)
        except ClusterError as problem:
            return Unreadable(of=NodeCondition, subject=name, error=problem)

    nodes: list[Node | Unreadable]
    if scope.nodes:
        nodes = list(await asyncio.gather(*(one(name) for name in scope.nodes)))
    elif scope.cluster_wide:
        nodes = list(await cluster.list(Node))
    else:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Node to look at")
    return [condition_of(node, cluster.now()) if isinstance(node, Node) else node for node in nodes]


def condition_of(node: Node, now: datetime) -> NodeCondition:
    """Return what the API says of one Node; one without a Ready condition is not ready."""
    ready = next((condition for condition in node.status.conditions if condition.type == "Ready"), None)
    return NodeCondition(
        node=node.metadata.name,
        ready=ready is not None and ready.status == "True",
        ready_reason=ready.reason if ready else "",
        ready_says=says(ready),
        unschedulable=node.spec.unschedulable,
        age_seconds=seconds_since(node.metadata.creation_timestamp, now),
        kernel=node.status.node_info.kernel_version,
        address=next((address.address for address in node.status.addresses if address.type == "InternalIP"), ""),
        source=path_of(node),
    )


def says(ready: Condition | None) -> str:
    """Return what kubelet says of a Node that is not ready, as much of it as a fact keeps."""
    return ready.message[:TEXT_LENGTH] if ready and ready.status == "False" else ""


@probe(NodeInterface, reads=(Node,), helper=True)
async def node_interface(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count packets, drops and errors of each interface over the window."""
    return await each_node(cluster, scope, NodeInterface, interfaces_of, ask=samples)


@probe(NodeConntrack, reads=(Node,), helper=True)
async def node_conntrack(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report fill and losses of each connection tracking table over the window."""
    return await each_node(cluster, scope, NodeConntrack, conntrack_of, ask=samples)


@probe(NodeCpu, reads=(Node,), helper=True)
async def node_cpu(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report how the CPUs of each Node spent the window."""
    return await each_node(cluster, scope, NodeCpu, cpu_of, ask=samples)


@probe(NodeSoftnet, reads=(Node,), helper=True)
async def node_softnet(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count what each Node's CPUs took from their receive queues and what they lost over the window."""
    return await each_node(cluster, scope, NodeSoftnet, softnet_of, ask=samples)


async def each_node(
    cluster: Cluster,
    scope: Scope,
    of: type[Fact],
    make: Callable[[A], list[Fact]],
    *,
    ask: Callable[[Cluster, Iterable[str]], Awaitable[Mapping[str, A | ClusterError]]],
) -> list[Fact | Unreadable]:
    """Return what is made of the answer of each Node to look at, and which ones could not be looked at, and why."""
    with_helper, without = await nodes_in(cluster, scope)
    found: list[Fact | Unreadable] = []
    for node, answer in (await ask(cluster, with_helper[:MAX_NODES])).items():
        try:
            found += make(must(answer))
        except ClusterError as problem:
            found.append(Unreadable(of=of, subject=node, error=problem))
    missing = NoHelper(f"no node helper runs there; {INSTALL}")
    found += [Unreadable(of=of, subject=subject, error=missing) for subject in counted(without)]
    left_out = f"{MAX_NODES} Nodes are sampled in one diagnosis; name this one to look at it"
    found += [
        unknown(cluster, of, Reason.OUT_OF_SCOPE, left_out, subject=subject)
        for subject in counted(with_helper[MAX_NODES:])
    ]
    return found


async def nodes_in(cluster: Cluster, scope: Scope) -> tuple[list[str], list[str]]:
    """Return the Nodes to look at: those with a helper, and those without.

    Raises:
        CannotTell: The symptom gives no Node, and is not about the whole cluster.
        NoHelper: There is no helper in the cluster at all.
    """
    if not scope.nodes and not scope.cluster_wide:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Node to look at")
    helpers = await cluster.helper_nodes()
    if not helpers:
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    wanted = scope.nodes or [node.metadata.name for node in await cluster.list(Node)]
    return [node for node in wanted if node in helpers], [node for node in wanted if node not in helpers]


def counted(nodes: list[str]) -> list[str]:
    """Return the names, or the first of them and how many more there are."""
    more = len(nodes) - MAX_NAMED
    return nodes if more <= 0 else [*nodes[:MAX_NAMED], f"{more} more"]


def must(answer: A | ClusterError) -> A:
    """Return the answer, or raise why there is none."""
    if isinstance(answer, ClusterError):
        raise answer
    return answer
