"""Rules that drop packets now: those whose counters grow between two looks, and what they are for.

iptables counts at every rule, nftables where a rule says ``counter``; one that does not is not seen here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from . import legacy, nft, rights
from .expressions import Rule
from .netfilter import Ask, ask, big, each
from .netlink import attributes, word
from .read import Json
from .wording import in_words

MAX_SECONDS = 10
MOST = 20
WORDS_LENGTH = 200
# Before a look at a rule costs something: a verdict to drop (code 0), or a refusal.
DROP, REJECT = b"\x08\x00\x01\x00\x00\x00\x00\x00", b"\x0b\x00\x01\x00reject\0"
COUNTER_PACKETS = 2
STOPPING = ("drop", "reject")


class Place(NamedTuple):
    """Where a rule stands."""

    title: str
    """Of the table: ``nftables ip filter``, ``iptables-legacy filter``."""
    chain: str
    number: int
    """Its handle, or its offset in the table."""


class Drop(NamedTuple):
    """A rule that drops or refuses what it is for."""

    verdict: str
    packets: int
    words: Callable[[], str]
    """What it is for; sets may be long, so they are read of those rules alone that are told of."""
    hooks: tuple[str, ...]
    """From which its chain can be reached."""


def drops(seconds: int) -> dict[str, Json]:
    """Return the rules that dropped or refused packets within so many seconds, those with the most first.

    Raises:
        Problem: The tables cannot be read.
    """
    rights.must_reach(2)
    started = time.monotonic()
    before = {place: drop.packets for place, drop in stopping()}
    time.sleep(seconds)
    window = time.monotonic() - started
    after = {place: drop for place, drop in stopping() if drop.packets > before.get(place, drop.packets)}
    found = sorted(after.items(), key=lambda item: before[item[0]] - item[1].packets)
    rules: list[Json] = [
        {
            "table": place.title[:100],
            "chain": place.chain[:100],
            "verdict": drop.verdict,
            "packets": drop.packets - before[place],
            "words": drop.words()[:WORDS_LENGTH] or "all packets",
            "hooks": list(drop.hooks),
        }
        for place, drop in found[:MOST]
    ]
    return {"window_ms": round(window * 1000), "rules": rules, "more": max(0, len(found) - MOST)}


def stopping() -> Iterator[tuple[Place, Drop]]:
    """Yield the rules that drop or refuse and count, of all tables."""
    yield from of_nftables()
    for version, title in ((4, "iptables-legacy"), (6, "ip6tables-legacy")):
        for name in legacy.names(version):
            yield from of_legacy(legacy.Table.read(name, version), f"{title} {name}")


def of_nftables(ask: Ask = ask) -> Iterator[tuple[Place, Drop]]:
    """Yield those of nftables, also those that iptables-nft put there."""
    bases = {(chain.family, chain.table, chain.name): chain.hook for chain in nft.chains(ask) if chain.hook}
    for family, title in nft.FAMILIES.items():
        rules = list(ask(nft.GETRULE, family=family))
        for content in rules:
            if DROP not in content and REJECT not in content and b"REJECT\0" not in content:
                continue
            known = attributes(content)
            table, chain = (word(known.get(number, b"")) for number in (nft.RULE_TABLE, nft.RULE_CHAIN))
            parts = Rule(list(each(known.get(nft.RULE_EXPRESSIONS, b""))), lambda _: None).parts
            verdict, packets = stops(parts), counted(parts)
            if verdict and packets is not None:
                place = Place(f"nftables {title} {table}", chain, big(known.get(nft.RULE_HANDLE, b"")))
                hooks = hooks_of(family, table, chain, rules, bases)
                words = partial(in_words, parts, family, nft.Table(family, table, ask).elements)
                yield place, Drop(verdict, packets, words, hooks)


def stops(parts: Iterable[tuple[str, dict[int, bytes]]]) -> str:
    """Return ``drop`` or ``reject`` for a rule that does so, else an empty text."""
    for name, known in parts:
        if name == "reject" or (name == "target" and word(known.get(1, b"")) == "REJECT"):
            return "reject"
        if name == "immediate" and DROP in known.get(2, b""):
            return "drop"
    return ""


def counted(parts: Iterable[tuple[str, dict[int, bytes]]]) -> int | None:
    """Return the packets that a rule counted; None where it does not count."""
    return next((big(known.get(COUNTER_PACKETS, b"")) for name, known in parts if name == "counter"), None)


def hooks_of(
    family: int, table: str, chain: str, rules: Iterable[bytes], bases: dict[tuple[int, str, str], str]
) -> tuple[str, ...]:
    """Return the hooks from which a chain is reached, by the rules that name it."""
    found, seen, waiting = set(), {chain}, [chain]
    while waiting:
        name = waiting.pop()
        if (family, table, name) in bases:
            found.add(bases[family, table, name])
        for content in rules:
            if name.encode() + b"\0" not in content:
                continue
            known = attributes(content)
            where = word(known.get(nft.RULE_CHAIN, b""))
            if word(known.get(nft.RULE_TABLE, b"")) == table and where not in seen:
                seen.add(where)
                waiting.append(where)
    return tuple(hook for hook in nft.HOOKS if hook in found)


def of_legacy(table: legacy.Table, title: str) -> Iterator[tuple[Place, Drop]]:
    """Yield those of one table of iptables-legacy."""
    reached: dict[str, set[str]] = {}
    for hook, (entry, _underflow) in table.hooks.items():
        for chain in chains_from(table, str(entry)):
            reached.setdefault(chain, set()).add(hook)
    for chain, hooks in reached.items():
        for number, entry in enumerate(table.rules(chain)):
            if entry.verdict.kind in STOPPING:
                place = Place(title, table.name_of(chain), number)
                ordered = tuple(hook for hook in legacy.HOOKS if hook in hooks)
                yield place, Drop(entry.verdict.kind, entry.packets, entry.words, ordered)


def chains_from(table: legacy.Table, start: str) -> list[str]:
    """Return a chain and all that it leads to."""
    found = [start]
    for chain in found:
        for entry in table.rules(chain):
            if entry.verdict.kind in ("jump", "goto") and entry.verdict.to not in found:
                found.append(entry.verdict.to)
    return found
