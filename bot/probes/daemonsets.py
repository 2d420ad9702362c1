"""DaemonSets whose Pods are called on each Node, and Nodes that have none."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.objects import DaemonSet, Node, Pod
from bot.cluster.port import Cluster
from bot.cluster.selectors import to_text
from bot.facts.pod import DaemonSetGap
from bot.facts.scope import Scope
from bot.probes.probe import probe
from bot.probes.reading import Pods, owner_of, path_of
from bot.probes.starting import fits


@probe(DaemonSetGap, reads=(DaemonSet, Node, Pod))
async def daemon_set_gap(cluster: Cluster, scope: Scope) -> Iterable[DaemonSetGap]:
    """Find the Nodes of clients on which a DaemonSet that the symptom reaches for has no Pod."""
    found: list[DaemonSetGap] = []
    for namespace in dict.fromkeys(end.namespace for end in scope.backends if scope.clients):
        pods = Pods(await cluster.list(Pod, namespace=namespace))
        called = {owner_of(pod) for pod in pods.named(scope.backends)}
        for item in await cluster.list(DaemonSet, namespace=namespace):
            own = [pod for pod in pods.of(namespace) if owner_of(pod).name == item.metadata.name]
            own = [pod for pod in own if owner_of(pod).kind == "DaemonSet"]
            if own and owner_of(own[0]) in called:
                found += await gaps_of(cluster, scope, item, own)
    return found


async def gaps_of(cluster: Cluster, scope: Scope, item: DaemonSet, own: list[Pod]) -> list[DaemonSetGap]:
    """Return the Nodes of clients without a Pod of one DaemonSet."""
    there = {pod.spec.node_name for pod in own}
    clients: dict[str, str] = {}
    for namespace in dict.fromkeys(end.namespace for end in scope.clients):
        for pod in Pods(await cluster.list(Pod, namespace=namespace)).named(scope.clients):
            clients.setdefault(pod.spec.node_name, f"{namespace}/{pod.metadata.name}")
    nodes = {node.metadata.name: node for node in await cluster.list(Node)} if set(clients) - there else {}
    spec = item.spec.template.spec
    ports = [port.host_port for container in spec.containers for port in container.ports if port.host_port]
    return [
        DaemonSetGap(
            namespace=item.metadata.namespace,
            name=item.metadata.name,
            node=name,
            client=client,
            host_port=ports[0] if ports else 0,
            fits=fits(planned(own[0], item), nodes[name]),
            selector=to_text(spec.node_selector),
            elsewhere=sum(pod.ready for pod in own),
            source=f"{path_of(item)}, its Pods and the Nodes",
        )
        for name, client in clients.items()
        if name in nodes and name not in there
    ]


def planned(pod: Pod, item: DaemonSet) -> Pod:
    """Return a Pod as the DaemonSet's template has it: its controller pins each to its Node."""
    spec = item.spec.template.spec
    return Pod(metadata=pod.metadata, spec=spec, status=pod.status)
