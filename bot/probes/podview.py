"""Pods at both ends, from inside: their own interfaces, routes and rules."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.podview import PodListener, PodNetwork
from bot.facts.scope import Scope
from bot.node.ask import Inside
from bot.node.requests import packet, packet_from
from bot.node.roles import is_up
from bot.node.ruled import Translated
from bot.node.sampled import Listener, Sample
from bot.node.ways import MAIN_TABLE, port_in
from bot.probes.counters import growth_in
from bot.probes.node import INSTALL
from bot.probes.pod_way import pods_of
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import owner_of

PODS_ENTERED = 2
"""Of each end (ours): each costs three programs on its Node."""
PORTS_LISTED = 50
"""Of a Pod (ours)."""
RX_DROP, TX_DROP = 3, 11
"""Columns of /proc/net/dev."""


@probe(PodNetwork, reads=(Pod,), helper=True)
async def pod_network(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Look at the Pods at both ends from inside their network namespaces."""
    ends = {
        "backend": (await pods_of(cluster, scope.backends))[:PODS_ENTERED],
        "client": (await pods_of(cluster, scope.clients))[:PODS_ENTERED],
    }
    if not any(ends.values()):
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that runs in the Pod network")
    helpers = await cluster.helper_nodes()
    if not helpers:
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    return await asyncio.gather(*(network_of(cluster, pod, role, ends) for role, pods in ends.items() for pod in pods))


@probe(PodListener, reads=(Pod,), helper=True)
async def pod_listener(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """List what the Pods that are meant to answer listen on."""
    pods = (await pods_of(cluster, scope.backends))[:PODS_ENTERED]
    if not pods:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that is meant to answer")
    if not await cluster.helper_nodes():
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")

    async def one(pod: Pod) -> list[Fact | Unreadable]:
        try:
            sample = await inside(cluster, pod).sample()
            listeners = sample.last(sample.series.listeners)
            return [*listeners_of(pod, listeners)]
        except ClusterError as problem:
            return [Unreadable(of=PodListener, subject=pod.spec.node_name, error=problem)]

    return [fact for facts in await asyncio.gather(*map(one, pods)) for fact in facts]


def listeners_of(pod: Pod, listeners: Iterable[Listener]) -> list[PodListener]:
    """Return the ports that a Pod listens on, each once."""
    owner, every = owner_of(pod), "::" if ":" in pod.status.pod_ip else "0.0.0.0"  # noqa: S104 - compared, not bound
    by_port: defaultdict[int, set[str]] = defaultdict(set)
    for listener in listeners:
        by_port[listener.port].add(listener.ip)
    return [
        PodListener(
            namespace=pod.metadata.namespace,
            name=pod.metadata.name,
            workload=owner.name,
            workload_type=owner.kind,
            node=pod.spec.node_name,
            port=port,
            addresses=", ".join(sorted(addresses)),
            at_pod_address=bool(addresses & {pod.status.pod_ip, every}),
            loopback_only=all(ipaddress.ip_address(address).is_loopback for address in addresses),
            source=f"{pod.spec.node_name}: network namespace of Pod {pod.metadata.namespace}/{pod.metadata.name}",
        )
        for port, addresses in sorted(by_port.items())[:PORTS_LISTED]
    ]


def inside(cluster: Cluster, pod: Pod) -> Inside:
    """Return a Pod to look from."""
    return Inside(cluster=cluster, node=pod.spec.node_name, uid=pod.metadata.uid, ip=pod.status.pod_ip)


async def network_of(cluster: Cluster, pod: Pod, role: str, ends: Mapping[str, Sequence[Pod]]) -> Fact | Unreadable:
    """Return what one Pod looks like from inside, or why it cannot be entered."""
    view = inside(cluster, pod)
    own = packet("tcp", pod.status.pod_ip, port_in(pod))
    sent = [packet("tcp", other.status.pod_ip, port_in(other)) for other in ends["backend"] if role == "client"]
    got = {packet_of(client, pod): client for client in ends["client"] if role == "backend" and of_one_ip(client, pod)}
    try:
        sample, firewall, rules = await asyncio.gather(
            view.sample(), view.firewall(), view.translations([own, *sent, *got])
        )
        stops = Stops.of(rules[own], [rules[each] for each in sent], [(rules[each], got[each]) for each in got])
        return fact_of(pod, role, sample, stops, count=sum(table.rules for table in firewall.tables))
    except ClusterError as problem:
        return Unreadable(of=PodNetwork, subject=pod.spec.node_name, error=problem)


def packet_of(client: Pod, pod: Pod) -> str:
    """Return the first packet of a client's connect to a Pod."""
    return packet_from(client.status.pod_ip, "tcp", pod.status.pod_ip, port_in(pod))


def of_one_ip(client: Pod, pod: Pod) -> bool:
    """Tell whether two Pods' first addresses are of one IP version."""
    return (":" in client.status.pod_ip) == (":" in pod.status.pod_ip)


class Stops(NamedTuple):
    """What a Pod's rules stop, as :class:`PodNetwork` says it."""

    incoming: str
    outgoing: str
    sends_to: str
    from_client: str
    client: str
    where: str

    @classmethod
    def of(cls, own: Translated, sent: Iterable[Translated], got: Iterable[tuple[Translated, Pod]]) -> Stops:
        """Return it for what anybody sends to the Pod, what the Pod sends, and what clients send to it."""
        every = list(sent)
        outgoing = next((rule for rule in every if rule.stopped), None)
        alone, client = next(((rule, pod) for rule, pod in got if rule.stopped and not own.stopped), (None, None))
        return cls(
            incoming=own.stopped or "no",
            outgoing=outgoing.stopped if outgoing else "no",
            sends_to=next((rule.to[0] for rule in every if rule.to), ""),
            from_client=alone.stopped if alone else "no",
            client=client.metadata.name if client else "",
            where=next((rule.where for rule in (own, outgoing, alone) if rule and rule.where), ""),
        )


def fact_of(pod: Pod, role: str, sample: Sample, stops: Stops, *, count: int) -> PodNetwork:
    """Return the fact about one Pod.

    Raises:
        ClusterError: Its interfaces could not be read.
    """
    series = sample.series
    index = next(one.index for one in sample.last(series.addresses) if one.ip == pod.status.pod_ip)
    link = next(link for link in sample.last(series.links) if link.index == index)
    routes = sample.last(series.routes)
    readings = sample.all(series.net_dev)
    return PodNetwork(
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        node=pod.spec.node_name,
        role=role,
        address=pod.status.pod_ip,
        interface=link.name,
        up=is_up(link),
        mtu=link.mtu,
        default_route=any(route.to in ("0.0.0.0/0", "::/0") and route.table == MAIN_TABLE for route in routes),
        dropped=sum(growth_in(readings, link.name, column) for column in (RX_DROP, TX_DROP)),
        rules=count,
        stops_incoming=stops.incoming,
        stops_outgoing=stops.outgoing,
        sends_to=stops.sends_to,
        stops_client=stops.from_client,
        stopped_client=stops.client,
        where=stops.where,
        source=f"{pod.spec.node_name}: network namespace of Pod {pod.metadata.namespace}/{pod.metadata.name}",
    )
