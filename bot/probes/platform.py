"""Nodes: parts of their kernels, and how their tunnel devices are set up."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.errors import Malformed
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.platform import KernelModule, NodeTunnel
from bot.facts.scope import Scope
from bot.node.answers import REINSTALL
from bot.node.client import samples
from bot.node.roles import is_up
from bot.node.sampled import Sample
from bot.probes.counters import provenance
from bot.probes.node import each_node
from bot.probes.probe import Unreadable, probe


@probe(KernelModule, reads=(Node,), helper=True)
async def kernel_module(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report which parts of each Node's kernel are there."""
    return await each_node(cluster, scope, KernelModule, modules_of, ask=samples)


@probe(NodeTunnel, reads=(Node,), helper=True)
async def node_tunnel(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report how the VXLAN devices of each Node are set up."""
    return await each_node(cluster, scope, NodeTunnel, tunnels_of, ask=samples)


def modules_of(sample: Sample) -> list[Fact]:
    """Return the parts of the kernel."""
    found = sample.last(sample.series.modules)
    if not isinstance(found, dict):
        raise Malformed(f"the helper on {sample.node} is of an older netmedic; {REINSTALL}")
    where = provenance(sample, sample.series.modules)
    return [KernelModule(node=sample.node, module=name, state=state, **where) for name, state in sorted(found.items())]


def tunnels_of(sample: Sample) -> list[Fact]:
    """Return the VXLAN devices."""
    links = {link.index: link for link in sample.last(sample.series.links)}
    held = {address.ip for address in sample.last(sample.series.addresses)}
    found: list[Fact] = []
    for link in links.values():
        if link.vxlan is None:
            continue
        carrier = links.get(link.vxlan.link)
        found.append(
            NodeTunnel(
                node=sample.node,
                name=link.name,
                vni=link.vxlan.id,
                port=link.vxlan.port,
                local=link.vxlan.local,
                local_is_held=not link.vxlan.local or link.vxlan.local in held,
                carrier=carrier.name if carrier else "",
                carrier_up=carrier is None or is_up(carrier),
                learning=link.vxlan.learning,
                external=link.external,
                **provenance(sample, sample.series.links),
            )
        )
    return found
