"""Facts about the source that Pods' packets have when they leave the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class NodeMasquerade(Fact):
    """What one Node does with the source of packets from a Pod of its own to the host outside of the symptom.

    Source: the node helper on ``node``: its nat rules, and TCP connects from the Node and from inside the Pod.
    """

    kind: ClassVar[str] = "node_masquerade"

    node: str
    host: str
    address: str
    port: int
    pod_namespace: str
    pod: str
    """The client, or another Pod on the Node."""
    pod_address: str
    pod_network: str
    """The Node's Pod ranges, ``10.244.2.0/24``; the Pod's address where the Node has none of its own."""
    translated: str
    """``yes``, ``no``, or ``maybe`` where a rule depends on what is not known (an interface, a set of addresses)."""
    by: str
    """The table that says so; empty: none."""
    source_address: str
    """The address that a rule gives them (SNAT); empty for that of the Node's interface (masquerade), or if none is."""
    source_is_nodes: bool
    """It is the Node's own; also where none is given."""
    elsewhere: str
    """What other Nodes do with their Pods' packets there: ``yes`` where one surely translates, ``maybe``, ``no``, or
    ``untried``."""
    translated_on: str
    """One Node that surely does; empty if none."""
    node_result: str
    """Connects from the Node itself: ``open``, ``refused``, ``silent``, ``unreachable``, ``some``, ``closed``."""
    pod_result: str
    """The same from inside the Pod; ``untried`` where it is no client, or cannot be entered."""
    policies: bool
    """NetworkPolicies exist in the Pod's namespace, which may keep it in."""
