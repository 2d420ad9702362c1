"""Where a Node's rules send the first packet of a connection: iptables of both kinds, nftables and IPVS together."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from . import ipvs, legacy, netlink, nft, rights
from .packet import Packet, followed, wanted
from .proc import Problem
from .read import Json
from .walk import LONGEST_SECONDS, Step, Table, Walk

MAX_PACKETS = 32
MAX_PLACES = 256
# The rules are read again where they changed meanwhile.
TRIES = 3
# Chains that a packet meets, by where it comes from and goes to: those that translate it, and those that let it pass.
FORWARDED = ("prerouting",), ("prerouting", "forward")
SENT = ("output",), ("output", "postrouting")
RECEIVED = ("prerouting",), ("prerouting", "input")


class Way(NamedTuple):
    """A chain that a packet comes to by itself."""

    table: Table
    title: str
    chain: str
    hook: str
    type: str
    policy: str
    version: int
    """4, 6, or 0 for both."""
    priority: int


def translate(texts: list[str], *, inside: bool = False) -> dict[str, Json]:
    """Return, by the packets' texts, where each is sent and what else becomes of it.

    On a Node, a packet that is forwarded; ``inside`` a Pod, one that the Pod sends, or gets where it has the address.
    A packet may have its source before it: ``10.244.1.7,tcp/192.0.2.1:443``.
    """
    known = ipvs.table()
    own = {str(one["ip"]) for one in netlink.addresses()} if inside else set()
    if rights.tier() < 2:  # noqa: PLR2004 - tier
        return by_ipvs(texts, known)

    def one(text: str, found: list[Way], deadline: float) -> Json:
        packet = followed(text)
        hooks = (RECEIVED if str(ipaddress.ip_address(packet.to)) in own else SENT) if inside else FORWARDED
        return fate(packet, found, known, deadline, hooks=hooks)

    return steadily(texts, one)


def steadily(texts: list[str], look: Callable[[str, list[Way], float], Json]) -> dict[str, Json]:
    """Return what a look at the rules gives for each text, taken again where they changed meanwhile.

    Raises:
        Problem: They change all the time.
    """
    for _ in range(TRIES):
        before = nft.generation()
        deadline = time.monotonic() + LONGEST_SECONDS
        found = list(ways())
        answers = {text: look(text, found, deadline) for text in texts}
        if nft.generation() == before:
            return answers
    raise Problem("the rules change faster than they can be read")


def by_ipvs(texts: list[str], known: dict[tuple[int, bytes, int], list[str]]) -> dict[str, Json]:
    """Return what IPVS alone does; without it, the rules have to be read."""
    if not known:
        rights.must_reach(2)
    found = {text: ipvs.behind(wanted(text.rpartition(",")[2]), known) for text in texts}
    return {
        text: {"by": "ipvs" if places is not None else "", "to": (places or [])[:MAX_PLACES], "more": 0}
        for text, places in found.items()
    }


def ways() -> Iterator[Way]:
    """Yield the chains of all tables, in the order in which packets meet them."""
    found = list(nft_ways())
    for version in (4, 6):
        for name in legacy.names(version):
            table = legacy.Table.read(name, version)
            for hook, (entry, _policy) in table.hooks.items():
                title = f"iptables-legacy {name}" if version == 4 else f"ip6tables-legacy {name}"  # noqa: PLR2004
                found.append(Way(table, title, str(entry), hook, name, "", version, 0))
    yield from sorted(found, key=lambda way: way.priority)


def nft_ways() -> Iterator[Way]:
    """Yield those of nftables."""
    tables: dict[tuple[int, str], nft.Table] = {}
    for chain in nft.chains():
        table = tables.setdefault((chain.family, chain.table), nft.Table(chain.family, chain.table))
        if chain.hook:
            version = {1: 0, 2: 4, 10: 6}[chain.family]
            title = f"nftables {nft.FAMILIES[chain.family]} {chain.table}"
            yield Way(table, title, chain.name, chain.hook, chain.type, chain.policy, version, chain.priority)


def fate(
    packet: Packet,
    known: Iterable[Way],
    servers: dict[tuple[int, bytes, int], list[str]],
    deadline: float,
    *,
    hooks: tuple[tuple[str, ...], tuple[str, ...]],
) -> Json:
    """Return what becomes of one packet."""
    met = [way for way in known if way.version in (0, packet.version)]
    translating, filtering = hooks
    by, places = "", ipvs.behind(packet, servers)
    if places is not None:
        by = "ipvs"
    for way in (way for way in met if way.type == "nat" and way.hook in translating and places is None):
        walk = Walk(way.table, packet, deadline)
        walk.through(way.chain)
        packet = packet._replace(mark=walk.packet.mark)
        if sent := [step.verdict.to for step in walk.steps if step.verdict.kind == "dnat"]:
            by, places = way.title, sent
    answer: dict[str, Json] = {"by": by, "to": list(dict.fromkeys(places or ()))[:MAX_PLACES]}
    answer["more"] = max(0, len(set(places or ())) - MAX_PLACES)
    if places is None and (stop := stopped(packet, met, filtering, deadline)):
        answer |= stop
    return answer


def stopped(packet: Packet, met: Iterable[Way], hooks: tuple[str, ...], deadline: float) -> dict[str, Json]:
    """Return which rule surely refuses or drops a packet that keeps its address; nothing where none does."""
    for way in met:
        if way.type == "nat" or way.hook not in hooks:
            continue
        walk = Walk(way.table, packet, deadline)
        ended = walk.through(way.chain)
        last = walk.steps[-1] if walk.steps else None
        if ended and last and last.verdict.kind in ("drop", "reject"):
            if all(step.verdict.kind in ("drop", "reject") for step in walk.steps):
                return {"stopped": last.verdict.kind, "where": f"{way.title} {chain_name(way, last)}"[:200]}
        elif not ended and way.policy == "drop" and not walk.steps:
            return {"stopped": "drop", "where": f"{way.title} {way.chain} (policy)"[:200]}
    return {}


def chain_name(way: Way, step: Step) -> str:
    """Return the chain's own name."""
    return way.table.name_of(step.chain) if isinstance(way.table, legacy.Table) else step.chain
