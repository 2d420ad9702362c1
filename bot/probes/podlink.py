"""Pods of the symptom: the Node's end of their interface, and what its queue holds back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.cluster.errors import Absent, ClusterError, NoHelper
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.queue import PodLink
from bot.facts.scope import Scope
from bot.node import client
from bot.node.growth import grown
from bot.node.sampled import Sample
from bot.node.ways import is_reachable
from bot.probes.counters import COUNTER_BITS, provenance
from bot.probes.node import INSTALL
from bot.probes.peer import MAIN_TABLE
from bot.probes.pod_way import pods_of
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.queues import ROOT
from bot.probes.reading import owner_of

PODS_LOOKED_AT = 6
"""Pods whose interfaces are looked at in one diagnosis (ours): replicas have the same annotations."""
SHAPERS = ("tbf", "htb", "hfsc", "cbs", "cake", "netem", "qfq", "drr", "ets")
"""Disciplines that limit or delay (tc(8)); what a kernel sets by itself only orders."""


@probe(PodLink, reads=(Pod,), helper=True)
async def pod_link(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Look at the queue before the interface of each Pod of the symptom."""
    pods = [pod for pod in await pods_of(cluster, (*scope.clients, *scope.backends)) if is_reachable(pod)]
    if not pods:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod")
    if not await cluster.helper_nodes():
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")

    async def one(pod: Pod) -> Fact | Unreadable:
        try:
            return link_of(pod, await client.sample(cluster, pod.spec.node_name))
        except ClusterError as problem:
            return Unreadable(of=PodLink, subject=pod.spec.node_name, error=problem)

    return await asyncio.gather(*map(one, pods[:PODS_LOOKED_AT]))


def link_of(pod: Pod, sample: Sample) -> PodLink:
    """Return the Node's end of a Pod's interface.

    Raises:
        Absent: The Node does not show which one it is.
    """
    series = sample.series
    index = index_of(pod.status.pod_ip, sample)
    name = next((link.name for link in sample.last(series.links) if link.index == index), "")
    if not name:
        raise Absent(f"{sample.node} does not show by which interface it reaches {pod.status.pod_ip}")
    looks = sample.all(series.queues)
    found = [queue for _, queues in looks for queue in queues if (queue.index, queue.parent) == (index, ROOT)]
    kind = found[-1].kind if found else "noqueue"
    dropped, held = (
        grown([count for queue in found if queue.kind == kind for count in [getattr(queue, name)]], bits=COUNTER_BITS)
        for name in ("dropped", "over_limits")
    )
    owner = owner_of(pod)
    return PodLink(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        node=sample.node,
        interface=name,
        discipline=kind,
        shapes=kind in SHAPERS,
        window_ms=looks[-1][0] - looks[0][0],
        dropped=dropped,
        held_back=dropped + held,
        **provenance(sample, series.queues),
    )


def index_of(ip: str, sample: Sample) -> int:
    """Return the interface that packets for a Pod leave its Node by: of its own route, or the port of a bridge."""
    series = sample.series
    for route in sample.last(series.routes):
        if (route.to, route.table) == (f"{ip}/32", MAIN_TABLE):
            return route.index
    macs = {one.mac for one in sample.last(series.neighbours) if one.ip == ip and one.mac}
    return next((one.index for one in sample.last(series.learned) if one.mac in macs), 0)
