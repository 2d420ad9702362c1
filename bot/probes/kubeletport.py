"""The port of each Node's kubelet, by which the API server gets logs and runs commands in Pods."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.cluster.errors import ClusterError, TimedOut, Unreachable
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.controlplane import KubeletPort
from bot.facts.scope import Scope
from bot.node import client
from bot.node.requests import target
from bot.probes.node import MAX_NODES, nodes_in
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import path_of
from bot.probes.translation import UNTRIED, in_a_word

USUAL_PORT = 10250
"""kubernetes.io/docs/reference/networking/ports-and-protocols: kubelet API."""


@probe(KubeletPort, reads=(Node,), helper=True)
async def kubelet_port(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Connect to the kubelets of Nodes where commands cannot be run, from a Node where they can."""
    names = (await nodes_in(cluster, scope))[0][:MAX_NODES]
    answers = await client.samples(cluster, names)
    errors = {name: answer for name, answer in answers.items() if isinstance(answer, ClusterError)}
    broken = {name for name, error in errors.items() if isinstance(error, Unreachable | TimedOut)}
    nodes = await asyncio.gather(*(cluster.get(Node, name=name) for name in names if name not in errors))
    found: list[Fact | Unreadable] = [fact_of(node, says="", other="", result=UNTRIED) for node in nodes]
    found += [
        Unreadable(of=KubeletPort, subject=name, error=error) for name, error in errors.items() if name not in broken
    ]
    if broken:
        others = [name for name in await cluster.helper_nodes() if name not in broken]
        found += await asyncio.gather(*(tried(cluster, name, str(answers[name]), others) for name in sorted(broken)))
    return found


async def tried(cluster: Cluster, name: str, says: str, others: list[str]) -> Fact | Unreadable:
    """Return what another Node gets from the kubelet's port of one Node."""
    try:
        node = await cluster.get(Node, name=name)
    except ClusterError as problem:
        return Unreadable(of=KubeletPort, subject=name, error=problem)
    address = next((item.address for item in node.status.addresses if item.type == "InternalIP"), "")
    there = target(address, port_of(node)) if address else ""
    for other in others if there else []:
        answer = (await client.reaches(cluster, {other: [there]}))[other]
        if not isinstance(answer, ClusterError):
            return fact_of(node, says=says, other=other, result=in_a_word(answer[there].results))
    return fact_of(node, says=says, other="", result=UNTRIED)


def port_of(node: Node) -> int:
    """Return the port that a Node's kubelet tells."""
    return node.status.daemon_endpoints.kubelet_endpoint.port or USUAL_PORT


def fact_of(node: Node, *, says: str, other: str, result: str) -> KubeletPort:
    """Return what is known of one Node's kubelet."""
    ready = any(condition.type == "Ready" and condition.status == "True" for condition in node.status.conditions)
    return KubeletPort(
        node=node.metadata.name,
        port=port_of(node),
        ready=ready,
        commands_run=not says,
        says=says[:200],
        other_node=other,
        result=result,
        source=f"{path_of(node)}, exec into its helper" + (f", a connect from {other}" if other else ""),
    )
