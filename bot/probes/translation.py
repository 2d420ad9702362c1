"""Service addresses as Nodes see them: connects to the address, compared with connects to what is behind it."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import EndpointSlice, Namespace, Node, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.scope import Scope
from bot.facts.translation import EndpointConnect, ServiceConnect
from bot.node import client
from bot.node.targets import Behind, Front, fronts, has_address
from bot.node.tried import Reached
from bot.probes.kubeproxy import pod_ranges
from bot.probes.peer import network
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import key_of, path_of, services_in
from bot.probes.service import SERVICE_NAME_LABEL

READS = (Service, EndpointSlice, Namespace)

API_SERVICE = ("default", "kubernetes")
SERVICES_TRIED = 10
"""Services whose addresses are connected to in one diagnosis (ours)."""
NODES_TRIED = 6
"""Nodes that connect in one diagnosis (ours)."""
OPEN, CLOSED, UNTRIED = "open", "closed", "untried"


@dataclass(frozen=True, kw_only=True)
class Tried:
    """The TCP ports of Services, and what Nodes got from them."""

    fronts: Sequence[tuple[Service, Front]]
    answers: Mapping[str, Mapping[str, Reached] | ClusterError]
    """By Node and target."""

    @property
    def reached(self) -> dict[str, Mapping[str, Reached]]:
        """What those Nodes got that could connect."""
        return {node: found for node, found in self.answers.items() if not isinstance(found, ClusterError)}

    def unreadable(self, of: type[Fact]) -> list[Unreadable]:
        """Return the Nodes that could not connect, and why."""
        failed = ((node, found) for node, found in self.answers.items() if isinstance(found, ClusterError))
        return [Unreadable(of=of, subject=node, error=problem) for node, problem in failed]


@probe(ServiceConnect, reads=READS, helper=True)
async def service_connect(cluster: Cluster, scope: Scope) -> Iterable[ServiceConnect | Unreadable]:
    """Connect to Services' cluster addresses and to their endpoints from the Nodes of the path and one beside it."""
    tried = await try_services(cluster, scope)
    facts = [connect_fact(tried, node, service, front) for service, front in tried.fronts for node in tried.reached]
    return [*tried.unreadable(ServiceConnect), *facts]


@probe(EndpointConnect, reads=(*READS, Node, Pod), helper=True)
async def endpoint_connect(cluster: Cluster, scope: Scope) -> Iterable[EndpointConnect | Unreadable]:
    """Tell which of the endpoints of Services accept connects from any Node."""
    tried = await try_services(cluster, scope)
    nobodys = await nobodys_in(cluster, tried)
    facts = [
        endpoint_fact(tried, service, front, behind, nobodys)
        for service, front in tried.fronts
        for behind in front.behind
        if tried.reached
    ]
    return [*tried.unreadable(EndpointConnect), *facts]


async def nobodys_in(cluster: Cluster, tried: Tried) -> set[str]:
    """Return the endpoints' addresses that are in a Node's Pod range, and that no Pod has."""
    own = [front for service, front in tried.fronts if key_of(service) != API_SERVICE]
    strange = {one.address for front in own for one in front.behind if not one.pod}
    if not strange:
        return set()
    ranges = [found for node in await cluster.list(Node) for text in pod_ranges(node) if (found := network(text))]
    within = [each for each in sorted(strange) if any(ipaddress.ip_address(each) in one for one in ranges)]
    return {each for each in within if not await cluster.list(Pod, fields=f"status.podIP={each}")}


async def try_services(cluster: Cluster, scope: Scope) -> Tried:
    """Connect; the answers are remembered for the next caller.

    Raises:
        CannotTell: The symptom gives no Service.
        NoHelper: There is no helper in the cluster at all.
    """
    ending = await ending_namespaces(cluster)
    services = [
        service
        for service in await services_in(cluster, scope)
        if has_address(service) and service.metadata.namespace not in ending
    ][:SERVICES_TRIED]
    slices: dict[tuple[str, str], list[EndpointSlice]] = {}
    for namespace in dict.fromkeys(service.metadata.namespace for service in services):
        for item in await cluster.list(EndpointSlice, namespace=namespace):
            slices.setdefault((namespace, item.metadata.labels.get(SERVICE_NAME_LABEL, "")), []).append(item)
    found = [(service, front) for service in services for front in fronts(service, slices.get(key_of(service), []))]
    targets = {target for _, front in found for target in front.targets}
    return Tried(
        fronts=found,
        answers=await client.reaches(cluster, dict.fromkeys(await trying_nodes(cluster, scope), targets)),
    )


