"""Where an unknown fault is: the last hop that works, the first that does not, and what that leaves.

Only from what was tried: connects and lookups that helpers made. It names no cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.facts.base import Fact
from bot.facts.dns import DnsReach
from bot.facts.podview import ClientConnect
from bot.facts.service import BackendConnect
from bot.facts.translation import ServiceConnect
from bot.facts.ways import NodePair, OutsideWay, PodWay

ANSWERED = ("open", "refused")
"""The other side itself answers: the way there works."""
LOST_PERMILLE = 150
"""As :data:`bot.probes.trouble.LOST_PERMILLE`: three of twenty connects."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One hop that was tried."""

    hop: str
    works: bool
    seen: str
    """``Node node1 to 10.96.0.7:80: silent``."""


LEAVES = {
    "name lookup": "the DNS servers, what translates their Service's address, and the way to them",
    "between the Nodes": "the network below the Nodes: links, switches, filters",
    "Pod": "the Pod's own interface and rules, the bridge before it, and the way between its Node and the asking one",
    "Pod's port": "the program in the Pod: whether it listens, and accepts in time",
    "Service address": "what translates Service addresses on that Node (kube-proxy or its replacement)",
    "from inside the client": "the client Pod's own network: policies that select it, its interface and rules",
    "host outside": "the way out (SNAT, firewalls, the line) and the host itself",
}
"""What the fault may be in, by the first hop that does not work."""


def localise(facts: Iterable[Fact]) -> str:
    """Return in words where a fault must be, as far as active probes tell; empty if none was made."""
    tried = in_order([hop for fact in facts if (hop := tried_by(fact))])
    if not tried:
        return ""
    failing = next((each for each in tried if not each.works), None)
    if failing is None:
        works = ", ".join(dict.fromkeys(each.hop for each in tried))
        return (
            f"Every hop that was tried works ({works}); that leaves what was not tried: the application at either end, "
            "and a fault that comes and goes."
        )
    before = [each for each in tried[: tried.index(failing)] if each.works and each.hop != failing.hop]
    last = f"The last hop that works: {before[-1].hop} ({before[-1].seen}). " if before else ""
    return (
        f"{last}The first that does not: {failing.hop} ({failing.seen}). "
        f"That leaves {LEAVES[failing.hop]}; no rule knows this fault."
    )


def in_order(tried: Sequence[Tried]) -> list[Tried]:
    """Return hops in the order in which packets depend on each other; of one hop, those that work first."""
    order = list(LEAVES)
    return sorted(dict.fromkeys(tried), key=lambda each: (order.index(each.hop), not each.works, each.seen))


def tried_by(fact: Fact) -> Tried | None:
    """Return the hop that a fact is an attempt at, if it is one that was made."""
    found: Tried | None = None
    match fact:
        case DnsReach() if fact.service_result != "untried":
            found = hop(
                "name lookup", fact.service_result == "answers", fact.node, fact.cluster_ip, fact.service_result
            )
        case NodePair() if fact.tried and fact.layer == "underlay":
            lost = fact.lost_permille >= LOST_PERMILLE
            found = hop(
                "between the Nodes", not lost, fact.node, fact.peer, f"{fact.answered} of {fact.tried} answered"
            )
        case PodWay() if fact.from_own != "untried":
            pod = f"Pod {fact.namespace}/{fact.pod}"
            found = hop("Pod", fact.from_own == "answered", fact.node, pod, fact.from_own)
        case BackendConnect() if fact.result:
            found = hop("Pod's port", fact.result == "open", fact.node, f"{fact.pod}:{fact.port}", fact.result)
        case ServiceConnect() if fact.result != "untried":
            found = hop("Service address", fact.result == "open", fact.node, f"{fact.address}:{fact.port}", fact.result)
        case ClientConnect() if fact.result != "untried":
            seen = f"Pod {fact.namespace}/{fact.client} to {fact.address}:{fact.port}: {fact.result}"
            found = Tried(hop="from inside the client", works=fact.result == "open", seen=seen)
        case OutsideWay() if fact.result != "untried":
            works = fact.result in ANSWERED and fact.lost_permille < LOST_PERMILLE
            found = hop("host outside", works, fact.node, f"{fact.host}:{fact.port}", fact.result)
    return found


def hop(name: str, works: bool, node: str, to: str, result: str) -> Tried:
    """Return one attempt from a Node."""
    return Tried(hop=name, works=works, seen=f"Node {node} to {to}: {result}")
