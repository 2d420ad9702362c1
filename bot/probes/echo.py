"""The host outside that a symptom is about: does it answer ICMP, whatever its ports do."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.echo import OutsidePing
from bot.facts.scope import Scope
from bot.node import ask
from bot.probes.outside import resolved, trying_from
from bot.probes.probe import Unreadable, probe


@probe(OutsidePing, reads=(Service,), helper=True)
async def outside_ping(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Send a few echoes to the host outside from the Nodes of the clients."""
    nodes = await trying_from(cluster, scope)
    address = await resolved(cluster, nodes[0], scope.outside_host)
    found: list[Fact | Unreadable] = []
    for node, answer in (await ask.pings(cluster, {node: [address] for node in nodes})).items():
        if isinstance(answer, ClusterError):
            found.append(Unreadable(of=OutsidePing, subject=node, error=answer))
            continue
        ping = answer[address]
        found.append(
            OutsidePing(
                node=node,
                host=scope.outside_host,
                address=address,
                sent=ping.sent,
                answered=ping.answered,
                median_us=ping.median_us,
                source=f"{node}: {ping.sent} ICMP echoes to {address}",
            )
        )
    return found