async def ending_namespaces(cluster: Cluster) -> set[str]:
    """Return the namespaces on their way out, whose Services end on one Node a moment before the next."""
    try:
        return {item.metadata.name for item in await cluster.list(Namespace) if item.metadata.deletion_timestamp}
    except ClusterError:
        return set()


async def trying_nodes(cluster: Cluster, scope: Scope) -> list[str]:
    """Return the Nodes to connect from: those of the path, and one more to compare with."""
    helpers = await cluster.helper_nodes()
    if not helpers:
        raise NoHelper("no node helper runs in this cluster, so nothing could be connected to")
    path = list(scope.nodes[:NODES_TRIED])
    others = [node for node in helpers if node not in path]
    return [*path, *others[: 1 if path else NODES_TRIED]]


def connect_fact(tried: Tried, node: str, service: Service, front: Front) -> ServiceConnect:
    """Return what one Node gets from one port of a Service."""
    own = tried.reached[node]
    results = own[front.target].results
    accepting = sum(in_a_word(own[one.target].results) == OPEN for one in front.behind)
    others = [found[front.target].results for one, found in tried.reached.items() if one != node]
    return ServiceConnect(
        namespace=service.metadata.namespace,
        name=service.metadata.name,
        port=front.port,
        address=service.spec.cluster_ip,
        node=node,
        tried=tries(results),
        opened=results.get(OPEN, 0),
        result=in_a_word(results),
        ready_endpoints=front.ready,
        endpoints_tried=len(front.behind),
        endpoints_open=accepting,
        endpoints_result=(
            UNTRIED if not front.behind else OPEN if accepting == len(front.behind) else "some" if accepting else CLOSED
        ),
        elsewhere=(OPEN if any(in_a_word(one) == OPEN for one in others) else CLOSED) if others else UNTRIED,
        source=f"{node}: TCP connects to {front.target}; {path_of(service)}",
    )


def endpoint_fact(
    tried: Tried, service: Service, front: Front, behind: Behind, nobodys: Collection[str]
) -> EndpointConnect:
    """Return what Nodes get from one endpoint."""
    all_results = [found[behind.target].results for found in tried.reached.values()]
    together = {word: sum(one.get(word, 0) for one in all_results) for one in all_results for word in one}
    others = {one.target for one in front.behind if one.target != behind.target}
    return EndpointConnect(
        namespace=service.metadata.namespace,
        service=service.metadata.name,
        endpoint_slice=behind.endpoint_slice,
        address=behind.address,
        port=behind.port,
        is_pod=bool(behind.pod),
        nobodys=behind.address in nobodys,
        nodes_tried=len(all_results),
        nodes_open=sum(one.get(OPEN, 0) > 0 for one in all_results),
        result=OPEN if together.get(OPEN) else in_a_word(together),
        others_open=sum(any(found[other].results.get(OPEN, 0) for found in tried.reached.values()) for other in others),
        endpoints=front.ready,
        source=f"{', '.join(tried.reached)}: TCP connects to {behind.target}; "
        f"EndpointSlice {service.metadata.namespace}/{behind.endpoint_slice}",
    )


def tries(results: Mapping[str, int]) -> int:
    """Return how many connects were made; ``failed`` ones could not even be tried."""
    return sum(count for word, count in results.items() if word != "failed")


def in_a_word(results: Mapping[str, int]) -> str:
    """Return how connects to one address ended."""
    ends = {word for word, count in results.items() if count and word != "failed"}
    if not ends:
        return UNTRIED
    if len(ends) == 1:
        return ends.pop()
    return "some" if OPEN in ends else CLOSED
