"""Nodes: settings of their kernels, and what they bound."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.errors import Malformed
from bot.cluster.objects import Node
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.kernel import NodeNeighbours, NodeSettings
from bot.facts.platform import ConntrackTimeouts
from bot.facts.scope import Scope
from bot.node.answers import named
from bot.node.client import samples
from bot.node.sampled import Sample, Settings
from bot.probes.counters import PERMILLE, provenance, share
from bot.probes.node import each_node
from bot.probes.probe import Unreadable, probe

MOST_DIGITS = 18
STRICT = 1
"""rp_filter: 1 drops what would not be answered by the same interface; 2 is loose, 0 is off (ip-sysctl)."""


@probe(NodeSettings, reads=(Node,), helper=True)
async def node_settings(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report forwarding, reverse path filters and limits."""
    return await each_node(cluster, scope, NodeSettings, settings_of, ask=samples)


@probe(NodeNeighbours, reads=(Node,), helper=True)
async def node_neighbours(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report the fill of each neighbour table."""
    return await each_node(cluster, scope, NodeNeighbours, neighbours_of, ask=samples)


@probe(ConntrackTimeouts, reads=(Node,), helper=True)
async def conntrack_timeouts(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Report how long each Node remembers connections."""
    return await each_node(cluster, scope, ConntrackTimeouts, timeouts_of, ask=samples)


def settings_of(sample: Sample) -> list[Fact]:
    """Return the settings; one that every kernel has and that cannot be read makes them unknown."""
    found = sample.last(sample.series.settings)
    return [
        NodeSettings(
            node=sample.node,
            kernel=sample.last(sample.series.kernel),
            ip_forward=must(found, sample, "ipv4/ip_forward") != "0",
            ipv6_forward=found.values.get("ipv6/conf/all/forwarding", "0") != "0",
            bridge_calls_iptables=bridge_calls(found, "iptables"),
            bridge_calls_ip6tables=bridge_calls(found, "ip6tables"),
            strict_interfaces=", ".join(strict_interfaces(found)),
            local_ports=local_ports(must(found, sample, "ipv4/ip_local_port_range")),
            listen_queue=whole(must(found, sample, "core/somaxconn")),
            ipvs_reuse_mode=found.values.get("ipv4/vs/conn_reuse_mode", "absent"),
            ipvs_expires_gone=found.values.get("ipv4/vs/expire_nodest_conn", "absent"),
            **provenance(sample, sample.series.settings),
        )
    ]


def must(found: Settings, sample: Sample, path: str) -> str:
    """Return one setting, or raise why it could not be read."""
    if path not in found.values:
        raise named(f"{sample.where(sample.series.settings)}/{path}: {found.missing.get(path, 'it was not read')}")
    return found.values[path]


def local_ports(text: str) -> int:
    """Return the size of a range that is written as its first and last port."""
    first, _, last = text.partition(" ")
    return whole(last) - whole(first) + 1


def whole(text: str) -> int:
    """Return a number.

    Raises:
        Malformed: It is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise Malformed(f"not a number: {text[:60]!r}")
    return int(text)


def strict_interfaces(found: Settings) -> list[str]:
    """Return the interfaces that drop what would not be answered by them."""
    for_all = whole(found.values.get("ipv4/conf/all/rp_filter", "0"))
    ends = ("ipv4/conf/", "/rp_filter")
    each = {
        path.removeprefix(ends[0]).removesuffix(ends[1]): max(for_all, whole(value))
        for path, value in found.values.items()
        if path.startswith(ends[0]) and path.endswith(ends[1])
    }
    return sorted(name for name, value in each.items() if value == STRICT and name not in ("all", "default", "lo"))


def bridge_calls(found: Settings, program: str) -> str:
    """Return whether bridged packets go through a program's rules."""
    return {"0": "off", "": "absent"}.get(found.values.get(f"bridge/bridge-nf-call-{program}", ""), "on")


def neighbours_of(sample: Sample) -> list[Fact]:
    """Return the fill of the tables; of a kernel without IPv6, of one."""
    found, entries = sample.last(sample.series.settings), sample.last(sample.series.neighbours)
    families = {"ipv4": [one for one in entries if ":" not in one.ip]}
    if "ipv6/neigh/default/gc_thresh3" in found.values:
        families["ipv6"] = [one for one in entries if ":" in one.ip]
    return [
        NodeNeighbours(
            node=sample.node,
            family=family,
            entries=len(held),
            failed=sum(one.state == "failed" for one in held),
            max_entries=(limit := whole(must(found, sample, f"{family}/neigh/default/gc_thresh3"))),
            used_permille=share(len(held), limit, PERMILLE),
            collected_above=whole(found.values.get(f"{family}/neigh/default/gc_thresh2", "0")),
            **provenance(sample, sample.series.neighbours),
        )
        for family, held in families.items()
    ]


def timeouts_of(sample: Sample) -> list[Fact]:
    """Return the seconds."""
    found = sample.last(sample.series.settings)

    def seconds(name: str) -> int:
        return whole(must(found, sample, f"netfilter/nf_conntrack_{name}"))

    return [
        ConntrackTimeouts(
            node=sample.node,
            established_seconds=seconds("tcp_timeout_established"),
            close_wait_seconds=seconds("tcp_timeout_close_wait"),
            time_wait_seconds=seconds("tcp_timeout_time_wait"),
            udp_seconds=seconds("udp_timeout"),
            udp_stream_seconds=seconds("udp_timeout_stream"),
            liberal=bool(seconds("tcp_be_liberal")),
            **provenance(sample, sample.series.settings),
        )
    ]
