"""Nodes: where their own rules send packets to Services and Pods, and how many rules there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.objects import EndpointSlice, NetworkPolicy, Node, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.noderules import ForwardRules, NodeRules, ServiceRules
from bot.facts.scope import Scope
from bot.node import ask
from bot.node.requests import packet
from bot.node.ruled import Firewall, Translated
from bot.node.ways import port_in
from bot.probes.dns import dns_services
from bot.probes.endpointlag import ready_at
from bot.probes.kubeproxy import mode_of
from bot.probes.node import each_node
from bot.probes.pod_way import pods_of
from bot.probes.portslices import SHOWN, Port, ports_of, slices_of
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import Pods, find_services, key_of, path_of
from bot.probes.times import seconds_since
from bot.probes.translation import SERVICES_TRIED, trying_nodes

RESULTS = {"drop": "dropped", "reject": "refused"}
PODS_TRIED = 3
"""Of the Pods that are meant to answer (ours)."""
STRANGERS_SOUGHT = 8
"""Addresses in rules that are no endpoints and are looked for among the Pods (ours)."""
LONG_AGO = 365 * 24 * 3600
"""Seconds since a change that nothing tells of."""


@probe(NodeRules, reads=(Node,), helper=True)
async def node_rules(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count the rules of each Node of the path."""
    return await each_node(cluster, scope, NodeRules, lambda found: [rules_of(*found)], ask=firewalls)


async def firewalls(cluster: Cluster, nodes: Iterable[str]) -> dict[str, tuple[str, Firewall] | ClusterError]:
    """Return the tables of Nodes, with the Node; a Node that failed has its error."""
    answers = await ask.firewalls(cluster, nodes)
    return {node: found if isinstance(found, ClusterError) else (node, found) for node, found in answers.items()}


def rules_of(node: str, found: Firewall) -> NodeRules:
    """Return what one Node's tables hold."""
    dropping = [f"{hook.table} {hook.chain}" for hook in found.hooks if hook.policy == "drop"]
    forward = any(hook.hook == "forward" and hook.policy == "drop" for hook in found.hooks)
    return NodeRules(
        node=node,
        tables=len(found.tables),
        rules=sum(table.rules for table in found.tables),
        nft_service_chains=sum(table.services for table in found.tables if table.table.startswith("nftables")),
        legacy_service_chains=sum(table.services for table in found.tables if "-legacy " in table.table),
        forward_policy="drop" if forward else "accept",
        drop_policies=", ".join(dropping[:SHOWN]),
        source=f"{node}: tables of rules, by netlink and getsockopt",
    )


