"""A little traffic of our own while counters are watched: a way that nobody uses meanwhile shows its losses too.

TCP connects to port 9 (discard, RFC 863) of the other Nodes' ends of the overlay, which is where this Node's routes
through tunnel devices lead, given up at once. Not UDP: the ICMP errors it would be answered with are rationed, and
those that sizes.py counts on would be used up. That packets arrive, or do not, shows in the counters.
"""

from __future__ import annotations

import errno
import ipaddress
import random
import socket

from . import netlink, routes
from .proc import Problem

PORT = 9
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
    """Begins connects to some addresses."""

    def __init__(self, to: list[str], port: int = PORT) -> None:
        """Send to these."""
        self.to = to
        self._port = port
        self.packets = 0

    def send(self) -> None:
        """Send one packet to each; one that cannot be sent is a loss that the kernel counts."""
        for address in self.to:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                with socket.socket(family, socket.SOCK_STREAM) as client:
                    client.setblocking(False)
                    code = client.connect_ex((address, self._port))
            except OSError:
                continue
            self.packets += code in (0, errno.EINPROGRESS, errno.ECONNREFUSED)
