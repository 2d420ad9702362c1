"""The rules of nftables, also those that iptables-nft put there, asked of the kernel by netlink. Needs NET_ADMIN.

Chains and sets are read when a packet comes to them. Numbers: linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

from typing import NamedTuple

from .expressions import Elements, Rule
from .netfilter import Ask, ask, big, each, text
from .netlink import attributes, word

SUBSYSTEM = 10 << 8
GETCHAIN, GETRULE, GETSET, GETSETELEM, GETGEN = (SUBSYSTEM | number for number in (4, 7, 10, 13, 16))
CHAIN_TABLE, CHAIN_NAME, CHAIN_HOOK, CHAIN_POLICY, CHAIN_TYPE = 1, 3, 4, 5, 7
HOOK_NUMBER, HOOK_PRIORITY = 1, 2
RULE_TABLE, RULE_CHAIN, RULE_HANDLE, RULE_EXPRESSIONS = 1, 2, 3, 4
SET_TABLE, SET_NAME, SET_FLAGS, SET_KEY_LENGTH = 1, 2, 3, 5
LIST_TABLE, LIST_SET, LIST_ELEMENTS = 1, 2, 3
ELEMENT_KEY, ELEMENT_DATA = 1, 2
INTERVAL = 4
FAMILIES = {1: "inet", 2: "ip", 10: "ip6"}
HOOKS = ("prerouting", "input", "forward", "output", "postrouting")


class Chain(NamedTuple):
    """One chain."""

    family: int
    table: str
    name: str
    hook: str
    """Empty for a chain that is only jumped to."""
    priority: int
    type: str
    policy: str


def chains(ask: Ask = ask) -> list[Chain]:
    """Return the chains of all tables that IP packets meet."""
    found = []
    for family in FAMILIES:
        for content in ask(GETCHAIN, family=family):
            known = attributes(content)
            hook = attributes(known.get(CHAIN_HOOK, b""))
            number = big(hook[HOOK_NUMBER]) if HOOK_NUMBER in hook else len(HOOKS)
            found.append(
                Chain(
                    family=family,
                    table=word(known.get(CHAIN_TABLE, b"")),
                    name=word(known.get(CHAIN_NAME, b"")),
                    hook=HOOKS[number] if number < len(HOOKS) else "",
                    priority=int.from_bytes(hook.get(HOOK_PRIORITY, b""), "big", signed=True),
                    type=word(known.get(CHAIN_TYPE, b"")),
                    policy="drop" if CHAIN_POLICY in known and big(known[CHAIN_POLICY]) == 0 else "accept",
                )
            )
    return found


def generation() -> int:
    """Return a number that changes with every change of the rules."""
    return next((big(attributes(content).get(1, b"")) for content in ask(GETGEN, dump=False)), 0)


def counts() -> dict[tuple[int, str], int]:
    """Return how many rules each table has, by family and name."""
    found: dict[tuple[int, str], int] = {}
    for family in FAMILIES:
        for content in ask(GETRULE, family=family):
            key = family, word(attributes(content).get(RULE_TABLE, b""))
            found[key] = found.get(key, 0) + 1
    return found


class Table:
    """One table; each chain and set of it is read once."""

    def __init__(self, family: int, name: str, ask: Ask = ask) -> None:
        """Read nothing yet."""
        self.family, self.name, self._ask = family, name, ask
        self._rules: dict[str, list[Rule]] = {}
        self._sets: dict[str, Elements | None] = {}

    def rules(self, chain: str) -> list[Rule]:
        """Return the rules of a chain, in order."""
        if chain not in self._rules:
            wanted = text(RULE_TABLE, self.name) + text(RULE_CHAIN, chain)
            found = []
            for content in self._ask(GETRULE, family=self.family, attributes=wanted):
                known = attributes(content)
                # An older kernel gives the rules of all chains.
                if word(known.get(RULE_TABLE, b"")) == self.name and word(known.get(RULE_CHAIN, b"")) == chain:
                    found.append(Rule(list(each(known.get(RULE_EXPRESSIONS, b""))), self.elements))
            self._rules[chain] = found
        return self._rules[chain]

    def elements(self, name: str) -> Elements | None:
        """Return the elements of a set or map, or None of one whose elements are ranges."""
        if name not in self._sets:
            wanted = text(SET_TABLE, self.name) + text(SET_NAME, name)
            about = attributes(next(self._ask(GETSET, family=self.family, attributes=wanted, dump=False), b""))
            ranges = big(about.get(SET_FLAGS, b"")) & INTERVAL
            self._sets[name] = None if ranges else self._read(name, big(about.get(SET_KEY_LENGTH, b"")))
        return self._sets[name]

    def _read(self, name: str, key_length: int) -> Elements:
        wanted = text(LIST_TABLE, self.name) + text(LIST_SET, name)
        found: dict[bytes, bytes] = {}
        for content in self._ask(GETSETELEM, family=self.family, attributes=wanted):
            for element in each(attributes(content).get(LIST_ELEMENTS, b"")):
                known = attributes(element)
                found[attributes(known.get(ELEMENT_KEY, b"")).get(1, b"")] = known.get(ELEMENT_DATA, b"")
        return Elements(key_length, found)
