"""IPVS's table, from /proc/net/ip_vs; everybody may read it. Pure but for the reading."""

from __future__ import annotations

import ipaddress

from .packet import PROTOCOLS, Packet, place_of
from .proc import Problem, hexadecimal, lines_of, shown
from .read import text_of

PATH = "/proc/net/ip_vs"


def table() -> dict[tuple[int, bytes, int], list[str]]:
    """Return where each address leads, by protocol, address and port; nothing where the kernel has no IPVS."""
    try:
        return parsed(text_of(PATH))
    except Problem as problem:
        if str(problem).startswith("ENOENT"):
            return {}
        raise


def parsed(text: str) -> dict[tuple[int, bytes, int], list[str]]:
    """Return the same from the file's text. Servers of weight 0 take no new connections and are left out."""
    found: dict[tuple[int, bytes, int], list[str]] = {}
    behind: list[str] | None = None
    for line in lines_of(text):
        match line.split():
            case ["TCP" | "UDP" | "SCTP" as name, place, *_scheduler]:
                address, port = address_of(place)
                behind = found.setdefault((PROTOCOLS[name.lower()], address, port), [])
            case ["FWM", *_mark]:
                behind = None
            case ["->", place, _method, weight, _active, _inactive] if place != "RemoteAddress:Port":
                if behind is not None and weight != "0":
                    behind.append(place_of(*address_of(place)))
    return found


def address_of(place: str) -> tuple[bytes, int]:
    """Return address and port of ``0A600001:01BB`` or ``[2001:0db8:...]:01BB``."""
    host, colon, port = place.rpartition(":")
    try:
        address = ipaddress.ip_address(host[1:-1]).packed if host.startswith("[") else bytes.fromhex(host)
    except ValueError:
        raise Problem(f"not an address: {shown(place)}") from None
    if not colon or len(address) not in (4, 16):
        raise Problem(f"not an address: {shown(place)}")
    return address, hexadecimal(port.lower())


def behind(packet: Packet, known: dict[tuple[int, bytes, int], list[str]]) -> list[str] | None:
    """Return where a packet's address leads, or None where IPVS does not know it."""
    return known.get((packet.protocol, packet.to, packet.port))
