"""Nodes: packets that wait to be sent, connections that wait to be accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.queue import ListenQueue, SendQueue
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.node.growth import grown
from bot.node.roles import roles
from bot.node.sampled import Listener, Sample
from bot.node.sampled import SendQueue as Queue
from bot.probes.counters import COUNTER_BITS, PERMILLE, PPM, provenance, share
from bot.probes.node import each_node
from bot.probes.probe import Unreadable, probe

ROOT = 0xFFFFFFFF
"""linux/pkt_sched.h, TC_H_ROOT: the discipline that an interface hands its packets to; it counts for those below."""


@probe(SendQueue, reads=(Node,), helper=True)
async def send_queue(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count what the queue before each interface sent and dropped over the window."""
    return await each_node(cluster, scope, SendQueue, send_queues_of, ask=samples)


@probe(ListenQueue, reads=(Node,), helper=True)
async def listen_queue(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report the ports in each Node's own network where connections waited to be accepted."""
    return await each_node(cluster, scope, ListenQueue, listen_queues_of, ask=samples)


def send_queues_of(sample: Sample) -> list[Fact]:
    """Return the queues that were there during the window."""
    series = sample.series
    links = {link.index: link for link in sample.last(series.links)}
    role = roles(tuple(links.values()), sample.last(series.addresses), sample.host_ip)
    looks = sample.all(series.queues)
    seen: dict[tuple[int, str], list[tuple[int, Queue]]] = defaultdict(list)
    for at, queues in looks:
        for queue in queues:
            if queue.parent == ROOT and queue.index in links:
                seen[queue.index, queue.kind].append((at, queue))
    return [
        SendQueue(
            node=sample.node,
            interface=links[index].name,
            role=role[links[index].name],
            discipline=kind,
            window_ms=found[-1][0] - found[0][0],
            packets=(packets := grown([queue.packets for _, queue in found], bits=COUNTER_BITS)),
            dropped=(dropped := grown([queue.dropped for _, queue in found], bits=COUNTER_BITS)),
            dropped_ppm=share(dropped, packets + dropped, PPM),
            over_limits=grown([queue.over_limits for _, queue in found], bits=COUNTER_BITS),
            waiting=found[-1][1].waiting,
            **provenance(sample, series.queues),
        )
        for (index, kind), found in sorted(seen.items())
        if len(found) > 1
    ]


def listen_queues_of(sample: Sample) -> list[Fact]:
    """Return the ports where at least one connection waited at one of the looks."""
    looks = sample.all(sample.series.listeners)
    seen: dict[tuple[int, str], list[Listener]] = defaultdict(list)
    for _, listeners in looks:
        for listener in listeners:
            seen[listener.port, listener.ip].append(listener)
    return [
        ListenQueue(
            node=sample.node,
            ip=ip,
            port=port,
            waiting=waiting,
            limit=found[-1].most,
            used_permille=share(waiting, found[-1].most, PERMILLE),
            looks=len(found),
            looks_with_full_queue=sum(one.waiting > one.most for one in found),
            **provenance(sample, sample.series.listeners),
        )
        for (port, ip), found in sorted(seen.items())
        if (waiting := max(one.waiting for one in found))
    ]
