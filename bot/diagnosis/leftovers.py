"""Whether on-demand helper Pods can be started, and which ones were left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from bot.cluster.errors import ClusterError
from bot.cluster.helper_pods import HelperPods, Run
from bot.cluster.port import Cluster
from bot.diagnosis.doctor import SHOWN_NODES, Check, Health, Permission, may
from bot.node.visit import is_left_over

ABOUT = "helper Pods"


async def examine_on_demand(cluster: Cluster, pods: HelperPods) -> AsyncIterator[Check]:
    """Yield the permissions that on-demand helper Pods take, in their namespace alone, and what was left behind."""
    for permission, verbs in (("configmaps", ("create", "list", "delete")), ("pods", ("create",))):
        yield await may(cluster, Permission(permission=permission, verbs=verbs, namespace=pods.namespace))
    try:
        yield left(await pods.runs())
    except ClusterError as problem:
        yield Check(health=Health.WARN, about=ABOUT, found=str(problem))


def left(runs: Sequence[Run]) -> Check:
    """Return which runs nobody uses any more."""
    over = sorted(run.name for run in runs if is_left_over(run))
    using = len(runs) - len(over)
    if not over:
        found = f"{using} in use by diagnoses" if using else "none left behind"
        return Check(health=Health.OK, about=ABOUT, found=found)
    more = f" and {len(over) - SHOWN_NODES} more" if len(over) > SHOWN_NODES else ""
    return Check(
        health=Health.WARN,
        about=ABOUT,
        found=f"left behind by a process that was killed: {', '.join(over[:SHOWN_NODES])}{more}",
        remedy="The next diagnosis deletes them; until then their containers have ended by themselves.",
    )
