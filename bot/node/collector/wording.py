"""What a rule of nftables is for, in words much as nft writes it. Pure. Numbers: linux/netfilter/nf_tables.h."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable

from .expressions import SetsOf
from .netfilter import big
from .netlink import attributes, word

NETWORK_HEADER, TRANSPORT_HEADER = 1, 2
IP = {0: "version", 1: "dscp", 2: "length", 4: "id", 6: "frag-off", 8: "ttl", 9: "protocol", 12: "saddr", 16: "daddr"}
IP6 = {4: "length", 6: "nexthdr", 7: "hoplimit", 8: "saddr", 24: "daddr"}
TRANSPORT = {(0, 1): "icmp type", (0, 2): "sport", (2, 2): "dport", (13, 1): "tcp flags"}
META = {
    0: "length",
    1: "protocol",
    3: "mark",
    6: "iifname",
    7: "oifname",
    10: "skuid",
    15: "nfproto",
    16: "l4proto",
    19: "pkttype",
}
CT = {0: "ct state", 1: "ct direction", 2: "ct status", 3: "ct mark"}
STATES = {1: "invalid", 2: "established", 4: "related", 8: "new", 64: "untracked"}
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"}
VERSIONS = {2: "ipv4", 10: "ipv6"}
OPERATORS = {1: "!= ", 2: "< ", 3: "<= ", 4: "> ", 5: ">= "}
OTHERS = {"limit": "rate limit", "connlimit": "ct count", "quota": "quota", "hash": "hash", "fib": "fib", "rt": "route"}
IPV6 = 10
MEMBERS_SHOWN = 4
WORD, IPV6_BYTES = 4, 16


class Words:
    """The conditions of one rule."""

    def __init__(self, family: int, sets: SetsOf) -> None:
        """Begin with none."""
        self.family, self.sets = family, sets
        self.found: list[str] = []
        self.loaded: dict[int, str] = {}

    def add(self, name: str, known: dict[int, bytes]) -> None:
        """Take one expression."""
        match name:
            case "payload":
                self.loaded[big(known.get(1, b""))] = self.field(*(big(known.get(key, b"")) for key in (2, 3, 4)))
            case "meta" | "ct":
                names = META if name == "meta" else CT
                self.loaded[big(known.get(1, b""))] = names.get(big(known.get(2, b"")), name)
            case "numgen":
                self.loaded[big(known.get(1, b""))] = f"random mod {big(known.get(2, b''))}"
            case "exthdr":
                self.loaded[big(known.get(1, b""))] = "extension header"
            case "bitwise":
                self.masked(known)
            case "cmp":
                field = self.loaded.get(big(known.get(1, b"")), "register")
                value = attributes(known.get(3, b"")).get(1, b"")
                operator = OPERATORS.get(big(known.get(2, b"")), "== " if "&" in field else "")
                # Of several states, nft asks whether any of them is set.
                states = field.startswith("ct state ") and operator == "!= " and not any(value)
                self.found.append(field if states else f"{field} {operator}{told(field, value)}")
            case "lookup":
                field = self.loaded.get(big(known.get(2, b"")), "register")
                self.found.append(f"{field} in {self.members(field, word(known.get(1, b'')))}")
            case "match":
                self.found.append(word(known.get(1, b"")))
            case _ if name in OTHERS:
                self.found.append(OTHERS[name])

    def members(self, field: str, name: str) -> str:
        """Return the name of a set with some of what it holds: ``hosts (10.231.0.11, 203.0.113.7)``."""
        elements = self.sets(name)
        keys = sorted(elements.values) if elements else []
        shown = ", ".join(told(field, key) for key in keys[:MEMBERS_SHOWN] if key)
        return f"{name} ({shown}{', ...' if len(keys) > MEMBERS_SHOWN else ''})" if shown else name

    def field(self, base: int, offset: int, length: int) -> str:
        """Return the name of a part of a header."""
        if base == TRANSPORT_HEADER:
            return TRANSPORT.get((offset, length), f"byte {offset} of the transport header")
        is_ip6 = self.family == IPV6 or (offset in (8, 24) and length > WORD)
        names, title = (IP6, "ip6") if is_ip6 else (IP, "ip")
        unnamed = f"byte {offset} of the {'network' if base == NETWORK_HEADER else 'link'} header"
        return f"{title} {names[offset]}" if base == NETWORK_HEADER and offset in names else unnamed

    def masked(self, known: dict[int, bytes]) -> None:
        """Take a bitwise expression."""
        mask = attributes(known.get(4, b"")).get(1, b"")
        field = self.loaded.get(big(known.get(1, b"")), "register")
        joined = "" if field == "ct state" else "& "
        whole = set(mask) == {0xFF}
        self.loaded[big(known.get(2, b""))] = field if whole else f"{field} {joined}{told(field, mask)}"


def in_words(parts: Iterable[tuple[str, dict[int, bytes]]], family: int, sets: SetsOf) -> str:
    """Return a rule's conditions: ``ip saddr 10.0.0.7, tcp dport 80``; empty for one that is for all packets."""
    words = Words(family, sets)
    for name, known in parts:
        words.add(name, known)
    return ", ".join(words.found)


def told(field: str, value: bytes) -> str:
    """Return a value as it is written for a field."""
    name = field.partition(" &")[0].rpartition(" ")[2]
    if name in ("saddr", "daddr"):
        return address(value, whole=IPV6_BYTES if field.startswith("ip6") or len(value) > WORD else WORD)
    if name == "state":
        states = int.from_bytes(value, sys.byteorder)
        return ",".join(text for bit, text in STATES.items() if states & bit) or "0"
    if name in ("iifname", "oifname"):
        return word(value.rstrip(b"\0"))
    if name in ("l4proto", "protocol", "nexthdr", "nfproto"):
        return (VERSIONS if name == "nfproto" else PROTOCOLS).get(big(value), f"0x{value.hex()}")
    if name in ("sport", "dport", "ttl", "hoplimit"):
        return str(big(value))
    # Others are compared as they are, or, where the order counts, in network byte order: such numbers are small.
    both = int.from_bytes(value, "big"), int.from_bytes(value, "little")
    return str(min(both)) if field.startswith("random") or field == "length" else f"0x{value.hex()}"


def address(value: bytes, *, whole: int) -> str:
    """Return an address, or a network of which only the first bytes are compared."""
    prefix = "" if len(value) >= whole else f"/{len(value) * 8}"
    return f"{ipaddress.ip_address(value.ljust(whole, bytes(1))[:whole])}{prefix}"
