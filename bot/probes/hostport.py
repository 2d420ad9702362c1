"""hostPorts as another Node sees them: connects to the Node's address, compared with connects to the Pod behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import Node, Pod
from bot.cluster.port import Cluster
from bot.facts.external import HostPortConnect, PodHostPort
from bot.facts.scope import Scope
from bot.node import client
from bot.node.requests import target
from bot.node.ways import addresses, is_reachable
from bot.probes.external import host_ports_in
from bot.probes.node import INSTALL
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import path_of
from bot.probes.translation import in_a_word

PORTS_TRIED = 5
"""hostPorts that are connected to in one diagnosis (ours)."""


@probe(HostPortConnect, reads=(Pod, Node), helper=True)
async def host_port_connect(cluster: Cluster, scope: Scope) -> Iterable[HostPortConnect | Unreadable]:
    """Connect to the hostPorts of the Pods that are reached for, from a Node they do not run on."""
    open_ports = [(pod, port) for pod, port in await host_ports_in(cluster, scope) if is_tried(pod, port)][:PORTS_TRIED]
    if not open_ports:
        return []
    helpers = list(await cluster.helper_nodes())
    if not helpers:
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    at = addresses(await cluster.list(Node))
    usual = [*(node for node in scope.client_nodes if node in helpers), *helpers]
    origin = {
        pod.spec.node_name: next((n for n in usual if n != pod.spec.node_name), usual[0]) for pod, _ in open_ports
    }
    wanted: dict[str, set[str]] = defaultdict(set)
    for pod, port in open_ports:
        wanted[origin[pod.spec.node_name]] |= (
            {
                target(at[pod.spec.node_name], port.host_port),
                target(pod.status.pod_ip, port.container_port),
            }
            if pod.spec.node_name in at
            else set()
        )
    answers = await client.reaches(cluster, wanted)
    found: list[HostPortConnect | Unreadable] = [
        Unreadable(of=HostPortConnect, subject=node, error=problem)
        for node, problem in answers.items()
        if isinstance(problem, ClusterError)
    ]
    for pod, port in open_ports:
        node, asker = pod.spec.node_name, origin[pod.spec.node_name]
        reached = answers.get(asker, {})
        if node not in at or isinstance(reached, ClusterError):
            continue
        found.append(
            HostPortConnect(
                namespace=port.namespace,
                pod=port.pod,
                node=node,
                host_port=port.host_port,
                container_port=port.container_port,
                from_node=asker,
                other_node=asker != node,
                result=in_a_word(reached[target(at[node], port.host_port)].results),
                pod_result=in_a_word(reached[target(pod.status.pod_ip, port.container_port)].results),
                source=f"{asker}: TCP connects to {at[node]}; {path_of(pod)}",
            )
        )
    return found


def is_tried(pod: Pod, port: PodHostPort) -> bool:
    """Tell whether a hostPort should answer TCP connects from other Nodes."""
    return pod.ready and is_reachable(pod) and port.protocol == "TCP" and not port.host_ip
