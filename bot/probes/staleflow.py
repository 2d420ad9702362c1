"""Nodes: tracked UDP flows that are still sent to a backend that is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.cluster.errors import ClusterError
from bot.cluster.objects import EndpointSlice, Node, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.noderules import StaleFlow
from bot.facts.scope import Scope
from bot.node import ask
from bot.node.requests import target
from bot.node.ruled import Entry, Tracked
from bot.probes.noderules import dns_in, holders
from bot.probes.portslices import Port, ports_of, slices_of
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import find_services, path_of
from bot.probes.translation import SERVICES_TRIED, trying_nodes


@probe(StaleFlow, reads=(Service, EndpointSlice, Pod, Node), helper=True)
async def stale_flow(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Look in the connection tables of the path's Nodes for UDP flows whose backend is no endpoint any more."""
    services = [*(await find_services(cluster, scope))[:SERVICES_TRIED], *await dns_in(cluster, scope)]
    ports = [
        port
        for service in services
        for port in ports_of(service, await slices_of(cluster, service))
        if port.protocol == "UDP"
    ]
    if not ports:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Service with a UDP port")
    asked = {port.packet for port in ports}
    answers = await ask.tracked(cluster, dict.fromkeys(await trying_nodes(cluster, scope), asked))
    facts: list[Fact | Unreadable] = []
    for node, found in answers.items():
        if isinstance(found, ClusterError):
            facts.append(Unreadable(of=StaleFlow, subject=node, error=found))
            continue
        for port in ports:
            facts += await flows_of(cluster, node, port, found[port.packet])
    return facts


async def flows_of(cluster: Cluster, node: str, port: Port, found: Tracked) -> list[StaleFlow]:
    """Return the stale flows of one Node to one port, by client and by where they are sent."""
    groups: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in found.entries:
        sent_to = target(entry.answers, entry.answers_port)
        # One that nobody translated was begun while the Node had no rules; it is not sent to another's address.
        if sent_to not in port.all and entry.answers != port.service.spec.cluster_ip:
            groups[entry.source, sent_to].append(entry)
    clients = await holders(cluster, (source for source, _ in groups))
    facts = []
    for (source, sent_to), entries in groups.items():
        client = clients.get(source)
        if client and client.spec.host_network:
            client = None  # any program of the Node has that address
        facts.append(
            StaleFlow(
                node=node,
                namespace=port.service.metadata.namespace,
                service=port.service.metadata.name,
                address=port.service.spec.cluster_ip,
                port=port.number,
                client_namespace=client.metadata.namespace if client else "",
                client=client.metadata.name if client else source,
                client_port=min(entry.source_port for entry in entries),
                sent_to=sent_to,
                flows=len(entries),
                replied=any(entry.replied for entry in entries),
                endpoints=len(port.ready),
                source=f"{node}: connection table, flows to {port.packet}; EndpointSlices of {path_of(port.service)}",
            )
        )
    return facts
