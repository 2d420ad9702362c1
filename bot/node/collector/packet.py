"""A packet that is followed through rules, and what a rule does with it."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from .connect import host, target
from .proc import Problem, shown

PROTOCOLS = {"tcp": 6, "udp": 17, "sctp": 132}


class Packet(NamedTuple):
    """The first packet of a connection to an address; what is not known of it is None."""

    to: bytes
    protocol: int
    port: int
    source: bytes | None = None
    mark: int | None = 0
    """Rules that set marks make it unknown."""

    @property
    def version(self) -> int:
        """4 or 6."""
        return 4 if len(self.to) == 4 else 6  # noqa: PLR2004 - bytes of an IPv4 address


class Verdict(NamedTuple):
    """What a rule does.

    ``accept``, ``drop``, ``reject``, ``return``, ``jump``, ``goto``, ``dnat``, ``snat`` (another source, masquerading
    too), ``mark`` or ``other``.
    """

    kind: str
    to: str = ""
    """A chain; of ``dnat``, an address and a port."""


class Outcome(NamedTuple):
    """A verdict that a packet may meet."""

    verdict: Verdict
    sure: bool
    """No condition of the rule is beyond what is known of the packet."""


def wanted(text: str) -> Packet:
    """Return the packet of ``udp/192.0.2.1:53``.

    Raises:
        Problem: It is something else.
    """
    protocol, slash, place = text.partition("/")
    if not slash or protocol not in PROTOCOLS:
        raise Problem(f"not PROTOCOL/IP:PORT: {shown(text)}")
    ip, port = target(place)
    return Packet(to=ipaddress.ip_address(ip).packed, protocol=PROTOCOLS[protocol], port=port)


def sent(text: str) -> Packet:
    """Return the packet of ``10.244.1.7,tcp/192.0.2.1:443``.

    Raises:
        Problem: It is something else.
    """
    source, comma, to = text.partition(",")
    if not comma:
        raise Problem(f"not IP,PROTOCOL/IP:PORT: {shown(text)}")
    packet = wanted(to)
    address = ipaddress.ip_address(host(source))
    if address.version != packet.version:
        raise Problem(f"not of one IP version: {shown(text)}")
    return packet._replace(source=address.packed)


def followed(text: str) -> Packet:
    """Return the packet of either."""
    return sent(text) if "," in text else wanted(text)


def here(version: int, port: int) -> str:
    """Return a port of the machine itself."""
    return place_of(ipaddress.ip_address("127.0.0.1" if version == 4 else "::1").packed, port)  # noqa: PLR2004 - IPv4


def place_of(address: bytes, port: int) -> str:
    """Return an address and a port as :func:`bot.node.collector.connect.target` takes them; port 0 stays out."""
    ip = str(ipaddress.ip_address(address))
    if not port:
        return ip
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
