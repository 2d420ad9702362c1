"""What connects to Pods now: the connection tables of their Nodes and the Pods' own sockets, looked at several times.

The table knows UDP, and for about two minutes what has ended; the sockets know what passes the table by, as between
Pods of one bridge, or where packets are forwarded in eBPF. Each shows what the other cannot.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.node import ask
from bot.node.client import samples
from bot.node.ruled import Answered, Flow, Sockets
from bot.node.sampled import Sample
from bot.node.targets import is_address
from bot.remediation.desk import NoPlan
from bot.remediation.look import Sleep
from bot.remediation.sight import FIRST_EPHEMERAL, Look, bridged, hold_udp, missed

LOOKS = 3
PAUSE_SECONDS = 2.0
"""Between two looks (ours): what connects once a second or stays connected is seen; the table adds what ended."""
TIER = 3
MOST_PODS = 100
"""Pods that are looked at (ours): each is entered at each look."""
INSTALL = (
    f"watching traffic takes a node helper of tier {TIER} on the Node of each such Pod: "
    f"netmedic helper manifest --image IMAGE --tier {TIER} | kubectl apply -f -"
)
OWN_SECONDS = 60
"""How long ago netmedic's own connects ended at most (ours): a diagnosis and the looks take half of it."""
TIME_WAIT = "netfilter/nf_conntrack_tcp_timeout_time_wait"
TIME_WAIT_SECONDS = 120
"""How long a connection is held after its end where nobody set that (nf_conntrack_proto_tcp.c)."""


@dataclass(frozen=True, kw_only=True, order=True)
class Call:
    """A kind of connection that was seen."""

    pod: str
    """Who answers."""
    source: str
    seen: str
    """The source as the Pod sees it; another one where its Node translates sources."""
    protocol: str
    port: int
    """Of the Pod, after translation."""
    may_be_own: bool = False
    """It ended a moment ago, as netmedic's own connects for the diagnosis did."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What was seen."""

    calls: tuple[Call, ...]
    addresses: Mapping[str, frozenset[str]]
    """By Node, those of its own interfaces."""
    seconds: float
    blind: Mapping[str, str]
    """Nodes whose table does not see everything, and how that is known."""


async def watch(pods: Sequence[Pod], cluster: Cluster, *, sleep: Sleep) -> Traffic:
    """Look several times at what connects to Pods of one namespace.

    Raises:
        NoPlan: A Pod or a Node cannot be looked at, or not everything about it could be seen.
    """
    if len(pods) > MOST_PODS:
        raise NoPlan(f"it would have to watch {len(pods)} Pods, and watches {MOST_PODS} at most")
    nodes = sorted({pod.spec.node_name for pod in pods})
    for has in (await ask.tiers(cluster, nodes)).values():
        if isinstance(has, ClusterError) or has < TIER:
            why = str(has) if isinstance(has, ClusterError) else f"a helper there has tier {has}"
            raise NoPlan(f"the traffic of its Pods cannot be watched: {why}; {INSTALL}")
    clock = asyncio.get_running_loop().time
    started = clock()
    looked = [await _look(pods, cluster)]
    for _ in range(LOOKS - 1):
        await sleep(PAUSE_SECONDS)
        looked.append(await _look(pods, cluster))
    seconds = clock() - started
    found = await _samples(nodes, cluster)
    blind = bridged(found) | missed(pods, looked)
    hold_udp(pods, looked, blind)
    calls = [call for pod in pods for call in _calls(pod, looked, held=_held(found[pod.spec.node_name]))]
    addresses = {node: addresses_of(sample) for node, sample in found.items()}
    return Traffic(calls=tuple(sorted(calls)), addresses=addresses, seconds=seconds, blind=blind)


def addresses_of(sample: Sample) -> frozenset[str]:
    """Return the addresses of a Node's own interfaces.

    Raises:
        NoPlan: They could not be read.
    """
    try:
        return frozenset(each.ip for each in sample.last(sample.series.addresses))
    except ClusterError as problem:
        raise NoPlan(str(problem)) from problem


