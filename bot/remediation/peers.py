"""Whose an address is that connects to a Pod: a Pod's, a Node's, or one outside the cluster."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Namespace, Node, Pod
from bot.cluster.port import Cluster
from bot.node.client import samples
from bot.remediation.desk import NoPlan
from bot.remediation.traffic import addresses_in, addresses_of
from bot.simulation.networkpolicy import End, end_of

MOST_PEERS = 200
"""Addresses that are looked up (ours): each is a read."""
NODES_ASKED = 20
"""Nodes whose addresses are asked for besides those that are watched (ours)."""
MOST_NODES = 100
"""Nodes that are allowed one by one (ours)."""
NEIGHBOURHOOD = {4: 24, 6: 120}
"""Prefix length within which addresses are handed out together (ours): CNIs without a podCIDR use blocks of 64."""


class Kind(Enum):
    """What holds an address."""

    POD = auto()
    NODE = auto()
    OUTSIDE = auto()
    """Or nobody that is known: where CNIs hand out addresses by themselves, it may have been a Pod."""
    GONE = auto()
    """A Pod that there is no more."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Who connects."""

    kind: Kind
    end: End


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Who holds which address."""

    peers: Mapping[str, Peer]
    nodes: Sequence[Node]
    addresses: Mapping[str, frozenset[str]]
    """By Node, those of its own interfaces, as far as it was asked."""

    def is_node(self, name: str, address: str) -> bool:
        """Tell whether an address is that Node's; some, such as those of Services, are on every Node."""
        peer = self.peers[address]
        return address in self.addresses.get(name, ()) or (peer.kind is Kind.NODE and peer.end.node == name)

    def is_outside(self, client: End) -> bool:
        """Tell whether neither a Pod nor a Node is known to have the client's address."""
        peer = self.peers.get(client.ip)
        return not client.is_pod and peer is not None and peer.kind is Kind.OUTSIDE

    def every_node(self, like: str) -> list[str]:
        """Return the addresses with which any Node may connect, if one does with an address like this.

        Raises:
            NoPlan: They are too many Nodes.
        """
        if len(self.nodes) > MOST_NODES:
            raise NoPlan(f"Nodes connect, and there are {len(self.nodes)}: name their networks in a policy by hand")
        found = {like} | {
            each.address for node in self.nodes for each in node.status.addresses if each.type == "InternalIP"
        }
        if _owners(like, self.nodes):  # of an overlay's device
            held = {ip for ips in self.addresses.values() for ip in ips}
            found |= {ip for ip in held if _owners(ip, self.nodes)}
        return sorted(found)


async def look_up(
    addresses: Iterable[str], cluster: Cluster, *, own: Mapping[str, frozenset[str]], near: Sequence[Pod]
) -> Directory:
    """Return who holds addresses; ``own`` are those of Nodes that were asked, ``near`` the Pods that answer.

    Raises:
        NoPlan: They are too many, or one is of a Node that cannot be looked at.
        ClusterError: The cluster cannot be read.
    """
    wanted = sorted(set(addresses))
    if len(wanted) > MOST_PEERS:
        raise NoPlan(f"{len(wanted)} addresses connect, more than {MOST_PEERS}: name their networks by hand")
    nodes, known = await cluster.list(Node), dict(own)
    pods = {ip: pod for ip in wanted if (pod := await _holder(ip, nodes, cluster)) is not None}
    strangers = [ip for ip in wanted if ip not in pods and ip not in _nodes_of(nodes, known)]
    around = {_around(ip) for pod in [*near, *pods.values()] for ip in addresses_in(pod)}
    unclear = [ip for ip in strangers if _owners(ip, nodes) or any(_within(ip, block) for block in around)]
    if unclear:
        known |= await _more(unclear, nodes, known, cluster)
    held = _nodes_of(nodes, known)
    for ip in unclear:
        if ip not in held and (unasked := [name for name in _owners(ip, nodes) if name not in known]):
            raise NoPlan(f"whose {ip} is cannot be told: Node {unasked[0]}, which may have it, could not be looked at")
    namespaces = {pod.metadata.namespace for pod in pods.values()}
    labels = {name: (await cluster.get(Namespace, name=name)).metadata.labels for name in sorted(namespaces)}
    peers = {}
    for ip in wanted:
        if ip in held:
            peers[ip] = Peer(kind=Kind.NODE, end=End(ip=ip, node=held[ip]))
        elif ip in pods:
            peers[ip] = Peer(kind=Kind.POD, end=end_of(pods[ip], labels[pods[ip].metadata.namespace]))
        else:
            peers[ip] = Peer(kind=Kind.GONE if _owners(ip, nodes) else Kind.OUTSIDE, end=End(ip=ip))
    return Directory(peers=peers, nodes=nodes, addresses=known)


async def _holder(address: str, nodes: Sequence[Node], cluster: Cluster) -> Pod | None:
    """Return the Pod with an address; one that ended, such as a Job's, where it is the only one that had it."""
    found = await cluster.list(Pod, fields=f"status.podIP={address}")
    # The API server finds Pods by their first address only.
    for node in _owners(address, nodes) if not found else ():
        found += await cluster.list(Pod, fields=f"spec.nodeName={node}")
    pods = [pod for pod in found if not pod.spec.host_network and address in addresses_in(pod)]
    alive = [pod for pod in pods if pod.alive]
    return alive[0] if alive else pods[0] if len(pods) == 1 else None


def _nodes_of(nodes: Iterable[Node], own: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Return the Nodes of addresses."""
    found = {ip: node for node, ips in own.items() for ip in ips}
    return found | {each.address: node.metadata.name for node in nodes for each in node.status.addresses}


def _owners(ip: str, nodes: Iterable[Node]) -> list[str]:
    """Return the Nodes to whose Pods an address may be given."""
    return [
        node.metadata.name
        for node in nodes
        if any(_within(ip, cidr) for cidr in {node.spec.pod_cidr, *node.spec.pod_cidrs})
    ]


def _around(ip: str) -> str:
    return str(ipaddress.ip_network(f"{ip}/{NEIGHBOURHOOD[ipaddress.ip_address(ip).version]}", strict=False))


def _within(ip: str, cidr: str) -> bool:
    try:
        return ipaddress.ip_address(ip) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False


async def _more(
    unclear: Sequence[str], nodes: Sequence[Node], known: Mapping[str, frozenset[str]], cluster: Cluster
) -> dict[str, frozenset[str]]:
    """Return the addresses of Nodes that may hold one: those whose podCIDR it is in, before all others."""
    helped = await cluster.helper_nodes()
    others = [node for node in nodes if node.metadata.name in helped and node.metadata.name not in known]
    likely = {name for ip in unclear for name in _owners(ip, nodes)}
    others.sort(key=lambda node: node.metadata.name not in likely)
    asked = await samples(cluster, [node.metadata.name for node in others[:NODES_ASKED]], seconds=1)
    return {node: addresses_of(sample) for node, sample in asked.items() if not isinstance(sample, ClusterError)}
