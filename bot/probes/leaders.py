"""Whether the components that lead by a Lease still do: who hangs does not say so in any other way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.cluster.objects import Lease
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.controlplane import LeaderLease
from bot.facts.scope import Scope
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import SYSTEM_NAMESPACE, path_of
from bot.probes.times import seconds_since

COMPONENTS = ("kube-controller-manager", "kube-scheduler")


@probe(LeaderLease, reads=(Lease,))
async def leader_lease(cluster: Cluster, scope: Scope) -> Iterable[LeaderLease]:  # noqa: ARG001 - one per cluster
    """Tell how long ago the controller manager and the scheduler renewed their Leases."""
    found = await asyncio.gather(
        *(
            cluster.list(Lease, namespace=SYSTEM_NAMESPACE, fields=f"metadata.name={component}")
            for component in COMPONENTS
        )
    )
    leases = [item for items in found for item in items]
    if not leases:
        raise CannotTell(Reason.UNRECOGNISED, f"no Lease of {' or '.join(COMPONENTS)} in {SYSTEM_NAMESPACE}")
    now = cluster.now()
    return [fact_of(item, seconds_since(item.spec.renew_time, now)) for item in leases]


def fact_of(item: Lease, silent_seconds: int) -> LeaderLease:
    """Return what a Lease says."""
    return LeaderLease(
        component=item.metadata.name,
        holder=item.spec.holder_identity,
        silent_seconds=silent_seconds,
        duration_seconds=item.spec.lease_duration_seconds,
        expired=silent_seconds > item.spec.lease_duration_seconds > 0,
        source=path_of(item),
    )
