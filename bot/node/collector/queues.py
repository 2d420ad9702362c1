"""Queues of this network namespace, asked of the kernel: packets that wait to be sent, connections to be accepted.

Dumps need no capability. Numbers: linux/rtnetlink.h, pkt_sched.h, gen_stats.h and inet_diag.h.
"""

from __future__ import annotations

import socket
import struct

from .netlink import attributes, dump, ip, word
from .proc import Problem
from .read import Json
from .routes import bounded

RTM_NEWQDISC, RTM_GETQDISC = 36, 38
QDISC = struct.Struct("=BxxxiIII")  # family, interface, handle, parent, references
TCA_KIND, TCA_STATS2 = 1, 7
TCA_STATS_BASIC, TCA_STATS_QUEUE = 1, 3
BYTES_AND_PACKETS = struct.Struct("=QI")
QUEUE = struct.Struct("=IIIII")  # packets waiting, bytes waiting, dropped, requeued, over limits

SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
SOCK_DIAG_BY_FAMILY = 20
REQUEST = struct.Struct("=BBBBI48x")  # family, protocol, extensions, -, states; any address
LISTENING = 1 << 10  # TCP_LISTEN
SOCKET = struct.Struct("=BBBB")  # family, state, -, -
PORT, ADDRESS, COUNTS = struct.Struct("!H"), slice(8, 24), struct.Struct("=II")
PORT_AT, COUNTS_AT = 4, 56  # waiting, and the most that may wait


def disciplines() -> list[dict[str, Json]]:
    """Return the queues before the interfaces with what they sent and dropped: ``tc -s qdisc``.

    Those without a queue, which is most virtual interfaces, are left out.
    """
    bodies = dump(RTM_GETQDISC, QDISC.pack(socket.AF_UNSPEC, 0, 0, 0, 0), RTM_NEWQDISC)
    return bounded([found for found in map(discipline_of, bodies) if found["kind"] != "noqueue"], "queues")


def discipline_of(body: bytes) -> dict[str, Json]:
    """Return one queue of a message."""
    if len(body) < QDISC.size:
        raise Problem("a netlink message is cut off")
    _family, index, handle, parent, _references = QDISC.unpack_from(body)
    found = attributes(body[QDISC.size :])
    statistics = attributes(found.get(TCA_STATS2, b""))
    basic, queue = statistics.get(TCA_STATS_BASIC, b""), statistics.get(TCA_STATS_QUEUE, b"")
    if len(basic) < BYTES_AND_PACKETS.size or len(queue) < QUEUE.size:
        raise Problem("a queue without its counters")
    waiting, _bytes, dropped, requeued, over_limits = QUEUE.unpack_from(queue)
    return {
        "index": index,
        "kind": word(found.get(TCA_KIND, b"")),
        "handle": handle,
        "parent": parent,
        "packets": BYTES_AND_PACKETS.unpack_from(basic)[1],
        "waiting": waiting,
        "dropped": dropped,
        "requeued": requeued,
        "over_limits": over_limits,
    }


def listeners() -> list[dict[str, Json]]:
    """Return the TCP sockets that wait for connections, and how many connections wait for them: ``ss -ltn``."""
    found: list[dict[str, Json]] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        request = REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, LISTENING)
        found += map(listener_of, dump(SOCK_DIAG_BY_FAMILY, request, SOCK_DIAG_BY_FAMILY, protocol=SOCK_DIAG))
    return bounded(found, "listening sockets")


def listener_of(body: bytes) -> dict[str, Json]:
    """Return one listening socket of a message."""
    if len(body) < COUNTS_AT + COUNTS.size:
        raise Problem("a netlink message is cut off")
    family, _state, _timer, _retransmits = SOCKET.unpack_from(body)
    waiting, most = COUNTS.unpack_from(body, COUNTS_AT)
    address = body[ADDRESS] if family == socket.AF_INET6 else body[ADDRESS][:4]
    return {"ip": ip(address), "port": PORT.unpack_from(body, PORT_AT)[0], "waiting": waiting, "most": most}