@probe(ServiceRules, reads=(Service, EndpointSlice, Pod, Node), helper=True)
async def service_rules(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Follow packets to Services through the rules of the Nodes of the path, and of one beside it."""
    services = [*(await find_services(cluster, scope))[:SERVICES_TRIED], *await dns_in(cluster, scope)]
    ports = [port for service in services for port in ports_of(service, await slices_of(cluster, service))]
    if not ports:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Service with an address of its own")
    nodes = await trying_nodes(cluster, scope)
    packets = {port.packet for port in ports}
    tier = 1 if await uses_ipvs(cluster) else 2
    answers = await ask.translations(cluster, dict.fromkeys(nodes, packets), tier=tier)
    seen = {node: found for node, found in answers.items() if not isinstance(found, ClusterError)}
    facts: list[Fact | Unreadable] = [
        Unreadable(of=ServiceRules, subject=node, error=found)
        for node, found in answers.items()
        if isinstance(found, ClusterError)
    ]
    held = {address: bool(pod) for address, pod in (await holders(cluster, strangers(ports, seen.values()))).items()}
    for port in ports:
        compared = {node: compare(port, found[port.packet], held) for node, found in seen.items()}
        pods = await cluster.list(Pod, namespace=port.service.metadata.namespace)
        changed = changed_seconds_ago(cluster, port, pods)
        facts += [
            rules_fact(node, port, seen[node][port.packet], compared, changed_seconds_ago=changed) for node in compared
        ]
    return facts


async def dns_in(cluster: Cluster, scope: Scope) -> list[Service]:
    """Return the DNS Service where names are looked up on the way."""
    try:
        return await dns_services(cluster, scope)
    except CannotTell:
        return []


async def uses_ipvs(cluster: Cluster) -> bool:
    """Tell whether kube-proxy is set up for IPVS, which any user of a Node may read."""
    try:
        return (await mode_of(cluster))[0] == "ipvs"
    except (CannotTell, ClusterError):
        return False


def strangers(ports: Iterable[Port], answers: Collection[Mapping[str, Translated]]) -> set[str]:
    """Return the addresses that rules send to and that are no endpoints."""
    return {
        address_of(place)
        for port in ports
        for answer in answers
        for place in answer[port.packet].to
        if place not in port.all
    }


async def holders(cluster: Cluster, addresses: Iterable[str]) -> dict[str, Pod | None]:
    """Return the living Pod of each address, or None where none has it; what would be too many is left out."""
    found = {}
    for address in sorted(set(addresses))[:STRANGERS_SOUGHT]:
        pods = await cluster.list(Pod, fields=f"status.podIP={address}")
        found[address] = next((pod for pod in pods if pod.alive), None)
    return found


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Backends in rules against endpoints."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def right(self) -> bool:
        """The rules hold just the endpoints."""
        return not (self.missing or self.stale or self.wrong)


def compare(port: Port, found: Translated, held: Mapping[str, bool]) -> Compared:
    """Return how what the rules send to differs from the Service's endpoints.

    ``held`` says of addresses whether a Pod has them; others are not judged.
    """
    strange = [place for place in found.to if place not in port.all]
    return Compared(
        missing=() if found.more else tuple(place for place in port.ready if place not in found.to),
        stale=tuple(place for place in strange if held.get(address_of(place)) is False),
        wrong=tuple(place for place in strange if held.get(address_of(place)) is True),
    )


def address_of(place: str) -> str:
    """Return the address of ``192.0.2.1:80`` or ``[2001:db8::1]:80``."""
    return place.rpartition(":")[0].strip("[]")


def changed_seconds_ago(cluster: Cluster, port: Port, pods: Iterable[Pod]) -> int:
    """Return since when nothing is known to have changed."""
    times = [port.service.metadata.creation_timestamp, *(item.triggered_at for item in port.slices)]
    for pod in Pods(pods).selected_by(port.service):
        times += [ready_at(pod), pod.metadata.creation_timestamp]
    times += [
        pod.metadata.deletion_timestamp
        for pod in pods
        if pod.metadata.deletion_timestamp and pod.metadata.namespace == port.service.metadata.namespace
    ]
    return min((seconds_since(at, cluster.now()) for at in times if at), default=LONG_AGO)


def rules_fact(
    node: str, port: Port, found: Translated, compared: dict[str, Compared], *, changed_seconds_ago: int
) -> ServiceRules:
    """Return what one Node's rules do with packets to one port."""
    own = compared[node]
    others = [other.right for name, other in compared.items() if name != node]
    known = bool(found.by)
    return ServiceRules(
        node=node,
        namespace=port.service.metadata.namespace,
        name=port.service.metadata.name,
        address=port.service.spec.cluster_ip,
        port=port.number,
        protocol=port.protocol,
        by=found.by or found.where,
        result="translated" if known and found.to else RESULTS.get(found.stopped, "nothing"),
        endpoints=len(port.ready),
        backends=len(found.to) + found.more,
        missing=len(own.missing),
        missing_addresses=shown(own.missing),
        stale=len(own.stale),
        stale_addresses=shown(own.stale),
        wrong=len(own.wrong),
        wrong_addresses=shown(own.wrong),
        changed_seconds_ago=changed_seconds_ago,
        elsewhere=("right" if any(others) else "wrong") if others else "untried",
        source=f"{node}: rules followed for {port.packet}; EndpointSlices of {path_of(port.service)}",
    )


def shown(places: Sequence[str]) -> str:
    """Return the first of some places, and how many more there are."""
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return ", ".join(places[:SHOWN]) + more


@probe(ForwardRules, reads=(Pod, NetworkPolicy, Node), helper=True)
async def forward_rules(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Follow packets to the Pods that are meant to answer through the rules of the Nodes at both ends."""
    pods = (await pods_of(cluster, scope.backends))[:PODS_TRIED]
    if not pods:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that is meant to answer")
    nodes = [node for node in await trying_nodes(cluster, scope) if node in {*scope.nodes, *homes(pods)}]
    packets = {key_of(pod): packet("tcp", pod.status.pod_ip, port_in(pod)) for pod in pods}
    answers = await ask.translations(cluster, {node: packets.values() for node in nodes})
    closed_off = {
        namespace
        for namespace in sorted({pod.metadata.namespace for pod in pods})
        if await cluster.list(NetworkPolicy, namespace=namespace)
    }
    facts: list[Fact | Unreadable] = []
    for node, found in answers.items():
        if isinstance(found, ClusterError):
            facts.append(Unreadable(of=ForwardRules, subject=node, error=found))
            continue
        facts += [forward_fact(node, pod, packets[key_of(pod)], found, closed_off=closed_off) for pod in pods]
    return facts


def forward_fact(
    node: str, pod: Pod, asked: str, found: dict[str, Translated], *, closed_off: Iterable[str]
) -> ForwardRules:
    """Return what one Node's rules do with packets to one Pod."""
    return ForwardRules(
        node=node,
        pod_namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        address=pod.status.pod_ip,
        port=port_in(pod),
        on_own_node=pod.spec.node_name == node,
        stopped=found[asked].stopped or "no",
        where=found[asked].where,
        policies=pod.metadata.namespace in closed_off,
        source=f"{node}: rules followed for {asked}",
    )


def homes(pods: Iterable[Pod]) -> set[str]:
    """Return the Nodes of Pods."""
    return {pod.spec.node_name for pod in pods}
