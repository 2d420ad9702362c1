"""A little traffic of our own while counters are watched: a way that nobody uses meanwhile shows its losses too.

UDP packets of 64 bytes to port 9 (discard, RFC 863) of the other Nodes' ends of the overlay, which is where this Node's
routes through tunnel devices lead. Nothing is to answer; that they arrive, or do not, shows in the counters.
"""

from __future__ import annotations

import ipaddress
import random
import socket
from types import TracebackType

from . import netlink, routes
from .proc import Problem

PORT = 9
PACKET = b"netmedic" * 8
PACKETS_PER_SECOND = 20
# Of a large cluster, a few at random: all together the Nodes still meet all ways.
MOST_PEERS = 16
OVERLAY_KINDS = frozenset({"vxlan", "geneve", "ipip", "wireguard"})


def peers() -> list[str]:
    """Return the first address of each network behind a tunnel device; none where the kernel does not say."""
    try:
        tunnels = {link["index"] for link in netlink.links() if link["kind"] in OVERLAY_KINDS and link["up"]}
        networks = [str(route["to"]) for route in routes.routes() if route["index"] in tunnels]
    except Problem:
        return []
    addresses = sorted({ipaddress.ip_network(text, strict=False).network_address for text in networks}, key=str)
    wanted = [str(one) for one in addresses if not (one.is_link_local or one.is_multicast or one.is_unspecified)]
    return wanted if len(wanted) <= MOST_PEERS else random.sample(wanted, MOST_PEERS)


class Traffic:
    """Sends to some addresses until it is left."""

    def __init__(self, to: list[str], port: int = PORT) -> None:
        """Send to these."""
        self.to = to
        self._port = port
        self.packets = 0
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}

    def send(self) -> None:
        """Send one packet to each; one that cannot be sent is a loss that the kernel counts."""
        for address in self.to:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                if family not in self._sockets:
                    self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM)
                    self._sockets[family].setblocking(False)
                self._sockets[family].sendto(PACKET, (address, self._port))
            except OSError:
                continue
            self.packets += 1

    def __enter__(self) -> Traffic:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._sockets.values():
            one.close()