def addresses_in(pod: Pod) -> list[str]:
    """Return the addresses of a Pod."""
    found = dict.fromkeys([pod.status.pod_ip, *(each.ip for each in pod.status.pod_ips)])
    return [ip for ip in found if is_address(ip)]


async def _samples(nodes: Sequence[str], cluster: Cluster) -> dict[str, Sample]:
    found = {}
    for node, sample in (await samples(cluster, nodes, seconds=1)).items():
        if isinstance(sample, ClusterError):
            raise NoPlan(f"Node {node} could not be looked at: {sample}")
        found[node] = sample
    return found


async def _look(pods: Sequence[Pod], cluster: Cluster) -> Look:
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for pod in pods:
        wanted[pod.spec.node_name] += addresses_in(pod)
    answers, sockets = await asyncio.gather(
        ask.flows(cluster, wanted), asyncio.gather(*(_sockets(pod, cluster) for pod in pods))
    )
    tables = {}
    for pod in pods:
        answer = answers[pod.spec.node_name]
        if isinstance(answer, ClusterError):
            raise NoPlan(f"the connections of Node {pod.spec.node_name} could not be read: {answer}")
        tables[pod.metadata.name] = tuple(flow for ip in addresses_in(pod) for flow in _all(answer[ip], pod))
    return Look(tables=tables, sockets={pod.metadata.name: each for pod, each in zip(pods, sockets, strict=True)})


def _all(answered: Answered, pod: Pod) -> tuple[Flow, ...]:
    if answered.more:
        raise NoPlan(f"more connects to Pod {pod.metadata.name} than a Node tells: {answered.more} kinds are missing")
    return answered.flows


async def _sockets(pod: Pod, cluster: Cluster) -> Sockets:
    name, node = pod.metadata.name, pod.spec.node_name
    view = ask.Inside(cluster=cluster, node=node, uid=pod.metadata.uid, ip=pod.status.pod_ip)
    try:
        found = await view.sockets()
    except ClusterError as problem:
        raise NoPlan(f"the connections of Pod {name} on Node {node} could not be read: {problem}") from problem
    if found.more:
        raise NoPlan(f"Pod {name} has more connections than a Node tells: {found.more} kinds are missing")
    return found


def _calls(pod: Pod, looked: Sequence[Look], *, held: int) -> list[Call]:
    """Return what connected to a Pod; one that is not ready may wait on other ports than usual.

    ``held`` is how many seconds a connection is held after its end.
    """
    name = pod.metadata.name
    waits = {(each.protocol, each.port) for look in looked for each in look.sockets[name].listening}
    calls = {
        Call(pod=name, source=peer, seen=peer, protocol="TCP", port=each.port)
        for look in looked
        for each in look.sockets[name].accepted
        if is_address(peer := each.peer)
    }
    for flow in (flow for look in looked for flow in look.tables[name]):
        waits_now = (flow.protocol, flow.port) in waits
        # A high port on which nobody waits is a client's own, of a connection that the table met half-way.
        may_wait = waits_now or flow.port < FIRST_EPHEMERAL or not pod.ready
        # Nobody has to answer a datagram.
        real = flow.replied or waits_now if flow.protocol == "udp" else flow.assured
        if real and may_wait and is_address(flow.source) and is_address(flow.seen):
            call = Call(pod=name, source=flow.source, seen=flow.seen, protocol=flow.protocol.upper(), port=flow.port)
            long_ago = flow.ended > 0 and held - flow.ended >= OWN_SECONDS
            calls.add(replace(call, may_be_own=flow.protocol == "tcp" and not flow.open and not long_ago))
    return [call for call in calls if not call.may_be_own or replace(call, may_be_own=False) not in calls]


def _held(sample: Sample) -> int:
    """Return how many seconds a Node holds a connection after its end."""
    told = sample.last(sample.series.settings).values.get(TIME_WAIT, "")
    return int(told) if told.isdecimal() else TIME_WAIT_SECONDS
