"""Where to look in a cluster that is too large to be read whole: the namespaces in which something is not ready.

A list of 150,000 Pods is half a gigabyte; the endpoints of all Services and the Pods that do not run are a tenth of it.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter

from bot.cluster.errors import ClusterError
from bot.cluster.objects import EndpointSlice, Pod
from bot.cluster.port import Cluster, T
from bot.facts.scope import Scope
from bot.probes.reading import SYSTEM_NAMESPACE
from bot.probes.service import by_service, ready_of

FEW_PODS = 10_000
"""Up to so many, everything is read: 40 MB, a second (ours)."""
MOST_NAMESPACES = 20
"""Read in full, the most troubled first (ours)."""
NOT_RUNNING = "status.phase!=Running,status.phase!=Succeeded"


async def triaged(cluster: Cluster, scope: Scope) -> Scope:
    """Return the scope; of a whole cluster that is large, with the namespaces to be read and a note that says so."""
    if not scope.cluster_wide:
        return scope
    try:
        pods = await cluster.count(Pod)
    except ClusterError:  # what cannot be read is told by the probes that need it
        return scope
    if pods <= FEW_PODS:
        return scope
    slices, stuck = await asyncio.gather(read(cluster, EndpointSlice), read(cluster, Pod, fields=NOT_RUNNING))
    troubled = troubled_namespaces(slices, stuck)
    chosen = [name for name, _ in troubled.most_common(MOST_NAMESPACES)]
    return dataclasses.replace(
        scope,
        triaged=tuple(dict.fromkeys((*chosen, SYSTEM_NAMESPACE))),
        notes=(*scope.notes, note(pods, chosen, more=len(troubled) - len(chosen))),
    )


async def read(cluster: Cluster, of: type[T], *, fields: str = "") -> list[T]:
    """Return objects; none where they cannot be read, which the probes of the system's namespace tell of too."""
    try:
        return await cluster.list(of, fields=fields)
    except ClusterError:
        return []


def troubled_namespaces(slices: list[EndpointSlice], stuck: list[Pod]) -> Counter[str]:
    """Return namespaces with what is not ready in them: Services without an endpoint count ten times a Pod."""
    found: Counter[str] = Counter(pod.metadata.namespace for pod in stuck if pod.alive)
    for (namespace, _), endpoints in by_service(slices).items():
        ready = ready_of(endpoints)
        found[namespace] += 10 if not ready else sum(not endpoint.conditions.ready for endpoint in endpoints)
    return +found


def note(pods: int, chosen: list[str], *, more: int) -> str:
    """Return what was read and what was not."""
    read = ", ".join(chosen[:5]) + (f" and {len(chosen) - 5} more" if len(chosen) > 5 else "")  # noqa: PLR2004
    where = f"Namespaces {read}, where Pods or endpoints are not ready" if chosen else "no Namespace but the system's"
    rest = f" {more} more Namespaces have some that are not." if more else ""
    return (
        f"The cluster has {pods:,} Pods, too many to read at once: in full were read {where}, and {SYSTEM_NAMESPACE}."
        f"{rest} Name a Namespace to have it looked at."
    )
