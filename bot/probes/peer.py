"""Nodes: the way each one's kernel would send packets to the Pods of the others."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable, Mapping

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.cluster.redact import ANNOTATIONS
from bot.facts.base import Fact
from bot.facts.kernel import NodePeer
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.node.roles import is_up, roles
from bot.node.sampled import Link, Neighbour, Route, Sample
from bot.node.ways import NEIGHBOURS
from bot.probes.counters import provenance
from bot.probes.mtu import must_have_uplink
from bot.probes.node import MAX_NODES, each_node, must, nodes_in
from bot.probes.probe import Unreadable, probe

MAIN_TABLE = 254
"""linux/rtnetlink.h: RT_TABLE_MAIN."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@probe(NodePeer, reads=(Node,), helper=True)
async def node_peer(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Follow the route from each Node on the path to the Pods of each other one."""
    with_helper, without = await nodes_in(cluster, scope)
    wanted = {*with_helper[:MAX_NODES], *without[:MAX_NODES]}
    if len(wanted) == 1:  # a Node that the symptom names alone is compared with others
        wanted |= set([node for node in await cluster.helper_nodes() if node not in wanted][:NEIGHBOURS])
    peers = [node for node in await cluster.list(Node) if node.metadata.name in wanted]
    answers = await samples(cluster, with_helper[:MAX_NODES])
    macs, tunnels = uplink_macs(answers), tunnel_macs(answers)
    return await each_node(cluster, scope, NodePeer, lambda sample: peers_of(sample, peers, macs, tunnels), ask=samples)


def tunnel_macs(answers: Mapping[str, Sample | ClusterError]) -> dict[str, dict[int, str]]:
    """Return the MAC address of each Node's VXLAN devices by their network (VNI), where they are known."""
    found: dict[str, dict[int, str]] = {}
    for node, answer in answers.items():
        with contextlib.suppress(ClusterError):
            links = (link for link in must(answer).last(must(answer).series.links) if not link.external)
            found[node] = {link.vxlan.id: link.mac for link in links if link.vxlan and link.mac}
    return found


def uplink_macs(answers: Mapping[str, Sample | ClusterError]) -> dict[str, str]:
    """Return the MAC address of each Node's uplink, where it is known."""
    found: dict[str, str] = {}
    for node, answer in answers.items():
        with contextlib.suppress(ClusterError):
            found[node] = must_have_uplink(must(answer)).mac
    return found


def peers_of(
    sample: Sample, peers: list[Node], macs: Mapping[str, str], tunnels: Mapping[str, Mapping[int, str]]
) -> list[Fact]:
    """Return the ways to those of the peers that have a Pod CIDR."""
    found: list[Fact] = []
    for peer in peers:
        cidr = network(next(iter(peer.spec.pod_cidrs), peer.spec.pod_cidr))
        address = next((one.address for one in peer.status.addresses if one.type == "InternalIP"), "")
        if cidr and address and peer.metadata.name != sample.node:
            name, end = peer.metadata.name, published_end(peer)
            known = macs.get(name, ""), tunnels.get(name, {})
            found.append(way(sample, name, cidr, address, macs=known, published=end))
    return found


def published_end(peer: Node) -> str:
    """Return where a Node tells others to send frames to; empty where it tells nothing."""
    told = peer.metadata.annotations
    return next((told[key] for key in reversed(ANNOTATIONS) if told.get(key)), "")


def way(
    sample: Sample,
    peer: str,
    cidr: Network,
    address: str,
    *,
    macs: tuple[str, Mapping[int, str]],
    published: str = "",
) -> NodePeer:
    """Return the way to one peer, whose uplink and tunnel devices have these MAC addresses."""
    mac, tunnels = macs
    series = sample.series
    links, addresses = sample.last(series.links), sample.last(series.addresses)
    neighbours, forwarding = sample.last(series.neighbours), sample.last(series.forwarding)
    route = best_route(sample.last(series.routes), cidr)
    device = next((link for link in links if route and link.index == route.index), None)
    tunnelled = device is not None and device.kind == "vxlan" and not device.external
    tunnel_mac = mac_of(device, route.via, neighbours) if tunnelled and device and route else ""
    end = tunnel_end(device, tunnel_mac, forwarding) if tunnelled and device else ""
    right_mac = tunnels.get(device.vxlan.id, "") if tunnelled and device and device.vxlan else ""
    seen = {one.mac for one in neighbours if one.ip == address and one.mac}
    return NodePeer(
        node=sample.node,
        peer=peer,
        pod_cidr=str(cidr),
        routed=route is not None and not route.to.endswith("/0"),
        device=device.name if device else "",
        device_role=roles(links, addresses, sample.host_ip)[device.name] if device else "",
        device_up=device is not None and is_up(device),
        next_hop=route.via if route else "",
        tunnelled=tunnelled,
        tunnel_end=end,
        peer_address=address,
        tunnel_end_is_peer=end == address or not tunnelled,
        published_end=published,
        published_end_is_peer=published in ("", address),
        before_peer=sample.node < peer,
        peer_mac_known_wrong=bool(mac and seen and mac not in seen and on_link(sample, address)),
        tunnel_mac=tunnel_mac,
        peer_tunnel_mac=right_mac,
        tunnel_mac_known_wrong=bool(tunnel_mac and right_mac and tunnel_mac != right_mac),
        **provenance(sample, series.routes),
    )


def best_route(routes: tuple[Route, ...], cidr: Network) -> Route | None:
    """Return the route of the main table that the kernel would take to a network: the longest prefix around it."""
    around = [
        (to.prefixlen, -route.metric, -number, route)
        for number, route in enumerate(routes)
        if route.table == MAIN_TABLE and (to := network(route.to)) and contains(to, cidr)
    ]
    return max(around)[-1] if around else None


def contains(outer: Network, inner: Network) -> bool:
    """Tell whether one network lies in another."""
    if isinstance(outer, ipaddress.IPv4Network):
        return isinstance(inner, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, ipaddress.IPv6Network) and inner.subnet_of(outer)


def mac_of(device: Link, next_hop: str, neighbours: tuple[Neighbour, ...]) -> str:
    """Return the MAC that frames for a next hop are sent to."""
    return next((one.mac for one in neighbours if (one.index, one.ip) == (device.index, next_hop) and one.mac), "")


def tunnel_end(device: Link, mac: str, forwarding: tuple[Neighbour, ...]) -> str:
    """Return where frames for a MAC are sent to by the device's entries."""
    return next((one.ip for one in forwarding if (one.index, one.mac) == (device.index, mac)), "")


def on_link(sample: Sample, address: str) -> bool:
    """Tell whether an address is reached without a router: it lies in the network of the Node's own address."""
    own = (one for one in sample.last(sample.series.addresses) if one.ip == sample.host_ip)
    around = network(next((f"{one.ip}/{one.prefix_length}" for one in own), ""))
    inner = network(address)
    return around is not None and inner is not None and contains(around, inner)


def network(text: str) -> Network | None:
    """Return a network, or None for what is none."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
