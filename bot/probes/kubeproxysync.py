"""How each Node's kube-proxy keeps up with changes, by its own metrics."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from bot.cluster.errors import ClusterError, Unreachable
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.kubeproxysync import KubeProxySync
from bot.facts.scope import Scope
from bot.node.meters import KUBE_PROXY, Growth, Meter, meters
from bot.node.programs import by_node, kube_proxies
from bot.probes.node import each_node
from bot.probes.probe import Unreadable, probe

SYNC = "kubeproxy_sync_proxy_rules"


@probe(KubeProxySync, reads=(Node,), helper=True)
async def kube_proxy_sync(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Measure how far kube-proxy is behind, on each Node of the path."""
    return await each_node(
        cluster, scope, KubeProxySync, lambda found: [sync_of(*found, cluster.now())], ask=kube_proxies_of
    )


async def kube_proxies_of(cluster: Cluster, nodes: Iterable[str]) -> dict[str, tuple[Meter, str] | ClusterError]:
    """Return the metrics of each Node's kube-proxy, and the Node; or why there are none."""
    answers = await meters(cluster, by_node(kube_proxies(nodes)))
    found: dict[str, tuple[Meter, str] | ClusterError] = {}
    for node, answer in answers.items():
        if isinstance(answer, ClusterError):
            found[node] = answer
        elif answer[KUBE_PROXY].error:
            found[node] = Unreachable(f"kube-proxy's metrics at {KUBE_PROXY}: {answer[KUBE_PROXY].error}")
        else:
            found[node] = answer[KUBE_PROXY], node
    return found


def sync_of(meter: Meter, node: str, now: datetime) -> KubeProxySync:
    """Return how one kube-proxy does."""
    growth = Growth(meter)
    count = growth.now(f"{SYNC}_duration_seconds_count")
    last, queued = (growth.now(f"{SYNC}_last_{what}timestamp_seconds") for what in ("", "queued_"))
    present = max(now.astimezone(UTC).timestamp(), last, queued)
    programming = growth.spans("kubeproxy_network_programming_duration_seconds")
    return KubeProxySync(
        node=node,
        mode=meter.mode,
        window_ms=meter.window_ms,
        syncs=growth.spans(f"{SYNC}_duration_seconds").count,
        sync_mean_ms=round(growth.now(f"{SYNC}_duration_seconds_sum") / count * 1000) if count else 0,
        last_sync_seconds_ago=round(present - last) if last else 0,
        overdue_seconds=round(present - queued) if queued > last else 0,
        pending_changes=round(sum(growth.now(f"{SYNC}_{what}_changes_pending") for what in ("endpoint", "service"))),
        restore_failures=round(growth.of(f"{SYNC}_iptables_restore_failures_total")),
        programmed=programming.count,
        programming_p99_ms=programming.quantile_ms(0.99),
        source=f"{node}: metrics of kube-proxy",
    )
