"""Pods: what their own network namespaces count, and how often their containers are held back. Tier 3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.queue import ContainerThrottling, PodSockets
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.node.growth import grown
from bot.node.sampled import Sample
from bot.probes.counters import PERMILLE, provenance, share
from bot.probes.node import INSTALL, MAX_NODES
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import Pods


@probe(PodSockets, reads=(Pod,), helper=True)
async def pod_sockets(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count what the Pods at both ends dropped and sent again over the window."""
    return await each_pod(cluster, scope, PodSockets, sockets_of)


@probe(ContainerThrottling, reads=(Pod,), helper=True)
async def container_throttling(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count in how many periods the containers of the Pods at both ends were held back over the window."""
    return await each_pod(cluster, scope, ContainerThrottling, throttling_of)


async def each_pod(
    cluster: Cluster, scope: Scope, of: type[Fact], make: Callable[[Sample, Sequence[Pod]], list[Fact]]
) -> list[Fact | Unreadable]:
    """Return what is made of the Pods at both ends, and the Nodes whose helper could not tell.

    Raises:
        CannotTell: The symptom gives no Pod.
    """
    ends = (*scope.clients, *scope.backends)
    namespaces = dict.fromkeys(end.namespace for end in ends)
    known = Pods([pod for namespace in namespaces for pod in await cluster.list(Pod, namespace=namespace)])
    pods = [pod for pod in known.named(ends) if pod.alive]
    by_node: dict[str, list[Pod]] = {}
    for pod in pods:
        if pod.spec.node_name and not pod.spec.host_network:
            by_node.setdefault(pod.spec.node_name, []).append(pod)
    if not by_node:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod to look into")
    helpers = await cluster.helper_nodes()
    asked = [node for node in sorted(by_node) if node in helpers][:MAX_NODES]
    found: list[Fact | Unreadable] = [
        Unreadable(of=of, subject=node, error=NoHelper(f"no node helper runs there; {INSTALL}"))
        for node in sorted(by_node)
        if node not in helpers
    ]
    answers = await samples(cluster, asked)
    for node, answer in answers.items():
        found += made(of, node, answer, by_node, make)
    return found


def made(
    of: type[Fact],
    node: str,
    answer: Sample | ClusterError,
    by_node: Mapping[str, Sequence[Pod]],
    make: Callable[[Sample, Sequence[Pod]], list[Fact]],
) -> list[Fact | Unreadable]:
    """Return what one Node tells of its Pods, or why it does not."""
    if isinstance(answer, ClusterError):
        return [Unreadable(of=of, subject=node, error=answer)]
    try:
        return [*make(answer, by_node[node])]
    except ClusterError as problem:
        return [Unreadable(of=of, subject=node, error=problem)]


def sockets_of(sample: Sample, pods: Sequence[Pod]) -> list[Fact]:
    """Return what the Pods' namespaces counted."""
    looks = sample.all(sample.series.pods)
    found: list[Fact] = []
    for pod in pods:
        rows = [counters[pod.metadata.uid] for _, counters in looks if pod.metadata.uid in counters]
        if len(rows) < len(looks):
            continue  # it began or ended within the window

        def grew(name: str, rows: Sequence[Mapping[str, int]] = rows) -> int:
            return grown([row[name] for row in rows if name in row])

        found.append(
            PodSockets(
                namespace=pod.metadata.namespace,
                pod=pod.metadata.name,
                node=sample.node,
                window_ms=looks[-1][0] - looks[0][0],
                listen_overflows=grew("TcpExt.ListenOverflows"),
                listen_drops=grew("TcpExt.ListenDrops"),
                backlog_drops=grew("TcpExt.TCPBacklogDrop"),
                timeouts=grew("TcpExt.TCPTimeouts"),
                sent_segments=grew("Tcp.OutSegs"),
                resent_segments=grew("Tcp.RetransSegs"),
                received_datagrams=grew("Udp.InDatagrams"),
                receive_buffer_errors=grew("Udp.RcvbufErrors"),
                **provenance(sample, sample.series.pods),
            )
        )
    return found


def throttling_of(sample: Sample, pods: Sequence[Pod]) -> list[Fact]:
    """Return how the Pods' containers were held back."""
    looks = sample.all(sample.series.throttling)
    found: list[Fact] = []
    for pod, container in ((each, status) for each in pods for status in each.status.container_statuses):
        name = container.container_id.rpartition("/")[2]
        rows = [counted[name] for _, counted in looks if name in counted]
        if len(rows) < len(looks) or not rows[-1].periods:
            continue  # it began or ended within the window, or has no limit
        periods, throttled = (grown([getattr(row, field) for row in rows]) for field in ("periods", "throttled"))
        found.append(
            ContainerThrottling(
                namespace=pod.metadata.namespace,
                pod=pod.metadata.name,
                container=container.name,
                node=sample.node,
                window_ms=looks[-1][0] - looks[0][0],
                periods=periods,
                throttled=throttled,
                throttled_permille=share(throttled, periods, PERMILLE),
                **provenance(sample, sample.series.throttling),
            )
        )
    return found
