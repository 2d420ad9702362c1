"""nodePorts as other Nodes see them: connects to each Node's address, compared with the other Nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import Endpoint, EndpointSlice, Node, Service
from bot.cluster.port import Cluster
from bot.facts.external import NodePortConnect
from bot.facts.scope import Scope
from bot.node import client
from bot.node.requests import target
from bot.node.tried import Reached
from bot.node.ways import CLOSED_PORT, addresses
from bot.probes.external import LOCAL, with_endpoints, without
from bot.probes.node import INSTALL
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import find_services, key_of, path_of
from bot.probes.translation import CLOSED, NODES_TRIED, OPEN, UNTRIED, in_a_word

PORTS_TRIED = 3
"""nodePorts that are connected to in one diagnosis (ours)."""
KUBELET_PORT = 10250
"""kubernetes.io/docs/reference/networking/ports-and-protocols"""
ANSWERS = ("open", "refused", "some")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A nodePort on one Node, and the Node that connects to it."""

    service: Service
    port: int
    node: str
    address: str
    origin: str
    should_answer: bool

    @property
    def target(self) -> str:
        """What the helper is asked to connect to."""
        return target(self.address, self.port)

    @property
    def beside(self) -> tuple[str, str]:
        """Ports of the Node itself that tell whether it answers at all."""
        return target(self.address, KUBELET_PORT), target(self.address, CLOSED_PORT)


@probe(NodePortConnect, reads=(Service, EndpointSlice, Node), helper=True)
async def node_port_connect(cluster: Cluster, scope: Scope) -> Iterable[NodePortConnect | Unreadable]:
    """Connect to the nodePorts that are asked for, on Nodes that are named and on others, each from another Node."""
    services = [item for item in await find_services(cluster, scope) if is_tried(item, scope)]
    ports = [(item, number) for item in services for number in tried_ports(item, scope)][:PORTS_TRIED]
    if not ports:
        return []
    helpers = list(await cluster.helper_nodes())
    if not helpers:
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    behind = {key_of(item): found for item, found in await with_endpoints(cluster, scope, services)}
    at = asked(addresses(await cluster.list(Node)), scope)
    places = [
        Place(
            service=item,
            port=number,
            node=node,
            address=at[node],
            origin=next((name for name in helpers if name != node), helpers[0]),
            should_answer=should_answer(item, behind[key_of(item)], node),
        )
        for item, number in ports
        for node in at
    ]
    wanted: dict[str, set[str]] = defaultdict(set)
    for place in places:
        wanted[place.origin] |= {place.target, *place.beside}
    answers = await client.reaches(cluster, wanted)
    reached = {node: found for node, found in answers.items() if not isinstance(found, ClusterError)}
    failed = [
        Unreadable(of=NodePortConnect, subject=node, error=found)
        for node, found in answers.items()
        if isinstance(found, ClusterError)
    ]
    tried = [place for place in places if place.origin in reached]
    return [*failed, *(fact_of(place, tried, reached) for place in tried)]


def is_tried(service: Service, scope: Scope) -> bool:
    """Tell whether somebody outside asks for a Service's nodePorts; a client in the cluster only where it names one."""
    return service.spec.type in ("NodePort", "LoadBalancer") and (bool(scope.entry_port) or not scope.clients)


def tried_ports(service: Service, scope: Scope) -> list[int]:
    """Return the TCP nodePorts of a Service to connect to: the one that is named, else all."""
    open_ports = [port.node_port for port in service.spec.ports if port.node_port and port.protocol == "TCP"]
    return [scope.port] if scope.port in open_ports else open_ports


def asked(at: Mapping[str, str], scope: Scope) -> dict[str, str]:
    """Return the Nodes to connect to, with their addresses: those that are named first, then others to compare."""
    order = [*(node for node in scope.named_nodes if node in at), *at]
    return {node: at[node] for node in list(dict.fromkeys(order))[:NODES_TRIED]}


def should_answer(service: Service, endpoints: Sequence[Endpoint], node: str) -> bool:
    """Tell whether a Node has somewhere to send what comes to a Service's nodePort."""
    return service.spec.external_traffic_policy != LOCAL or not without(endpoints, [node])


def fact_of(place: Place, tried: Iterable[Place], reached: Mapping[str, Mapping[str, Reached]]) -> NodePortConnect:
    """Return what one Node's nodePort gave, beside the same nodePort elsewhere."""

    def word(of: Place, to: str) -> str:
        return in_a_word(reached[of.origin][to].results)

    same = [one for one in tried if one.port == place.port and one.node != place.node and one.should_answer]
    open_on = next((one.node for one in same if word(one, one.target) == OPEN), "")
    return NodePortConnect(
        namespace=place.service.metadata.namespace,
        service=place.service.metadata.name,
        type=place.service.spec.type,
        node_port=place.port,
        node=place.node,
        address=place.address,
        from_node=place.origin,
        other_node=place.origin != place.node,
        should_answer=place.should_answer,
        result=word(place, place.target),
        node_result="answers" if any(word(place, to) in ANSWERS for to in place.beside) else "silent",
        elsewhere=(OPEN if open_on else CLOSED) if same else UNTRIED,
        open_on=open_on,
        source=f"{place.origin}: TCP connects to {place.target}; {path_of(place.service)}",
    )
