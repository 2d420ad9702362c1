"""Connections to an address as the kernel tracks them, asked by netlink. Needs NET_ADMIN.

The kernel is asked for those alone (Linux 5.8 and newer; an older one gives all, which are sorted out here). Numbers:
linux/netfilter/nfnetlink_conntrack.h, nf_conntrack_common.h.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterable

from . import rights
from .connect import host
from .netfilter import ask, attribute, big
from .netlink import attributes, ip
from .packet import Packet, wanted
from .read import Json

GET = 1 << 8 | 1
ORIGINAL, REPLY, STATUS, PROTOCOL_INFO, TIMEOUT, FILTER = 1, 2, 3, 4, 7, 25
ADDRESSES, PORTS = 1, 2
SOURCE, TO = {4: 1, 6: 3}, {4: 2, 6: 4}
PROTOCOL, SOURCE_PORT, TO_PORT = 1, 2, 3
# CTA_FILTER_F_CTA_IP_DST, _PROTO_NUM and _PROTO_DST_PORT of the original direction.
FILTER_ORIGINAL, BY_ADDRESS_AND_PORT = 1, 1 << 1 | 1 << 3 | 1 << 5
# CTA_FILTER_F_CTA_IP_SRC of the reply's direction.
FILTER_REPLY, BY_WHO_ANSWERS = 2, 1 << 0
SEEN_REPLY, ASSURED = 1 << 1, 1 << 2
# CTA_PROTOINFO_TCP, CTA_PROTOINFO_TCP_STATE, TCP_CONNTRACK_ESTABLISHED, TCP_CONNTRACK_TIME_WAIT.
INFO_TCP, TCP_STATE, ESTABLISHED, TIME_WAIT = 1, 1, 3, 7
MAX_PACKETS = 16
MOST = 200
PROTOCOLS = {6: "tcp", 17: "udp", 132: "sctp"}


def entries(texts: list[str]) -> dict[str, Json]:
    """Return, by ``udp/192.0.2.1:53``, the connections that were made to it, at most 200 of each."""
    rights.must_reach(2)
    return {text: found(wanted(text)) for text in texts}


def found(packet: Packet) -> Json:
    """Return the connections to one address."""
    family = socket.AF_INET if packet.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IP version
    original = attribute(ADDRESSES, attribute(TO[packet.version], packet.to), nested=True) + attribute(
        PORTS,
        attribute(PROTOCOL, bytes([packet.protocol])) + attribute(TO_PORT, packet.port.to_bytes(2, "big")),
        nested=True,
    )
    only = attribute(FILTER_ORIGINAL, struct.pack("=I", BY_ADDRESS_AND_PORT))
    question = attribute(ORIGINAL, original, nested=True) + attribute(FILTER, only, nested=True)
    seen = chosen(ask(GET, family=family, attributes=question), packet)
    return {"entries": seen[:MOST], "more": max(0, len(seen) - MOST)}


def chosen(messages: Iterable[bytes], packet: Packet) -> list[dict[str, Json]]:
    """Return the connections of the kernel's answer that were made to a packet's address."""
    seen = []
    for content in messages:
        known = attributes(content)
        original = attributes(known.get(ORIGINAL, b""))
        ports = attributes(original.get(PORTS, b""))
        if attributes(original.get(ADDRESSES, b"")).get(TO[packet.version]) != packet.to:
            continue
        if (big(ports.get(PROTOCOL, b"")), big(ports.get(TO_PORT, b""))) != (packet.protocol, packet.port):
            continue
        seen.append(entry(known, packet.version))
    return seen


def entry(known: dict[int, bytes], version: int) -> dict[str, Json]:
    """Return one connection: who asks, and who is meant to answer."""
    original, reply = (attributes(known.get(number, b"")) for number in (ORIGINAL, REPLY))
    status = big(known.get(STATUS, b""))
    return {
        "source": ip(attributes(original.get(ADDRESSES, b"")).get(SOURCE[version], b"")),
        "source_port": big(attributes(original.get(PORTS, b"")).get(SOURCE_PORT, b"")),
        "answers": ip(attributes(reply.get(ADDRESSES, b"")).get(SOURCE[version], b"")),
        "answers_port": big(attributes(reply.get(PORTS, b"")).get(SOURCE_PORT, b"")),
        "seconds": big(known.get(TIMEOUT, b"")),
        "replied": bool(status & SEEN_REPLY),
        "assured": bool(status & ASSURED),
    }


def flows(texts: list[str]) -> dict[str, Json]:
    """Return, by address, what connects to it after translation, at most 200 kinds of connections to each."""
    rights.must_reach(2)
    return {text: flows_to(ipaddress.ip_address(host(text)).packed) for text in texts}


def flows_to(address: bytes) -> Json:
    """Return the connections that one address answers, those alike as one."""
    version, family = (4, socket.AF_INET) if len(address) == 4 else (6, socket.AF_INET6)  # noqa: PLR2004 - IPv4
    reply = attribute(ADDRESSES, attribute(SOURCE[version], address), nested=True)
    only = attribute(FILTER_REPLY, struct.pack("=I", BY_WHO_ANSWERS))
    question = attribute(REPLY, reply, nested=True) + attribute(FILTER, only, nested=True)
    seen = answered_by(ask(GET, family=family, attributes=question), address)
    return {"flows": seen[:MOST], "more": max(0, len(seen) - MOST)}


def answered_by(messages: Iterable[bytes], address: bytes) -> list[dict[str, Json]]:
    """Return the connections of the kernel's answer that an address answers, by who asks and how."""
    version = 4 if len(address) == 4 else 6  # noqa: PLR2004 - bytes of an IPv4 address
    alike: dict[tuple[str, str, str, int], list[tuple[int, int, int]]] = {}
    for content in messages:
        known = attributes(content)
        original, reply = (attributes(known.get(number, b"")) for number in (ORIGINAL, REPLY))
        answers, ports = attributes(reply.get(ADDRESSES, b"")), attributes(reply.get(PORTS, b""))
        protocol = PROTOCOLS.get(big(ports.get(PROTOCOL, b"")))
        if answers.get(SOURCE[version]) != address or protocol is None:
            continue
        source = ip(attributes(original.get(ADDRESSES, b"")).get(SOURCE[version], b""))
        key = (protocol, source, ip(answers.get(TO[version], b"")), big(ports.get(SOURCE_PORT, b"")))
        told = (big(known.get(STATUS, b"")), tcp_state(known), big(known.get(TIMEOUT, b"")))
        alike.setdefault(key, []).append(told)
    return [flow(*key, alike[key]) for key in sorted(alike)]


def tcp_state(known: dict[int, bytes]) -> int:
    """Return the state of a connection of TCP; 0 for others."""
    info = attributes(attributes(known.get(PROTOCOL_INFO, b"")).get(INFO_TCP, b""))
    return big(info.get(TCP_STATE, b""))


def flow(protocol: str, source: str, seen: str, port: int, told: list[tuple[int, int, int]]) -> dict[str, Json]:
    """Return connections that are alike: status, state, and seconds until it is forgotten, of each."""
    return {
        "protocol": protocol,
        "source": source,
        "seen": seen,
        "port": port,
        "replied": any(status & SEEN_REPLY for status, _, _ in told),
        "assured": any(status & ASSURED for status, _, _ in told),
        "open": any(state == ESTABLISHED for _, state, _ in told),
        "ended": min((seconds for _, state, seconds in told if state == TIME_WAIT), default=0),
    }
