"""The router that each Node sends to what lies beyond its networks, and whether it answers."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.platform import DefaultGateway
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.node.sampled import Route, Sample
from bot.probes.counters import provenance
from bot.probes.node import MAX_NODES, must
from bot.probes.outside import trying_from
from bot.probes.peer import MAIN_TABLE
from bot.probes.probe import Unreadable, probe

EVERYWHERE = "0.0.0.0/0"
SILENT = ("failed", "incomplete")
"""States of an entry whose address was asked for and did not answer (linux/neighbour.h)."""


@probe(DefaultGateway, reads=(Node,), helper=True)
async def default_gateway(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Compare the default routes of the Nodes that try the host outside with those of others."""
    nodes = await trying_from(cluster, scope)
    others = [node for node in await cluster.helper_nodes() if node not in nodes][: MAX_NODES - len(nodes)]
    answers = await samples(cluster, [*nodes, *others])
    usual = gateways(answers)
    found: list[Fact | Unreadable] = []
    for node in nodes:
        try:
            found += gateway_of(must(answers[node]), usual)
        except ClusterError as problem:
            found.append(Unreadable(of=DefaultGateway, subject=node, error=problem))
    return found


def gateways(answers: Mapping[str, Sample | ClusterError]) -> dict[str, str]:
    """Return the router of each Node that tells of one."""
    found: dict[str, str] = {}
    for node, answer in answers.items():
        with contextlib.suppress(ClusterError):
            if route := default_route(must(answer)):
                found[node] = route.via
    return found


def default_route(sample: Sample) -> Route | None:
    """Return the default route over a router with the least metric; None where there is none.

    Raises:
        ClusterError: The helper could not read routes; the error is named after why.
    """
    known = sample.last(sample.series.routes)
    found = [route for route in known if (route.to, route.table) == (EVERYWHERE, MAIN_TABLE) and route.via]
    return min(found, key=lambda route: route.metric, default=None)


def gateway_of(sample: Sample, usual: Mapping[str, str]) -> list[Fact]:
    """Return the router of one Node, beside those of the others; nothing where it has none."""
    series = sample.series
    links, entries = sample.last(series.links), sample.last(series.neighbours)
    route = default_route(sample)
    if route is None:
        return []
    state = next((one.state for one in entries if (one.index, one.ip) == (route.index, route.via)), "absent")
    others = Counter(address for node, address in usual.items() if node != sample.node)
    most = min(others, key=lambda address: (-others[address], address), default="")
    return [
        DefaultGateway(
            node=sample.node,
            address=route.via,
            device=next((link.name for link in links if link.index == route.index), ""),
            state=state,
            silent=state in SILENT,
            others=most,
            **provenance(sample, series.routes),
        )
    ]
