"""The tables of iptables-legacy, read from the kernel by getsockopt. Needs NET_ADMIN and NET_RAW.

Only tables that exist are asked for: asking for another would make it. Layouts: linux/netfilter_ipv4/ip_tables.h,
linux/netfilter_ipv6/ip6_tables.h, linux/netfilter/x_tables.h.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from . import xt
from .netlink import word
from .packet import Outcome, Packet, Verdict
from .proc import Problem
from .read import name_of, text_of

GET_INFO, GET_ENTRIES = 64, 65
NAME_BYTES = 32
INFO = struct.Struct("=32sI5I5III")
HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
MAX_BYTES = 64 * 1024 * 1024
GOTO = 2
INVERTED_IN, INVERTED_OUT, INVERTED_SOURCE, INVERTED_TO, INVERTED_PROTOCOL = 1, 2, 8, 16, 64
COUNTERS = struct.Struct("=QQ")
PART = struct.Struct("=H29sB")
ALIGN = 8


class Layout(NamedTuple):
    """Where things are in an entry of one IP version."""

    family: int
    level: int
    names: str
    address: struct.Struct
    """Source, destination, their masks, the names of two interfaces and their masks, protocol."""
    flags_at: int
    size: int
    """Of the head of an entry; its offsets are the two numbers before the counters."""


V4 = Layout(socket.AF_INET, 0, "/proc/net/ip_tables_names", struct.Struct("=4s4s4s4s16s16s16s16sH"), 82, 112)
V6 = Layout(socket.AF_INET6, 41, "/proc/net/ip6_tables_names", struct.Struct("=16s16s16s16s16s16s16s16sH"), 131, 168)
OFFSETS = struct.Struct("=HH")
OFFSETS_AT = {4: 88, 6: 140}


def names(version: int) -> list[str]:
    """Return the tables that exist; none where the kernel has no iptables-legacy."""
    layout = V4 if version == 4 else V6  # noqa: PLR2004 - IP version
    try:
        return [line for line in text_of(layout.names).split("\n") if line]
    except Problem as problem:
        if str(problem).startswith("ENOENT"):
            return []
        raise


def asked(layout: Layout, option: int, content: bytes) -> bytes:
    """Return the kernel's answer to a question that stands in its own buffer."""
    buffer = ctypes.create_string_buffer(content, len(content))
    size = ctypes.c_uint(len(content))
    try:
        with socket.socket(layout.family, socket.SOCK_RAW, socket.IPPROTO_RAW) as kernel:
            failed = ctypes.CDLL(None, use_errno=True).getsockopt(
                kernel.fileno(), layout.level, option, buffer, ctypes.byref(size)
            )
    except OSError as problem:
        raise Problem(f"iptables: {name_of(problem)}") from None
    if failed:
        code = ctypes.get_errno()
        raise Problem(f"iptables: {name_of(OSError(code, os.strerror(code)))}")
    return buffer.raw[: size.value]


class Table:
    """One table, as it was when it was read."""

    @classmethod
    def read(cls, name: str, version: int) -> Table:
        """Return a table as it is now."""
        layout = V4 if version == 4 else V6  # noqa: PLR2004 - IP version
        title = name.encode().ljust(NAME_BYTES, b"\0")
        info = asked(layout, GET_INFO, title + bytes(INFO.size - NAME_BYTES))
        size = INFO.unpack(info)[13]
        if size > MAX_BYTES:
            raise Problem(f"the table is longer than {MAX_BYTES} bytes")
        # struct ipt_get_entries: the name, the size, and the entries where 8 divides.
        head = title + struct.pack("=II", size, 0)
        return cls(info, asked(layout, GET_ENTRIES, head + bytes(size))[len(head) :], version)

    def __init__(self, info: bytes, content: bytes, version: int) -> None:
        """Take apart what the kernel gave."""
        layout = V4 if version == 4 else V6  # noqa: PLR2004 - IP version
        _name, valid, *offsets = INFO.unpack(info)
        self.hooks = {
            hook: (offsets[number], offsets[number + len(HOOKS)])
            for number, hook in enumerate(HOOKS)
            if valid >> number & 1
        }
        self._parse(content, layout, version)

    def _parse(self, content: bytes, layout: Layout, version: int) -> None:
        self._entries: dict[int, Entry] = {}
        self._order: list[int] = []
        offset = 0
        while offset < len(content):
            entry = Entry.of(content, offset, layout, version)
            self._entries[offset] = entry
            self._order.append(offset)
            offset += entry.length
        self._places = {offset: place for place, offset in enumerate(self._order)}

    def rules(self, chain: str) -> list[Entry]:
        """Return the rules from an offset to the end of their chain; a chain's name here is where it begins."""
        start = self._places.get(int(chain))
        if start is None:
            raise Problem("a jump leads nowhere")
        return list(self._until_the_end(start))

    def _until_the_end(self, start: int) -> Iterator[Entry]:
        # A hook's chain ends with its policy, any other before the head of the next.
        ends = {underflow for _entry, underflow in self.hooks.values()}
        for offset in self._order[start:]:
            entry = self._entries[offset]
            if entry.target == "ERROR":
                return
            yield entry
            if offset in ends:
                return

    def name_of(self, chain: str) -> str:
        """Return a chain's own name: that of the hook, or what stands before its first rule."""
        offset = int(chain)
        for hook, (entry, _underflow) in self.hooks.items():
            if entry == offset:
                return hook.upper()
        place = self._places.get(offset, 0)
        before = self._entries[self._order[place - 1]] if place else None
        return before.label if before else chain

    def chains(self) -> list[str]:
        """Return the names of the chains that are no hook's."""
        return [entry.label for entry in self._entries.values() if entry.target == "ERROR" and entry.label != "ERROR"]

    def policy(self, hook: str) -> str:
        """Return what becomes of packets that no rule of a hook is for."""
        return self._entries[self.hooks[hook][1]].verdict.kind

    def count(self) -> int:
        """Return how many rules there are, without the policies and heads of chains."""
        return sum(entry.target != "ERROR" for entry in self._entries.values()) - len(self.chains()) - len(self.hooks)


