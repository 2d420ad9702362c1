"""Kernel settings that networking rests on."""

from __future__ import annotations

from pathlib import Path

from .proc import Problem, lines_of
from .read import Json, text_of

ROOT = "/proc/sys/net"
SETTINGS = (
    *("core/somaxconn", "core/netdev_max_backlog", "core/netdev_budget", "core/netdev_budget_usecs"),
    *("ipv4/ip_forward", "ipv6/conf/all/forwarding", "ipv4/ip_local_port_range", "ipv4/tcp_max_syn_backlog"),
    *("ipv4/tcp_mtu_probing", "ipv4/tcp_syncookies", "ipv4/tcp_mem", "ipv4/tcp_tw_reuse"),
    *("ipv4/neigh/default/gc_thresh1", "ipv4/neigh/default/gc_thresh2", "ipv4/neigh/default/gc_thresh3"),
    *("ipv6/neigh/default/gc_thresh1", "ipv6/neigh/default/gc_thresh2", "ipv6/neigh/default/gc_thresh3"),
    *("ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter", "ipv4/conf/all/arp_ignore"),
    *("ipv6/conf/all/disable_ipv6"),
    *("bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables", "ipv4/vs/conntrack"),
    *("ipv4/vs/conn_reuse_mode", "ipv4/vs/expire_nodest_conn"),
    *("netfilter/nf_conntrack_tcp_timeout_established", "netfilter/nf_conntrack_tcp_timeout_close_wait"),
    *("netfilter/nf_conntrack_tcp_timeout_time_wait", "netfilter/nf_conntrack_udp_timeout"),
    *("netfilter/nf_conntrack_udp_timeout_stream", "netfilter/nf_conntrack_tcp_be_liberal"),
    *("netfilter/nf_conntrack_tcp_timeout_syn_sent", "netfilter/nf_conntrack_tcp_timeout_fin_wait"),
)


def settings() -> dict[str, Json]:
    """Return the values by path below :data:`ROOT`, and the reasons of those that cannot be read."""
    values: dict[str, Json] = {}
    missing: dict[str, Json] = {}
    for path in (*SETTINGS, *of_interfaces("rp_filter"), *changed(of_interfaces("arp_ignore"))):
        try:
            [values[path]] = (" ".join(line.split())[:64] for line in lines_of(text_of(f"{ROOT}/{path}"))[:1])
        except Problem as problem:
            missing[path] = str(problem)
    return {"values": values, "missing": missing}


def of_interfaces(name: str) -> list[str]:
    """Return a setting of each interface; of these two what counts is the larger of it and ``all`` (ip-sysctl)."""
    folder = Path(ROOT, "ipv4/conf")
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
    return [f"ipv4/conf/{interface}/{name}" for interface in names if interface not in ("all", "default")]


def changed(paths: list[str]) -> list[str]:
    """Return those that are not 0, as hardly any is: a Node has hundreds of interfaces."""
    found = []
    for path in paths:
        try:
            found += [path] if text_of(f"{ROOT}/{path}").strip() != "0" else []
        except Problem:  # the interface is gone, or this is told when it is read again
            found.append(path)
    return found
