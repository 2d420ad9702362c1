"""Sockets of this network namespace: who is connected, and which ports wait for somebody.

Read as text, since the kernel answers questions about UDP sockets only with a module that may not be loaded.
"""

from __future__ import annotations

import ipaddress
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypeAlias

from .proc import Problem, lines_of, shown
from .read import Json, text_of

ROOT = "/proc/self/net"
MOST = 500
# net/tcp_states.h. Connections that are not made yet, or were never made, are no connections.
DIALLING, LISTEN = 0x02, 0x0A
# A connect that nobody answers stays for as long as its program waits, a second or more as a rule.
LOOKS, PAUSE_SECONDS = 5, 0.25
MADE = frozenset({0x01, 0x04, 0x05, 0x06, 0x08, 0x09, 0x0B})
COLUMNS = 4  # number, local and remote address, state
PORT_DIGITS = 4

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"


class Socket(NamedTuple):
    """One socket."""

    ip: Address
    port: int
    peer: Address
    peer_port: int
    state: int


def sockets() -> Json:
    """Return the ports that wait for others, who is connected to them by TCP, and whom this side calls in vain."""
    looks = []
    for turn in range(LOOKS):
        time.sleep(PAUSE_SECONDS if turn else 0)
        looks.append([each for name in ("tcp", "tcp6") for each in read(name)])
    udp = [each for name in ("udp", "udp6") for each in read(name)]
    return found(looks[-1], udp, looks)


def found(tcp: list[Socket], udp: list[Socket], looks: Iterable[list[Socket]] = ()) -> Json:
    """Return the same of sockets, and of several looks at those of TCP; what stays inside the namespace is left out."""
    called = Counter(
        place
        for look in looks
        for place in {(str(each.peer), each.peer_port) for each in look if each.state == DIALLING}
    )
    waits = {("tcp", each.port) for each in tcp if each.state == LISTEN and not each.ip.is_loopback}
    waits |= {("udp", each.port) for each in udp if not each.peer_port and not each.ip.is_loopback}
    made = {
        (str(each.peer), each.port)
        for each in tcp
        if each.state in MADE and ("tcp", each.port) in waits and each.peer != each.ip and not each.peer.is_loopback
    }
    listening, accepted = sorted(waits), sorted(made)
    return {
        "listening": [{"protocol": protocol, "port": port} for protocol, port in listening[:MOST]],
        "accepted": [{"peer": peer, "port": port} for peer, port in accepted[:MOST]],
        "dialling": [
            {"peer": peer, "port": port, "looks": times} for (peer, port), times in sorted(called.items())[:MOST]
        ],
        "more": max(0, len(listening) - MOST) + max(0, len(accepted) - MOST),
    }


def read(name: str) -> list[Socket]:
    """Return the sockets of a file; a kernel without IPv6 has half of them."""
    path = f"{ROOT}/{name}"
    return sockets_of(text_of(path)) if not name.endswith("6") or Path(path).exists() else []


def sockets_of(text: str) -> list[Socket]:
    """Return the sockets of a text: ``0: 0100007F:0035 00000000:0000 0A ...``, below a heading."""
    return [socket_of(line) for line in lines_of(text)[1:]]


def socket_of(line: str) -> Socket:
    """Return the socket of a line."""
    words = line.split()
    if len(words) < COLUMNS:
        raise Problem(f"not a socket: {shown(line)}")
    (ip, port), (peer, peer_port) = place(words[1]), place(words[2])
    return Socket(ip=ip, port=port, peer=peer, peer_port=peer_port, state=digits(words[3], 2))


def place(word: str) -> tuple[Address, int]:
    """Return address and port of ``0100007F:0035``: words of four bytes as they lie in memory."""
    text, _, port = word.partition(":")
    if len(text) not in (8, 32):
        raise Problem(f"not an address: {shown(word)}")
    packed = b"".join(digits(text[at : at + 8], 8).to_bytes(4, sys.byteorder) for at in range(0, len(text), 8))
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address, digits(port, PORT_DIGITS)


def digits(word: str, length: int) -> int:
    """Return a hexadecimal number of so many digits."""
    if len(word) != length or not set(word) <= set("0123456789ABCDEF"):
        raise Problem(f"not a hexadecimal number: {shown(word)}")
    return int(word, 16)
