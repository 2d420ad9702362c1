"""Whether looks at connection tables and sockets could see all there is: what could not be seen is never nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Pod
from bot.node.ruled import Flow, Sockets
from bot.node.sampled import Sample
from bot.remediation.desk import NoPlan

FIRST_EPHEMERAL = 32768
"""Of the ports that clients have: net.ipv4.ip_local_port_range, as kernels begin."""
MISSED = "the connection table of Node {node} does not hold a connection that Pod {pod} has"
BRIDGED = "what Pods of Node {node} send each other passes by its connection table (bridge-nf-call-iptables is off)"


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at every Pod, by name."""

    tables: Mapping[str, tuple[Flow, ...]]
    sockets: Mapping[str, Sockets]


def missed(pods: Sequence[Pod], looked: Sequence[Look]) -> dict[str, str]:
    """Return the Nodes whose table does not hold what its Pods are connected to.

    What is connected at the last look may have been made after the table was read.
    """
    found = {}
    for pod in pods:
        name = pod.metadata.name
        told = {(ip, flow.port) for look in looked for flow in look.tables[name] for ip in (flow.source, flow.seen)}
        connected = {(each.peer, each.port) for look in looked[:-1] for each in look.sockets[name].accepted}
        if connected - told:
            found[pod.spec.node_name] = MISSED.format(node=pod.spec.node_name, pod=name)
    return found


def bridged(found: Mapping[str, Sample]) -> dict[str, str]:
    """Return the Nodes on which Pods of one bridge talk past the table."""
    blind = {}
    for node, sample in found.items():
        try:
            links = sample.last(sample.series.links)
            set_to = sample.last(sample.series.settings).values.get("bridge/bridge-nf-call-iptables")
        except ClusterError as problem:
            raise NoPlan(f"Node {node} could not be looked at: {problem}") from problem
        bridges = {link.index for link in links if link.kind == "bridge"}
        if set_to != "1" and any(link.kind == "veth" and link.master in bridges for link in links):
            blind[node] = BRIDGED.format(node=node)
    return blind


def hold_udp(pods: Sequence[Pod], looked: Sequence[Look], blind: Mapping[str, str]) -> None:
    """Refuse where datagrams may come that nobody can see: a socket does not tell who sends to it.

    Raises:
        NoPlan: With the Pod that waits for them.
    """
    seeing = {pod.spec.node_name for pod in pods for look in looked if look.tables[pod.metadata.name]}
    for pod in pods:
        name, node = pod.metadata.name, pod.spec.node_name
        # A client's own socket may be there for one look, and has a high port; a server's is there for all.
        waits = [{each.port for each in look.sockets[name].listening if each.protocol == "udp"} for look in looked]
        declared = {port.container_port for container in pod.spec.containers for port in container.ports}
        ports = sorted(port for port in set.intersection(*waits) if port < FIRST_EPHEMERAL or port in declared)
        if ports and (node in blind or node not in seeing):
            why = blind.get(node, f"the connection table of Node {node} holds nothing of its Pods")
            raise NoPlan(f"who sends to UDP port {ports[0]} of Pod {name} cannot be seen: {why}")