class Entry(NamedTuple):
    """One rule."""

    length: int
    layout: Layout
    head: bytes
    matches: tuple[tuple[str, bytes], ...]
    target: str
    """Empty: a standard verdict."""
    revision: int
    info: bytes
    label: str
    """Of the head of a chain, its name."""

    @classmethod
    def of(cls, content: bytes, offset: int, layout: Layout, version: int) -> Entry:
        """Return the entry at an offset."""
        try:
            target_at, length = OFFSETS.unpack_from(content, offset + OFFSETS_AT[version])
            if not layout.size <= target_at < length <= len(content) - offset:
                raise Problem("an entry of a table has wrong offsets")
            matches, place = [], layout.size
            while place < target_at:
                size, name, _revision = PART.unpack_from(content, offset + place)
                if size < PART.size:
                    raise Problem("a match has a wrong length")
                matches.append(
                    (word(name.split(b"\0")[0]), content[offset + place + PART.size : offset + place + size])
                )
                place += size
            size, name, revision = PART.unpack_from(content, offset + target_at)
        except struct.error:
            raise Problem("a table is cut off") from None
        info = content[offset + target_at + PART.size : offset + target_at + size]
        title = word(name.split(b"\0")[0])
        label = word(info.split(b"\0")[0]) if title == "ERROR" else ""
        head = content[offset : offset + layout.size]
        return cls(length, layout, head, tuple(matches), title, revision, info, label)

    def outcomes(self, packet: Packet) -> list[Outcome]:
        """Return what the rule does with a packet."""
        sure = True
        for known in (self._addresses(packet), *(xt.holds(name, info, packet) for name, info in self.matches)):
            if known is False:
                return []
            sure = sure and known is True
        return [Outcome(self.verdict, sure)]

    @property
    def verdict(self) -> Verdict:
        """What it does."""
        if self.target:
            return xt.verdict_of(self.target, self.revision, self.info)
        code = int.from_bytes(self.info[:4], "little" if struct.pack("=H", 1) == b"\1\0" else "big", signed=True)
        if code >= 0:
            return Verdict("goto" if self.head[self.layout.flags_at] & GOTO else "jump", str(code))
        return xt.VERDICTS.get(code, Verdict("other", str(code)))

    @property
    def packets(self) -> int:
        """How many it was for; the last numbers of the head of an entry are its counters."""
        return int(COUNTERS.unpack_from(self.head, self.layout.size - COUNTERS.size)[0])

    def words(self) -> str:
        """What it is for: ``saddr 10.0.0.7/255.255.255.255, protocol 6, statistic``; empty where for all packets."""
        source, to, source_mask, to_mask, *_devices, protocol = self.layout.address.unpack_from(self.head)
        ends = (("saddr", source, source_mask), ("daddr", to, to_mask))
        found = [f"{name} {shown(address)}/{shown(mask)}" for name, address, mask in ends if any(mask)]
        found += [f"protocol {protocol}"] if protocol else []
        return ", ".join([*found, *(name for name, _info in self.matches)])

    def _addresses(self, packet: Packet) -> bool | None:
        source, to, source_mask, to_mask, *devices, protocol = self.layout.address.unpack_from(self.head)
        inverted = self.head[self.layout.flags_at + 1]
        if masked(packet.to, to_mask) != to and not inverted & INVERTED_TO:
            return False
        if masked(packet.to, to_mask) == to and inverted & INVERTED_TO:
            return False
        if protocol and (protocol == packet.protocol) == bool(inverted & INVERTED_PROTOCOL):
            return False
        if packet.source and any(source_mask):
            if (masked(packet.source, source_mask) == source) == bool(inverted & INVERTED_SOURCE):
                return False
        elif any(source_mask):
            return None
        # The packet's interfaces are not known.
        return None if any(devices[0]) or any(devices[1]) else True


def shown(address: bytes) -> str:
    """Return an address as text."""
    return str(ipaddress.ip_address(address))


def masked(address: bytes, mask: bytes) -> bytes:
    """Return the part of an address that a mask leaves."""
    return bytes(one & other for one, other in zip(address, mask, strict=True))
