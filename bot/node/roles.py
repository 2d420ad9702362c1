"""What each interface of a Node is for. Pure."""

from __future__ import annotations

from bot.node.sampled import Address, Link

# linux/if_arp.h
ARP_LOOPBACK = 772
OVERLAY_KINDS = frozenset({"vxlan", "geneve", "ipip", "ip6tnl", "wireguard", "gre", "gretap", "sit", "tun"})
POD_KINDS = frozenset({"veth", "netkit"})
DOWN_STATES = frozenset({"down", "lowerlayerdown", "notpresent"})


def uplink_of(links: tuple[Link, ...], addresses: tuple[Address, ...], host_ip: str) -> Link | None:
    """Return the interface that holds the Node's address."""
    index = next((address.index for address in addresses if address.ip == host_ip), 0)
    return next((link for link in links if link.index == index), None)


def roles(links: tuple[Link, ...], addresses: tuple[Address, ...], host_ip: str) -> dict[str, str]:
    """Return the role of each interface, as :class:`bot.facts.node.NodeInterface` names them.

    What an uplink is made of is uplink too: the members of a bond, the device under a VLAN.
    """
    uplink = uplink_of(links, addresses, host_ip)
    carriers = {uplink.index, uplink.link} - {0} if uplink else set()
    return {link.name: _role(link, carriers, uplink) for link in links}


def _role(link: Link, carriers: set[int], uplink: Link | None) -> str:
    if link.index in carriers:
        return "uplink"
    if link.arp_type == ARP_LOOPBACK:
        return "loopback"
    if link.kind in OVERLAY_KINDS:
        return "overlay"
    if link.kind in POD_KINDS:
        return "pod"
    if uplink and link.master == uplink.index:
        return "uplink"
    return "bridge" if link.kind == "bridge" else "other"


def is_up(link: Link) -> bool:
    """Tell whether packets can pass. Tunnels have no carrier to watch: their state is ``unknown``."""
    return link.up and link.operstate not in DOWN_STATES
