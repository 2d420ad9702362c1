"""Matches and targets of iptables as the kernel keeps them, in legacy tables and where iptables-nft put them. Pure.

Layouts: linux/netfilter/x_tables.h, xt_tcpudp.h, xt_conntrack.h, xt_mark.h, nf_nat.h.
"""

from __future__ import annotations

import struct

from .packet import Packet, Verdict, here, place_of
from .proc import Problem

TCP, UDP = struct.Struct("=4HBBBB"), struct.Struct("=4HB")
PORTS = {"tcp": TCP, "udp": UDP}
INVERTED_SOURCE_PORT, INVERTED_PORT = 1, 2
ALL_PORTS = (0, 65535)
# struct xt_conntrack_mtinfo2 and 3: what is matched, what is inverted, which states.
CONNTRACK, CONNTRACK_AT = struct.Struct("=3H"), 146
STATE = 1
# XT_CONNTRACK_STATE_BIT: INVALID, ESTABLISHED and RELATED; NEW.
OTHER_STATES, NEW = 0b111, 0b1000
MARK = struct.Struct("=IIB")
DROP, ACCEPT, RETURN = -1, -2, -5
VERDICTS = {DROP: Verdict("drop"), ACCEPT: Verdict("accept"), RETURN: Verdict("return")}
NAT_WITH_PORTS = 2
# struct nf_nat_ipv4_multi_range_compat of revision 0; struct nf_nat_range and nf_nat_range2 of later ones.
NAT_IPV4, NAT = struct.Struct("=II4s4s2s2s"), struct.Struct("=I16s16s2s2s")
# Targets whose options say nothing more: that refuse, mark, give another source, or end the way through the table.
PLAIN = {"REJECT": Verdict("reject"), "MARK": Verdict("mark"), "CONNMARK": Verdict("mark")}
PLAIN |= dict.fromkeys(("MASQUERADE", "NETMAP"), Verdict("snat"))
PLAIN |= dict.fromkeys(("QUEUE", "NFQUEUE", "TPROXY", "SYNPROXY"), Verdict("accept"))


def holds(name: str, info: bytes, packet: Packet) -> bool | None:
    """Tell whether a match holds for a packet; None: that is not known."""
    try:
        if name == "comment":
            return True
        if name in PORTS:
            return ports_hold(PORTS[name], info, packet)
        if name == "conntrack":
            return state_holds(info)
        if name == "mark":
            mark, mask, inverted = MARK.unpack_from(info)
            return None if packet.mark is None else (packet.mark & mask == mark) != bool(inverted)
    except struct.error:
        raise Problem(f"a match {name} is cut off") from None
    return None


def ports_hold(layout: struct.Struct, info: bytes, packet: Packet) -> bool | None:
    """Tell whether the ports are those of a rule; the packet's own source port is not known."""
    first, last, low, high, *rest = layout.unpack_from(info)
    # Of tcp: option, mask and value of the flags before the inversions. A first packet has SYN alone.
    inverted = rest[-1]
    if (low <= packet.port <= high) == bool(inverted & INVERTED_PORT):
        return False
    if (first, last) != ALL_PORTS or inverted & INVERTED_SOURCE_PORT:
        return None
    return True if not any(rest[:-1]) and inverted in (0, INVERTED_PORT) else None


def state_holds(info: bytes) -> bool | None:
    """Tell whether a match of conntrack holds for the first packet of a connection."""
    matched, inverted, states = CONNTRACK.unpack_from(info, CONNTRACK_AT)
    if matched != STATE:
        return None
    if states & NEW:
        return not inverted & STATE
    # SNAT, DNAT and UNTRACKED are states too; what became of the packet before is not followed.
    return bool(inverted & STATE) if states & ~OTHER_STATES == 0 else None


def verdict_of(name: str, revision: int, info: bytes) -> Verdict:
    """Return what a target that is no jump does."""
    if name == "DNAT":
        return Verdict("dnat", destination(revision, info))
    if name == "SNAT":
        return Verdict("snat", destination(0 if len(info) < NAT.size else 1, info))
    if name == "REDIRECT":
        return Verdict("dnat", redirection(info))
    return PLAIN.get(name) or Verdict("other", name)


def redirection(info: bytes) -> str:
    """Return which port of its own machine a REDIRECT leads to, the first of a range."""
    try:
        if len(info) < NAT.size:
            _size, flags, _address, _last, port, _last_port = NAT_IPV4.unpack_from(info)
            version = 4
        else:
            flags, _address, _last, port, _last_port = NAT.unpack_from(info)
            version = 6
    except struct.error:
        raise Problem("a target REDIRECT is cut off") from None
    return here(version, int.from_bytes(port, "big") if flags & NAT_WITH_PORTS else 0)


def destination(revision: int, info: bytes) -> str:
    """Return where a DNAT leads, or which source an SNAT gives, the first address of a range."""
    try:
        if revision == 0:
            _size, flags, address, _last, port, _last_port = NAT_IPV4.unpack_from(info)
        else:
            flags, address, _last, port, _last_port = NAT.unpack_from(info)
            if not any(address[4:]):
                address = address[:4]
    except struct.error:
        raise Problem("a target DNAT is cut off") from None
    return place_of(address, int.from_bytes(port, "big") if flags & NAT_WITH_PORTS else 0)
