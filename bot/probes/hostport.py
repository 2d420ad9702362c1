"""hostPorts as another Node sees them: connects to the Node's address, compared with connects to the Pod behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import Node, Pod
from bot.cluster.port import Cluster
from bot.facts.external import HostPortConnect, PodHostPort
from bot.facts.scope import Scope
from bot.node import ask, client
from bot.node.requests import packet, target
from bot.node.ways import addresses, is_reachable
from bot.probes.external import host_ports_in
from bot.probes.node import INSTALL
from bot.probes.noderules import shown
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import path_of
from bot.probes.translation import OPEN, in_a_word

UNKNOWN = "unknown"
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
    tried = []
    for pod, port in open_ports:
        node, asker = pod.spec.node_name, origin[pod.spec.node_name]
        reached = answers.get(asker, {})
        if node not in at or isinstance(reached, ClusterError):
            continue
        result = in_a_word(reached[target(at[node], port.host_port)].results)
        pod_result = in_a_word(reached[target(pod.status.pod_ip, port.container_port)].results)
        tried.append(Tried(pod=pod, port=port, asker=asker, address=at[node], result=result, pod_result=pod_result))
    return [*found, *await with_rules(cluster, tried)]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A hostPort, and how connects to it ended."""

    pod: Pod
    port: PodHostPort
    asker: str
    address: str
    """Of its Node."""
    result: str
    pod_result: str

    @property
    def packet(self) -> str:
        """The first packet of such a connect."""
        return packet("tcp", self.address, self.port.host_port)

    def fact(self, sent_to: Sequence[str] | None) -> HostPortConnect:
        """Return what is known of it, with where its Node's rules send it; None where they were not read."""
        own = target(self.pod.status.pod_ip, self.port.container_port)
        if sent_to is None:
            leads_to = UNKNOWN
        elif not sent_to:
            leads_to = "nowhere"
        else:
            leads_to = "pod" if own in sent_to else "elsewhere"
        return HostPortConnect(
            namespace=self.port.namespace,
            pod=self.port.pod,
            node=self.pod.spec.node_name,
            host_port=self.port.host_port,
            container_port=self.port.container_port,
            from_node=self.asker,
            other_node=self.asker != self.pod.spec.node_name,
            result=self.result,
            pod_result=self.pod_result,
            leads_to=leads_to,
            sent_to=shown(sent_to or ()),
            source=f"{self.asker}: TCP connects to {self.address}; {path_of(self.pod)}",
        )


async def with_rules(cluster: Cluster, tried: Sequence[Tried]) -> list[HostPortConnect]:
    """Return the facts; where a hostPort does not work while its Pod does, with what the Node's rules do with it."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for one in tried:
        if one.result != OPEN and one.pod_result == OPEN:
            wanted[one.pod.spec.node_name].append(one.packet)
    rules = await ask.translations(cluster, wanted) if wanted else {}

    def sent_to(one: Tried) -> Sequence[str] | None:
        answer = rules.get(one.pod.spec.node_name)
        # A Node whose rules may not be read still has its connects.
        if answer is None or isinstance(answer, ClusterError) or one.packet not in answer:
            return None
        return answer[one.packet].to

    return [one.fact(sent_to(one)) for one in tried]


def is_tried(pod: Pod, port: PodHostPort) -> bool:
    """Tell whether a hostPort should answer TCP connects from other Nodes."""
    return pod.ready and is_reachable(pod) and port.protocol == "TCP" and not port.host_ip
