"""Bridges of Nodes, and whether a Pod behind them can reach itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Node, Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.platform import BridgeHairpin
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.node.roles import POD_KINDS
from bot.node.sampled import Link, Sample
from bot.probes.counters import provenance
from bot.probes.node import each_node
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import Pods, owner_of


@probe(BridgeHairpin, reads=(Node, Pod), helper=True)
async def bridge_hairpin(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count, for each bridge of the Nodes on the path, the Pods that it does not let reach themselves."""
    callers = await self_callers(cluster, scope)
    return await each_node(
        cluster, scope, BridgeHairpin, lambda sample: bridges_of(sample, callers.get(sample.node, "")), ask=samples
    )


async def self_callers(cluster: Cluster, scope: Scope) -> dict[str, str]:
    """Return a workload that is both ends of the symptom, by each Node with a Pod of it."""
    ends = {pod.namespace for pod in scope.clients} & {pod.namespace for pod in scope.backends}
    found: dict[str, str] = {}
    for namespace in sorted(ends):
        try:
            pods = Pods(await cluster.list(Pod, namespace=namespace))
        except ClusterError:  # what the bridge does is known all the same
            continue
        called = {owner_of(pod) for pod in pods.named(scope.backends)}
        for pod in pods.named(scope.clients):
            if owner_of(pod) in called:
                found.setdefault(pod.spec.node_name, str(owner_of(pod)))
    return found


def bridges_of(sample: Sample, calls_itself: str) -> list[Fact]:
    """Return the bridges of one Node that Pods hang on."""
    links = sample.last(sample.series.links)
    names = {link.index: link.name for link in links}
    ports: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        if link.hairpin is not None and link.kind in POD_KINDS:
            ports[link.master].append(link)
    return [
        BridgeHairpin(
            node=sample.node,
            bridge=names.get(master, ""),
            ports=len(found),
            ports_off=sum(not link.hairpin for link in found),
            example=next((link.name for link in found if not link.hairpin), ""),
            calls_itself=calls_itself,
            **provenance(sample, sample.series.links),
        )
        for master, found in sorted(ports.items())
    ]
