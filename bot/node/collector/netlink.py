"""Interfaces and addresses of this network namespace, asked of the kernel by rtnetlink(7).

Dumps need no capability. The numbers are those of linux/rtnetlink.h, if_link.h and if_addr.h.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator

from .proc import Problem
from .read import Json, name_of

NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_NEWLINK, RTM_GETLINK, RTM_NEWADDR, RTM_GETADDR = 16, 18, 20, 22
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
HEADER = struct.Struct("=LHHLL")  # length, type, flags, sequence, port
LINK = struct.Struct("=BxHiII")  # family, ARP type, index, flags, change
ADDRESS = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
ATTRIBUTE = struct.Struct("=HH")
IFF_UP = 0x1
OPERSTATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_QDISC, IFLA_MASTER = 1, 3, 4, 5, 6, 10
IFLA_OPERSTATE, IFLA_LINKINFO, IFLA_LINK_NETNSID = 16, 18, 37
IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA = 1, 2, 4, 5
IFLA_BRPORT_STATE, IFLA_BRPORT_MODE, IFLA_BRPORT_ISOLATED = 1, 4, 33  # mode: hairpin
HELD_BACK = (1, 2, 4)  # listening, learning, blocking; a port whose link is down is disabled (linux/if_bridge.h)
VXLAN_ID, VXLAN_LINK, VXLAN_LOCAL, VXLAN_LEARNING, VXLAN_PORT, VXLAN_LOCAL6, VXLAN_EXTERNAL = 1, 3, 4, 7, 15, 17, 25
GENEVE_EXTERNAL = 6
IFA_ADDRESS, IFA_LOCAL = 1, 2
TIMEOUT_SECONDS = 2.0
# A dump of 10,000 interfaces is about 16 MB.
MAX_BYTES = 32 * 1024 * 1024


def links() -> list[dict[str, Json]]:
    """Return the interfaces: what ``ip -d link`` shows of them."""
    return [link_of(body) for body in dump(RTM_GETLINK, LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0), RTM_NEWLINK)]


def addresses() -> list[dict[str, Json]]:
    """Return the addresses, each with the index of its interface."""
    return [address_of(body) for body in dump(RTM_GETADDR, ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0), RTM_NEWADDR)]


def dump(request: int, body: bytes, reply: int, *, protocol: int = socket.NETLINK_ROUTE) -> list[bytes]:
    """Ask for everything of one type and return the bodies of the replies."""
    header = HEADER.pack(HEADER.size + len(body), request, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
    found: list[bytes] = []
    size = 0
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as kernel:
            kernel.settimeout(TIMEOUT_SECONDS)
            kernel.send(header + body)
            while True:
                packet = kernel.recv(1 << 18)
                size += len(packet)
                if size > MAX_BYTES:
                    raise Problem(f"the answer is longer than {MAX_BYTES} bytes")
                for kind, content in messages(packet):
                    if kind == NLMSG_DONE:
                        return found
                    if kind == NLMSG_ERROR:
                        raise Problem("the kernel refused the question")
                    if kind == reply:
                        found.append(content)
    except OSError as problem:
        raise Problem(f"netlink: {name_of(problem)}") from None


def messages(packet: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and body of each netlink message of a packet."""
    while packet:
        if len(packet) < HEADER.size:
            raise Problem("a netlink message is cut off")
        length, kind, _flags, _sequence, _port = HEADER.unpack_from(packet)
        if not HEADER.size <= length <= len(packet):
            raise Problem("a netlink message has a wrong length")
        yield kind, packet[HEADER.size : length]
        packet = packet[(length + 3) & ~3 :]


def attributes(content: bytes) -> dict[int, bytes]:
    """Return the attributes by number."""
    found: dict[int, bytes] = {}
    while len(content) >= ATTRIBUTE.size:
        length, number = ATTRIBUTE.unpack_from(content)
        if not ATTRIBUTE.size <= length <= len(content):
            raise Problem("a netlink attribute has a wrong length")
        found[number & 0x3FFF] = content[ATTRIBUTE.size : length]
        content = content[(length + 3) & ~3 :]
    return found


