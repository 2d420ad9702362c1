"""Whether Nodes hide Pods behind their own address on the way to a host outside, and what connects from both give."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.objects import NetworkPolicy, Node, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.masquerade import NodeMasquerade
from bot.facts.scope import Scope
from bot.node import ask, client
from bot.node.requests import packet_from, target
from bot.node.ruled import Masqueraded
from bot.node.ways import is_reachable
from bot.probes.kubeproxy import SHOWN_RANGES, pod_ranges
from bot.probes.outside import USUAL_PORT, resolved, trying_from
from bot.probes.podview import inside
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import key_of
from bot.probes.translation import UNTRIED, in_a_word

NODES_COMPARED = 3
"""Nodes whose rules are followed in one diagnosis (ours): those of the clients, and others to compare with."""
ORDER = ("yes", "maybe", "no")


@dataclass(frozen=True, kw_only=True)
class Way:
    """A Pod of one Node, and where it sends to."""

    node: Node
    pod: Pod
    address: str
    port: int
    is_client: bool

    @property
    def target(self) -> str:
        """What is connected to."""
        return target(self.address, self.port)

    @property
    def packet(self) -> str:
        """What the helper follows through the rules."""
        return packet_from(self.pod.status.pod_ip, "tcp", self.address, self.port)


@probe(NodeMasquerade, reads=(Node, Pod, Service, NetworkPolicy), helper=True)
async def node_masquerade(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Follow packets from Pods to the host outside through their Nodes' rules, and connect from both."""
    first = await trying_from(cluster, scope)
    address, port = await resolved(cluster, first[0], scope.outside_host), scope.outside_port or USUAL_PORT
    names = list(dict.fromkeys([*first, *await cluster.helper_nodes()]))[:NODES_COMPARED]
    nodes = [node for node in await cluster.list(Node) if node.metadata.name in names]
    ways = [
        Way(node=node, pod=pod, address=address, port=port, is_client=is_client(pod, scope))
        for node in nodes
        for pod in (await pods_on(cluster, node, scope))[:1]
    ]
    if not ways:
        raise CannotTell(Reason.OUT_OF_SCOPE, "no Pod with an address of its own runs on those Nodes")
    rules, reached, from_pods, policies = await asyncio.gather(
        ask.masquerades(cluster, {way.node.metadata.name: [way.packet] for way in ways}),
        client.reaches(cluster, {way.node.metadata.name: [way.target] for way in ways}),
        asyncio.gather(*(from_pod(cluster, way) for way in ways)),
        cluster.list(NetworkPolicy),
    )
    seen = {node: next(iter(found.values())) for node, found in rules.items() if not isinstance(found, ClusterError)}
    closed_off = {policy.metadata.namespace for policy in policies}
    facts: list[Fact | Unreadable] = []
    for way, pod_result in zip(ways, from_pods, strict=True):
        name = way.node.metadata.name
        connects = reached[name]
        failed = next((found for found in (rules[name], connects) if isinstance(found, ClusterError)), None)
        if failed is not None:
            facts.append(Unreadable(of=NodeMasquerade, subject=name, error=failed))
        elif not isinstance(connects, ClusterError):
            results = in_a_word(connects[way.target].results), pod_result
            facts.append(fact_of(way, scope.outside_host, seen, results, closed_off))
    return facts


async def pods_on(cluster: Cluster, node: Node, scope: Scope) -> list[Pod]:
    """Return the Pods of a Node with an address of their own: clients first, then those of the symptom's namespaces.

    Beyond that by uid: in a bundle they have other names, and the same one has to come first.
    """
    pods = await cluster.list(Pod, fields=f"spec.nodeName={node.metadata.name}")
    own = [pod for pod in pods if pod.spec.node_name == node.metadata.name and is_reachable(pod)]
    return sorted(
        own,
        key=lambda pod: (
            not is_client(pod, scope),
            pod.metadata.namespace not in scope.namespaces,
            pod.metadata.uid,
        ),
    )


def is_client(pod: Pod, scope: Scope) -> bool:
    """Tell whether the symptom names a Pod as who connects."""
    return any((one.namespace, one.name) == key_of(pod) for one in scope.clients)


async def from_pod(cluster: Cluster, way: Way) -> str:
    """Return in a word how connects from inside a client end."""
    if not way.is_client:
        return UNTRIED
    try:
        return in_a_word((await inside(cluster, way.pod).reaches([way.target]))[way.target].results)
    except ClusterError:  # the Node's rules tell without it
        return UNTRIED


def fact_of(
    way: Way, host: str, seen: Mapping[str, Masqueraded], results: tuple[str, str], closed_off: Collection[str]
) -> NodeMasquerade:
    """Return what one Node does, beside the others."""
    name = way.node.metadata.name
    others = {node: found.translated for node, found in seen.items() if node != name}
    return NodeMasquerade(
        node=name,
        host=host,
        address=way.address,
        port=way.port,
        pod_namespace=way.pod.metadata.namespace,
        pod=way.pod.metadata.name,
        pod_address=way.pod.status.pod_ip,
        pod_network=", ".join(pod_ranges(way.node)[:SHOWN_RANGES]) or way.pod.status.pod_ip,
        translated=seen[name].translated,
        by=seen[name].by,
        source_address=seen[name].source,
        source_is_nodes=seen[name].source in ("", *(item.address for item in way.node.status.addresses)),
        elsewhere=min(others.values(), key=ORDER.index, default=UNTRIED),
        translated_on=next((node for node, translated in others.items() if translated == "yes"), ""),
        node_result=results[0],
        pod_result=results[1],
        policies=way.pod.metadata.namespace in closed_off,
        source=f"{name}: rules followed for {way.packet}; TCP connects to {way.target}",
    )
