"""Routes and neighbours of this network namespace, asked of the kernel. Numbers: linux/rtnetlink.h, neighbour.h."""

from __future__ import annotations

import socket
import struct

from .netlink import attributes, dump, ip, whole
from .proc import Problem
from .read import Json

RTM_NEWROUTE, RTM_GETROUTE, RTM_NEWNEIGH, RTM_GETNEIGH = 24, 26, 28, 30
ROUTE = struct.Struct(
    "=BBBBBBBBI"
)  # family, destination's and source's length, TOS, table, protocol, scope, type, flags
NEIGHBOUR = struct.Struct("=BxxxiHBB")  # family, index, state, flags, type
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_TABLE = 1, 4, 5, 6, 15
NDA_DST, NDA_LLADDR = 1, 2
PF_BRIDGE = 7
# Local, broadcast, anycast and multicast addresses are no ways to anywhere.
ROUTE_TYPES = {1: "unicast", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
NEIGHBOUR_STATES = {1: "incomplete", 2: "reachable", 4: "stale", 8: "delay", 16: "probe", 32: "failed", 64: "noarp"}
PERMANENT = 128
# More do not fit an answer; a Node with more speaks BGP to the world.
MOST = 5000


def routes() -> list[dict[str, Json]]:
    """Return the routes of all tables, as ``ip route show table all`` does."""
    bodies = dump(RTM_GETROUTE, ROUTE.pack(socket.AF_UNSPEC, 0, 0, 0, 0, 0, 0, 0, 0), RTM_NEWROUTE)
    return bounded([route for body in bodies if (route := route_of(body))], "routes")


def route_of(body: bytes) -> dict[str, Json] | None:
    """Return one route of a message, or None for one that leads nowhere else."""
    if len(body) < ROUTE.size:
        raise Problem("a netlink message is cut off")
    family, length, _source, _tos, table, _protocol, _scope, kind, _flags = ROUTE.unpack_from(body)
    if kind not in ROUTE_TYPES or family not in (socket.AF_INET, socket.AF_INET6):
        return None
    found = attributes(body[ROUTE.size :])
    nowhere = b"\0" * (4 if family == socket.AF_INET else 16)
    return {
        "to": f"{ip(found.get(RTA_DST, nowhere))}/{length}",
        "type": ROUTE_TYPES[kind],
        "table": whole(found[RTA_TABLE], 4) if RTA_TABLE in found else table,
        # Without one, the route has several ways or none.
        "index": whole(found[RTA_OIF], 4) if RTA_OIF in found else 0,
        "via": ip(found[RTA_GATEWAY]) if RTA_GATEWAY in found else "",
        "metric": whole(found[RTA_PRIORITY], 4) if RTA_PRIORITY in found else 0,
    }


def neighbours() -> list[dict[str, Json]]:
    """Return the neighbours, as ``ip neigh`` does; those that need no address resolution are left out."""
    return bounded([one for one in table(socket.AF_UNSPEC) if one["state"] != "noarp"], "neighbours")


def forwarding() -> list[dict[str, Json]]:
    """Return where tunnel devices send to, by MAC address: ``bridge fdb`` with ``dst``."""
    return bounded([one for one in table(PF_BRIDGE) if one["ip"]], "forwarding entries")


def learned() -> list[dict[str, Json]]:
    """Return behind which port of a bridge each MAC address was seen: ``bridge fdb`` without its own entries."""
    found = [one for one in table(PF_BRIDGE) if not one["ip"] and one["state"] != "permanent"]
    return bounded(found, "learned MAC addresses")


def table(family: int) -> list[dict[str, Json]]:
    """Return all entries of a family."""
    bodies = dump(RTM_GETNEIGH, NEIGHBOUR.pack(family, 0, 0, 0, 0), RTM_NEWNEIGH)
    return [neighbour_of(body) for body in bodies]


def neighbour_of(body: bytes) -> dict[str, Json]:
    """Return one neighbour of a message."""
    if len(body) < NEIGHBOUR.size:
        raise Problem("a netlink message is cut off")
    _family, index, state, _flags, _type = NEIGHBOUR.unpack_from(body)
    found = attributes(body[NEIGHBOUR.size :])
    return {
        "index": index,
        "ip": ip(found[NDA_DST]) if NDA_DST in found else "",
        "mac": found.get(NDA_LLADDR, b"").hex(":"),
        "state": "permanent" if state & PERMANENT else NEIGHBOUR_STATES.get(state, str(state)),
    }


def bounded(found: list[dict[str, Json]], what: str) -> list[dict[str, Json]]:
    """Return the list unless it is too long for an answer."""
    if len(found) > MOST:
        raise Problem(f"{len(found)} {what} are too many for an answer")
    return found
