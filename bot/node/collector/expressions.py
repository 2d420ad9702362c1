"""What a rule of nftables does with a packet: its expressions, worked out as far as the packet is known. Pure.

Registers hold four bytes each, or None where their content depends on what is not known: then a condition may or may
not hold. Numbers: linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from . import xt
from .netfilter import big
from .netlink import attributes, word
from .packet import Outcome, Packet, Verdict, here, place_of
from .proc import Problem

NAME, DATA = 1, 2
VALUE, VERDICT = 1, 2
CODE, CHAIN = 1, 2
# Attributes of the expressions: where to, the set's own, the ports of a translation.
LOOKUP_TO, NAT_ADDRESS, NAT_PORT = 3, 3, 5
REDIRECT_PORT = 1
CODES = {0: "drop", 1: "accept", -3: "jump", -4: "goto", -5: "return"}
NETWORK_HEADER, TRANSPORT_HEADER = 1, 2
# Where source and destination stand in an IP header; the destination's port in that of TCP and UDP.
SOURCE_AT, TO_AT, PORT_AT = {4: 12, 6: 8}, {4: 16, 6: 24}, 2
META_PROTOCOL, META_MARK, META_NFPROTO, META_L4PROTO = 1, 3, 15, 16
CT_STATE, NEW = 0, 8
ETHERTYPE, NFPROTO = {4: b"\x08\x00", 6: b"\x86\xdd"}, {4: b"\x02", 6: b"\x0a"}
EQUAL, DIFFERENT = 0, 1
INVERTED = 1
TO = 1
WORD = 4
REGISTERS = 20
# They count, log or mark and let the packet pass; whatever they load is not known.
PASSING = frozenset({"counter", "log", "notrack", "dynset", "objref", "last", "dup"})
ENDING = {"reject": "reject", "masq": "snat"} | dict.fromkeys(("queue", "tproxy", "synproxy"), "accept")
LOADING = frozenset({"numgen", "hash", "fib", "rt", "socket", "osf", "exthdr", "tunnel", "xfrm"})


class Elements(NamedTuple):
    """What a set or map holds."""

    key_length: int
    values: dict[bytes, bytes]


SetsOf: TypeAlias = Callable[[str], "Elements | None"]


class Rule:
    """One rule."""

    def __init__(self, expressions: list[bytes], sets: SetsOf) -> None:
        """Keep it as the kernel gave it; it is taken apart when a packet comes."""
        self._raw, self._sets = expressions, sets
        self._parts: list[tuple[str, dict[int, bytes]]] | None = None

    @property
    def parts(self) -> list[tuple[str, dict[int, bytes]]]:
        """The expressions: their names and attributes."""
        if self._parts is None:
            self._parts = []
            for content in self._raw:
                known = attributes(content)
                self._parts.append((word(known.get(NAME, b"")), attributes(known.get(DATA, b""))))
        return self._parts

    def outcomes(self, packet: Packet) -> list[Outcome]:
        """Return what the rule does with a packet."""
        return list(Run(packet, self._sets).through(self.parts))


class Run:
    """One packet in one rule."""

    def __init__(self, packet: Packet, sets: SetsOf) -> None:
        """Begin with empty registers."""
        self.packet, self.sets = packet, sets
        self.registers: list[bytes | None] = [None] * REGISTERS
        self.sure = True

    def through(self, parts: list[tuple[str, dict[int, bytes]]]) -> Iterator[Outcome]:
        """Yield what may happen, until a condition surely does not hold."""
        for name, known in parts:
            holds: bool | None = True
            if name == "immediate" and big(known.get(1, b"")) == 0:
                yield from self.ended(known.get(2, b""))
            elif name == "lookup" and LOOKUP_TO in known and big(known[LOOKUP_TO]) == 0:
                yield from self.mapped(known)
                return
            elif name == "nat":
                yield Outcome(self.translation(known), self.sure)
            elif name == "redir":
                yield Outcome(self.redirection(known), self.sure)
            elif name == "target":
                verdict = xt.verdict_of(word(known.get(1, b"")), big(known.get(2, b"")), known.get(3, b""))
                yield Outcome(verdict, self.sure)
            elif name in ENDING:
                yield Outcome(Verdict(ENDING[name]), self.sure)
            elif name in ("meta", "ct") and 3 + (name == "ct") in known:
                yield Outcome(Verdict("mark"), self.sure)
            else:
                holds = self.step(name, known)
            if holds is False:
                return
            self.sure = self.sure and holds is True

    def step(self, name: str, known: dict[int, bytes]) -> bool | None:
        """Do one expression that has no verdict; tell whether its condition holds."""
        match name:
            case "payload" | "meta" | "ct" | "immediate":
                self.load(big(known.get(1, b"")), self.value(name, known), big(known.get(4, b"")))
            case "bitwise":
                self.masked(known)
            case "byteorder":
                self.load(big(known.get(2, b"")), None, WORD)
            case "cmp":
                return self.compared(known)
            case "lookup":
                return self.looked_up(known)
            case "match":
                return xt.holds(word(known.get(1, b"")), known.get(3, b""), self.packet)
            case _ if name in LOADING:
                # Where to is attribute 1 of all of them but hash, which has it second.
                self.load(big(known.get(2 if name == "hash" else 1, b"")), None, WORD)
            case _:
                return True if name in PASSING else None
        return True

    def value(self, name: str, known: dict[int, bytes]) -> bytes | None:
        """Return what an expression loads; None: that is not known."""
        packet = self.packet
        if name == "immediate":
            return attributes(known.get(2, b"")).get(VALUE)
        if name == "payload":
            return self.header(big(known.get(2, b"")), big(known.get(3, b"")), big(known.get(4, b"")))
        key = big(known.get(2, b""))
        if name == "ct":
            return NEW.to_bytes(WORD, sys.byteorder) if key == CT_STATE else None
        return {
            META_PROTOCOL: ETHERTYPE[packet.version],
            META_NFPROTO: NFPROTO[packet.version],
            META_L4PROTO: bytes([packet.protocol]),
            META_MARK: None if packet.mark is None else packet.mark.to_bytes(WORD, sys.byteorder),
        }.get(key)

    def header(self, base: int, offset: int, length: int) -> bytes | None:
        """Return bytes of the packet's headers."""
        packet = self.packet
        if (base, offset, length) == (NETWORK_HEADER, TO_AT[packet.version], len(packet.to)):
            return packet.to
        if (base, offset) == (NETWORK_HEADER, TO_AT[packet.version]):
            # A network whose mask ends with a byte is compared so.
            return packet.to[:length] if length < len(packet.to) else None
        if (base, offset) == (NETWORK_HEADER, SOURCE_AT[packet.version]):
            return packet.source[:length] if packet.source and length <= len(packet.source) else None
        if (base, offset, length) == (TRANSPORT_HEADER, PORT_AT, 2):
            return packet.port.to_bytes(2, "big")
        return None

    def load(self, register: int, value: bytes | None, length: int) -> None:
        """Put a value into a register and those behind it; of one that is not known, only the length counts."""
        place, words = self.place(register), -(-(length if value is None else len(value)) // WORD) or 1
        words = min(words, REGISTERS)
        padded = None if value is None else value.ljust(words * WORD, b"\0")
        for step in range(words):
            if place + step < REGISTERS:
                self.registers[place + step] = None if padded is None else padded[step * WORD : (step + 1) * WORD]

    def held(self, register: int, length: int) -> bytes | None:
        """Return what a register and those behind it hold."""
        place = self.place(register)
        words = self.registers[place : place + -(-length // WORD)]
        known = [one for one in words if one is not None]
        return b"".join(known)[:length] if words and len(known) == len(words) else None

    @staticmethod
    def place(register: int) -> int:
        """Return where a register begins: numbers from 8 are of four bytes, those below of sixteen."""
        place = register * 4 if register < 8 else register - 4  # noqa: PLR2004 - NFT_REG32_00
        if not 0 <= place < REGISTERS:
            raise Problem("a rule names a register that there is not")
        return place

    def masked(self, known: dict[int, bytes]) -> None:
        """Do a bitwise expression: and, then exclusive or."""
        length = big(known.get(3, b""))
        value = self.held(big(known.get(1, b"")), length)
        mask, other = (attributes(known.get(number, b"")).get(VALUE, b"") for number in (4, 5))
        if value is not None and len(mask) == len(other) == length:
            value = bytes(one & two ^ three for one, two, three in zip(value, mask, other, strict=True))
        else:
            value = None
        self.load(big(known.get(2, b"")), value, length)

    def compared(self, known: dict[int, bytes]) -> bool | None:
        """Tell whether a comparison holds."""
        right = attributes(known.get(3, b"")).get(VALUE, b"")
        left = self.held(big(known.get(1, b"")), len(right))
        if left is None:
            return None
        operator = big(known.get(2, b""))
        if operator in (EQUAL, DIFFERENT):
            return (left == right) == (operator == EQUAL)
        return {2: left < right, 3: left <= right, 4: left > right, 5: left >= right}.get(operator)

    def looked_up(self, known: dict[int, bytes]) -> bool | None:
        """Tell whether a set holds what the registers hold."""
        elements = self.sets(word(known.get(1, b"")))
        key = self.held(big(known.get(2, b"")), elements.key_length) if elements else None
        if LOOKUP_TO in known:
            found = elements.values.get(key) if elements and key is not None else None
            self.load(big(known[LOOKUP_TO]), attributes(found).get(VALUE) if found else None, WORD)
            return None if elements is None or key is None else found is not None
        if elements is None or key is None:
            return None
        return (key in elements.values) != bool(big(known.get(5, b"")) & INVERTED)

    def mapped(self, known: dict[int, bytes]) -> Iterator[Outcome]:
        """Yield the verdict that a map gives, or all of them where the key is not known."""
        elements = self.sets(word(known.get(1, b"")))
        if elements is None:
            return
        key = self.held(big(known.get(2, b"")), elements.key_length)
        if key is not None:
            yield from self.ended(elements.values.get(key, b""))
            return
        self.sure = False
        for value in elements.values.values():
            yield from self.ended(value)

    def ended(self, data: bytes) -> Iterator[Outcome]:
        """Yield the verdict in an expression's data."""
        verdict = attributes(attributes(data).get(VERDICT, b""))
        if CODE in verdict:
            kind = CODES.get(int.from_bytes(verdict[CODE], "big", signed=True), "other")
            yield Outcome(Verdict(kind, word(verdict.get(CHAIN, b""))), self.sure)

    def redirection(self, known: dict[int, bytes]) -> Verdict:
        """Return which port of its own machine a packet is sent to."""
        port = self.held(big(known[REDIRECT_PORT]), 2) if REDIRECT_PORT in known else b""
        return (
            Verdict("dnat", here(self.packet.version, int.from_bytes(port, "big")))
            if port is not None
            else Verdict("dnat")
        )

    def translation(self, known: dict[int, bytes]) -> Verdict:
        """Return where a packet is sent to instead, or which source it gets."""
        if big(known.get(1, b"")) != TO:
            source = self.held(big(known[NAT_ADDRESS]), len(self.packet.to)) if NAT_ADDRESS in known else None
            return Verdict("snat", place_of(source, 0) if source else "")
        address: bytes | None = self.packet.to
        if NAT_ADDRESS in known:
            address = self.held(big(known[NAT_ADDRESS]), len(self.packet.to))
        port = self.held(big(known[NAT_PORT]), 2) if NAT_PORT in known else b""
        if address is None or port is None:
            return Verdict("dnat")
        return Verdict("dnat", place_of(address, int.from_bytes(port, "big")))
