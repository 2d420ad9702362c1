"""What is read of the Node: some things once, the counters several times over the window."""

from __future__ import annotations

import time
from collections.abc import Callable

from . import netlink, pods, proc, queues, routes, sysctl, throttling
from .modules import modules
from .read import Json, reading, text_of
from .traffic import PACKETS_PER_SECOND, Traffic, peers

STEPS = 6


def file(path: str, parse: Callable[[str], Json]) -> tuple[str, Callable[[], Json]]:
    """Return a source: its name, and how to look at it."""
    return path, lambda: parse(text_of(path))


SYSCTL = "/proc/sys/net"

# Name in the answer: where it is read, and how.
ONCE = {
    "links": ("rtnetlink RTM_GETLINK", netlink.links),
    "addresses": ("rtnetlink RTM_GETADDR", netlink.addresses),
    "conntrack_max": file(f"{SYSCTL}/netfilter/nf_conntrack_max", proc.number),
    "conntrack_buckets": file(f"{SYSCTL}/netfilter/nf_conntrack_buckets", proc.number),
    "max_backlog": file(f"{SYSCTL}/core/netdev_max_backlog", proc.number),
    "settings": (sysctl.ROOT, sysctl.settings),
    "routes": ("rtnetlink RTM_GETROUTE", routes.routes),
    "neighbours": ("rtnetlink RTM_GETNEIGH", routes.neighbours),
    "forwarding": ("rtnetlink RTM_GETNEIGH PF_BRIDGE", routes.forwarding),
    "learned": ("rtnetlink RTM_GETNEIGH PF_BRIDGE", routes.learned),
    "modules": ("/proc/modules, /sys/module", modules),
    "kernel": file("/proc/sys/kernel/osrelease", proc.word),
}
EACH_STEP = {
    "net_dev": file("/proc/net/dev", proc.net_dev),
    "softnet": file("/proc/net/softnet_stat", proc.softnet_stat),
    "stat": file("/proc/stat", proc.stat),
    "running": file("/proc/stat", proc.running),
    "conntrack_count": file(f"{SYSCTL}/netfilter/nf_conntrack_count", proc.number),
    "conntrack_stat": file("/proc/net/stat/nf_conntrack", proc.conntrack_stat),
    "snmp": file("/proc/net/snmp", proc.snmp),
    "snmp6": file("/proc/net/snmp6", proc.snmp6),
    "netstat": file("/proc/net/netstat", proc.snmp),
    "sockstat": file("/proc/net/sockstat", proc.sockstat),
    "xfrm": file("/proc/net/xfrm_stat", proc.xfrm_stat),
    "cpu_pressure": file("/proc/pressure/cpu", proc.pressure),
    "memory_pressure": file("/proc/pressure/memory", proc.pressure),
    "io_pressure": file("/proc/pressure/io", proc.pressure),
    "queues": ("rtnetlink RTM_GETQDISC", queues.disciplines),
    "listeners": ("sock_diag", queues.listeners),
}
# What takes a walk through all processes is looked at twice.
AT_BOTH_ENDS = {
    "pods": ("/proc/PID/net", pods.counters),
    "throttling": ("/sys/fs/cgroup", throttling.throttling),
}


def sample(seconds: int, *, traffic: bool) -> dict[str, Json]:
    """Return one series of readings per source; most counters have ``STEPS + 1`` readings over the window."""
    started = time.monotonic()
    found: dict[str, Json] = {
        name: {"source": source, "readings": [reading(started, look)]} for name, (source, look) in ONCE.items()
    }
    series: dict[str, list[Json]] = {name: [] for name in (*EACH_STEP, *AT_BOTH_ENDS)}
    sender = Traffic(peers() if traffic else [])
    first = time.monotonic()
    for step in range(STEPS + 1):
        wait(first + seconds * step / STEPS, sender)
        for name, (_source, look) in (EACH_STEP if step % STEPS else EACH_STEP | AT_BOTH_ENDS).items():
            series[name].append(reading(started, look))
    found |= {
        name: {"source": source, "readings": series[name]} for name, (source, _) in (EACH_STEP | AT_BOTH_ENDS).items()
    }
    return {"series": found, "traffic": {"to": sender.to, "packets": sender.packets}}


def wait(due: float, sender: Traffic) -> None:
    """Wait until a time, and send meanwhile."""
    while (left := due - time.monotonic()) > 0:
        sender.send()
        time.sleep(min(left, 1 / PACKETS_PER_SECOND))
