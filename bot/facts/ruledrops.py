"""Facts about rules that drop packets while they are watched. The node helper's tiers 2 and 3 read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class RuleDrop(Fact):
    """A rule of a Node, or of a Pod's own network, whose counter says that it dropped or refused packets in a window.

    Source: the counters of iptables' rules, and of those of nftables that say ``counter``, read twice.
    """

    kind: ClassVar[str] = "rule_drop"

    node: str
    pod_namespace: str
    """Empty for a rule of the Node itself."""
    pod: str
    workload: str
    role: str
    """Of the Pod: ``client`` or ``backend``; empty for a Node."""
    table: str
    """``nftables ip filter``, which iptables-nft uses too; ``iptables-legacy filter``."""
    chain: str
    verdict: str
    """``drop`` or ``reject``."""
    words: str
    """What the rule is for: ``ip saddr 10.0.0.7, tcp dport 80``; ``all packets``."""
    packets: int
    """In the window."""
    window_ms: int
    owner: str
    """Whose the rule is, by the names of table and chain: ``kubernetes`` (kube-proxy, kubelet), ``policies``
    (NetworkPolicies of a network plugin) or ``other``."""
    forwards: bool
    """Its chain is for packets that are forwarded or sent, not only for those to the Node itself."""
    sends: bool
    """Its chain is for what the Node itself sends: hook output, or postrouting."""
