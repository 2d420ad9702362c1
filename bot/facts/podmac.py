"""Facts about who holds the address of a Pod."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class PodMac(Fact):
    """The address of a Pod that is meant to answer, and whom its own Node sends it to.

    Source: the node helper, rtnetlink RTM_GETLINK inside the Pod (tier 3) and RTM_GETNEIGH on its Node.
    """

    kind: ClassVar[str] = "pod_mac"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    node: str
    ip: str
    mac: str
    """Of the interface that holds the address inside the Pod."""
    node_mac: str
    """What the Node's neighbour table has for the address."""
    differs: bool
    confirmed: bool
    """Somebody answered for the address with ``node_mac`` (the entry is REACHABLE), or ``holder`` is known; and not
    several Pods have it, as where a proxy answers for all."""
    holder: str
    """The Pod that has ``node_mac`` by the Node's entries of other addresses: ``shop/agent-1``; ``unknown`` if none."""
