"""Packet sizes: what overlay devices allow against the uplink below them, and Nodes against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bot.cluster.errors import ClusterError, Malformed
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.mtu import NodeMtu, OverlayMtu
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.node.roles import is_up, roles, uplink_of
from bot.node.sampled import Link, Sample
from bot.probes.counters import provenance
from bot.probes.node import MAX_NODES, each_node, must, nodes_in
from bot.probes.probe import Unreadable, probe, unknown

OVERHEAD: dict[tuple[str, int], int] = {
    # Calico int_dataplane.go; Cilium pkg/mtu/mtu.go
    ("ipip", 4): 20,
    # Calico int_dataplane.go; flannel vxlan_network.go
    ("vxlan", 4): 50,
    ("vxlan", 6): 70,
    # Cilium pkg/mtu/mtu.go
    ("geneve", 4): 50,
    ("geneve", 6): 70,
    ("ip6tnl", 6): 48,
    # Calico int_dataplane.go
    ("wireguard", 4): 60,
    ("wireguard", 6): 80,
}
"""Bytes an encapsulation adds, by device kind and the version of the outer address."""


@probe(OverlayMtu, reads=(Node,), helper=True)
async def overlay_mtu(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Compare each overlay device's MTU with what its uplink can carry."""
    return await each_node(cluster, scope, OverlayMtu, overlays_of, ask=samples)


def overlays_of(sample: Sample) -> list[Fact]:
    """Return the overlay devices that are up and whose own MTU decides.

    Tunnel devices in external mode (Cilium, Open vSwitch) are left out: there the Pods' routes set the packet size.
    """
    links = {link.index: link for link in sample.last(sample.series.links)}
    node_uplink = must_have_uplink(sample)
    role = roles(sample.last(sample.series.links), sample.last(sample.series.addresses), sample.host_ip)
    pods_mtu = max((link.mtu for link in links.values() if role[link.name] == "pod" and is_up(link)), default=0)
    found: list[Fact] = []
    for link in links.values():
        outer = link.vxlan.local if link.vxlan and link.vxlan.local else sample.host_ip
        overhead = OVERHEAD.get((link.kind, 6 if ":" in outer else 4))
        if overhead is None or link.external or not is_up(link):
            continue
        uplink = links.get(link.vxlan.link if link.vxlan else link.link, node_uplink)
        allowed = uplink.mtu - overhead
        found.append(
            OverlayMtu(
                node=sample.node,
                overlay=link.name,
                encapsulation=link.kind,
                overlay_mtu=link.mtu,
                uplink=uplink.name,
                uplink_mtu=uplink.mtu,
                overhead=overhead,
                allowed_mtu=allowed,
                excess=link.mtu - allowed,
                pods_mtu=pods_mtu,
                short=max(0, pods_mtu - link.mtu),
                **provenance(sample, sample.series.links),
            )
        )
    return found


@probe(NodeMtu, reads=(Node,), helper=True)
async def node_mtu(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Compare the uplink MTU of each Node on the path with that of others.

    Nodes beside the path are asked too, up to the limit of one diagnosis: one MTU alone says nothing.
    """
    with_helper, _ = await nodes_in(cluster, scope)
    others = [node for node in await cluster.helper_nodes() if node not in with_helper]
    compared = (with_helper + others)[:MAX_NODES]
    uplinks: dict[str, tuple[Sample, Link]] = {}
    found: list[Fact | Unreadable] = []
    for node, answer in (await samples(cluster, compared)).items():
        try:
            uplinks[node] = must(answer), must_have_uplink(must(answer))
        except ClusterError as problem:
            found.append(Unreadable(of=NodeMtu, subject=node, error=problem))
    if len(uplinks) < 2 and len(await cluster.list(Node)) > 1:  # noqa: PLR2004 - one of several says nothing
        alone = "fewer than two Nodes have a node helper that answers, so there are none to compare"
        return [*found, unknown(cluster, NodeMtu, Reason.OUT_OF_SCOPE, alone)]
    usual = usual_mtu([uplink.mtu for _, uplink in uplinks.values()])
    return found + [
        NodeMtu(
            node=node,
            uplink=uplink.name,
            mtu=uplink.mtu,
            usual_mtu=usual,
            deviation=uplink.mtu - usual,
            nodes_compared=len(uplinks),
            **provenance(sample, sample.series.links),
        )
        for node, (sample, uplink) in uplinks.items()
    ]


def usual_mtu(mtus: list[int]) -> int:
    """Return the most common MTU, of two equally common ones the larger; 0 for none."""
    counts = Counter(mtus)
    return max(counts, key=lambda mtu: (counts[mtu], mtu), default=0)


def must_have_uplink(sample: Sample) -> Link:
    """Return the interface with the Node's address.

    Raises:
        Malformed: There is none.
    """
    links, addresses = sample.last(sample.series.links), sample.last(sample.series.addresses)
    uplink = uplink_of(links, addresses, sample.host_ip)
    if uplink is None:
        raise Malformed(f"{sample.where(sample.series.addresses)}: no interface holds {sample.host_ip[:60]!r}")
    return uplink
