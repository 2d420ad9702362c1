"""Which parts of the kernel networking rests on are there, loaded as modules or built in."""

from __future__ import annotations

from pathlib import Path

from .proc import Problem, lines_of
from .read import Json, text_of

# Each, and a file that is there while it works. Without one, only a module's own folder shows that it is built in.
SHOWS = {
    "br_netfilter": "/proc/sys/net/bridge/bridge-nf-call-iptables",
    "ip_set": "",
    "ip_tables": "",
    "ip_vs": "/proc/net/ip_vs",
    "ip_vs_rr": "",
    "ip_vs_sh": "",
    "ip_vs_wrr": "",
    "ipip": "",
    "nf_conntrack": "/proc/sys/net/netfilter/nf_conntrack_max",
    "nf_tables": "",
    "overlay": "",
    "vxlan": "",
    "wireguard": "",
}
LOADED, BUILT_IN, ABSENT, UNSEEN = "loaded", "built-in", "absent", "unseen"


def modules() -> dict[str, Json]:
    """Return the state of each: ``loaded``, ``built-in``, ``absent``, or ``unseen`` where nothing would show it."""
    listed = loaded()
    return {name: state(name, listed, shows) for name, shows in SHOWS.items()}


def loaded() -> frozenset[str] | None:
    """Return the names of loaded modules; None in a kernel that has no modules, where all there is is built in."""
    try:
        return frozenset(line.partition(" ")[0] for line in lines_of(text_of("/proc/modules")))
    except Problem as problem:
        if str(problem).startswith("ENOENT"):
            return None
        if str(problem) == "there is nothing in it":
            return frozenset()
        raise


def state(name: str, listed: frozenset[str] | None, shows: str) -> str:
    """Return how one part is there."""
    if listed and name in listed:
        return LOADED
    if Path("/sys/module", name).exists() or (shows and Path(shows).exists()):
        return BUILT_IN
    return ABSENT if shows else UNSEEN