def link_of(body: bytes) -> dict[str, Json]:
    """Return one interface of a message."""
    if len(body) < LINK.size:
        raise Problem("a netlink message is cut off")
    _family, arp_type, index, flags, _change = LINK.unpack_from(body)
    found = attributes(body[LINK.size :])
    info = attributes(found.get(IFLA_LINKINFO, b""))
    kind = word(info.get(IFLA_INFO_KIND, b""))
    state = whole(found.get(IFLA_OPERSTATE, b"\0"), 1)
    link: dict[str, Json] = {
        "index": index,
        "name": word(found.get(IFLA_IFNAME, b"")),
        "kind": kind,
        "arp_type": arp_type,
        "mac": found.get(IFLA_ADDRESS, b"").hex(":"),
        "mtu": whole(found.get(IFLA_MTU, b""), 4),
        "up": bool(flags & IFF_UP),
        "operstate": OPERSTATES[state] if state < len(OPERSTATES) else str(state),
        "qdisc": word(found.get(IFLA_QDISC, b"")),
        "master": whole(found[IFLA_MASTER], 4) if IFLA_MASTER in found else 0,
        # With a namespace id, the number is one of another namespace.
        "link": whole(found[IFLA_LINK], 4) if IFLA_LINK in found and IFLA_LINK_NETNSID not in found else 0,
    }
    if word(info.get(IFLA_INFO_SLAVE_KIND, b"")) == "bridge":
        port = attributes(info.get(IFLA_INFO_SLAVE_DATA, b""))
        link["hairpin"] = port.get(IFLA_BRPORT_MODE, b"\0") != b"\0"
        if IFLA_BRPORT_ISOLATED in port:
            link["isolated"] = port[IFLA_BRPORT_ISOLATED] != b"\0"
        if IFLA_BRPORT_STATE in port:
            link["forwards"] = whole(port[IFLA_BRPORT_STATE], 1) not in HELD_BACK
    settings = attributes(info.get(IFLA_INFO_DATA, b""))
    if kind == "geneve":
        link["external"] = GENEVE_EXTERNAL in settings
    if kind == "vxlan":
        link["external"] = settings.get(VXLAN_EXTERNAL, b"\0") != b"\0"
        link["vxlan"] = vxlan_of(settings)
    return link


def vxlan_of(found: dict[int, bytes]) -> dict[str, Json]:
    """Return what is set of a VXLAN device."""
    local = found.get(VXLAN_LOCAL) or found.get(VXLAN_LOCAL6) or b""
    return {
        "id": whole(found.get(VXLAN_ID, b""), 4),
        "port": int.from_bytes(found.get(VXLAN_PORT, b""), "big"),
        "local": ip(local) if local else "",
        "link": whole(found[VXLAN_LINK], 4) if VXLAN_LINK in found else 0,
        "learning": found.get(VXLAN_LEARNING, b"\0") != b"\0",
    }


def address_of(body: bytes) -> dict[str, Json]:
    """Return one address of a message."""
    if len(body) < ADDRESS.size:
        raise Problem("a netlink message is cut off")
    _family, prefix_length, _flags, _scope, index = ADDRESS.unpack_from(body)
    found = attributes(body[ADDRESS.size :])
    # On a point-to-point link IFA_ADDRESS is the other end.
    return {
        "index": index,
        "ip": ip(found.get(IFA_LOCAL) or found.get(IFA_ADDRESS, b"")),
        "prefix_length": prefix_length,
    }


def whole(content: bytes, size: int) -> int:
    """Return a number in the machine's byte order; a missing one is a problem, not a zero."""
    if len(content) != size:
        raise Problem("a number in a netlink message is missing or has a wrong length")
    return int.from_bytes(content, sys.byteorder)


def word(content: bytes) -> str:
    """Return a text that ends in a zero byte."""
    return content.rstrip(b"\0").decode(errors="backslashreplace")


def ip(content: bytes) -> str:
    """Return an address in its usual spelling."""
    try:
        return str(ipaddress.ip_address(content))
    except ValueError:
        raise Problem("an address in a netlink message has a wrong length") from None
