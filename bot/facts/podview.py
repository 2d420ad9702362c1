"""Facts seen from inside a Pod's own network namespace. The node helper's tier 3 goes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class PodNetwork(Fact):
    """One Pod's own interfaces, routes and rules.

    Source: netlink and /proc/net inside the Pod's network namespace.
    """

    kind: ClassVar[str] = "pod_network"

    namespace: str
    name: str
    node: str
    role: str
    """``client`` or ``backend``."""
    address: str
    interface: str
    """The one that holds the Pod's address."""
    up: bool
    """It is set up and has a carrier."""
    mtu: int
    default_route: bool
    dropped: int
    """Packets that the interface dropped in the window, both ways."""
    rules: int
    """Of a firewall inside the Pod."""
    stops_incoming: str
    """``drop`` or ``reject`` where such a rule surely stops connects to the Pod's port, else ``no``."""
    stops_outgoing: str
    """The same of what the Pod sends to its target; ``no`` where none is known."""
    sends_to: str
    """Where its rules send that instead: ``127.0.0.1:15001``, as those of a mesh do; empty if nowhere else."""
    stops_client: str
    """The same of what one client in particular sends to the Pod's port; ``no`` where it stops everybody."""
    stopped_client: str
    """That client's Pod; empty if none."""
    where: str
    """Table and chain of that rule."""


@dataclass(frozen=True, kw_only=True)
class ClientConnect(Fact):
    """TCP connects from inside a client Pod to one port of a Service, and to the endpoints behind it.

    Source: the node helper, in the Pod's network namespace.
    """

    kind: ClassVar[str] = "client_connect"

    namespace: str
    """Of the client."""
    client: str
    node: str
    service_namespace: str
    service: str
    address: str
    port: int
    tried: int
    opened: int
    result: str
    """``open``, ``some``, ``closed``, ``refused``, ``silent``, ``unreachable`` or ``untried``."""
    endpoints_result: str
    """The same of the endpoints' own addresses, in a word."""
    from_node: str
    """What the Pod's Node itself gets from the Service's address; ``untried`` where it was not asked."""


@dataclass(frozen=True, kw_only=True)
class ClientLookup(Fact):
    """DNS queries from inside a client Pod to the servers that its own Node asks too.

    Source: the node helper, in the Pod's network namespace.
    """

    kind: ClassVar[str] = "client_lookup"

    namespace: str
    client: str
    node: str
    server: str
    """Address and port of the cluster's DNS Service."""
    asked: int
    answered: int
    worst_ms: int
    """Of the answers."""
    from_node_answered: int
    """Of as many queries from the Pod's Node."""


@dataclass(frozen=True, kw_only=True)
class ClientMtu(Fact):
    """The largest packet that gets from inside a client Pod to one endpoint's Pod.

    Source: UDP packets of several sizes, sent in the Pod's network namespace.
    """

    kind: ClassVar[str] = "client_mtu"

    namespace: str
    client: str
    node: str
    to: str
    interface_mtu: int
    passed: int
    """The largest that was answered; 0: none was."""
    failed: int
    """The smallest that was not; 0: all arrive, or it is not sure."""
    told: bool
    """An ICMP message said that they were too large."""


@dataclass(frozen=True, kw_only=True)
class PodListener(Fact):
    """A TCP port that a Pod at the target's end listens on, and on which of its addresses.

    Source: sock_diag inside the Pod's network namespace, which takes tier 3.
    """

    kind: ClassVar[str] = "pod_listener"

    namespace: str
    name: str
    workload: str
    workload_type: str
    node: str
    port: int
    addresses: str
    """``0.0.0.0``, ``127.0.0.1, ::1``"""
    loopback_only: bool
    """Nobody but the Pod itself reaches it."""
    at_pod_address: bool
    """Surely at the Pod's own address: a socket of that, or of all addresses of its IP version (``::`` may or may not
    take IPv4)."""


@dataclass(frozen=True, kw_only=True)
class PodResolver(Fact):
    """Whom a Pod asks for names, as its /etc/resolv.conf says: kubelet wrote it when the Pod started.

    Source: the node helper at tier 3, through /proc/PID/root; Services; where a server is strange, queries to it.
    """

    kind: ClassVar[str] = "pod_resolver"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    node: str
    dns_policy: str
    """As written; ClusterFirst if nothing is."""
    asks: str
    """``cluster`` (the DNS Service's address is among the servers), ``cache`` (one of a cache on the Node: link-local,
    the Node's own, or a Service of NodeLocal DNSCache), ``node`` (dnsPolicy says: the Node's own servers), ``other`` or
    ``none``."""
    nameservers: str
    """``10.96.0.10``; ``none`` without any."""
    cluster_dns: str
    """The addresses of the cluster's DNS Services."""
    search: str
    ndots: int
    """1 where the file sets none."""
    known: int
    """Queries for a name that every cluster has which the servers answered with an address; asked only of ``other``."""


@dataclass(frozen=True, kw_only=True)
class PodFiles(Fact):
    """How many files a Pod that is meant to answer has open: of its processes, the one nearest to its limit.

    Source: the node helper at tier 3, the numbers of /proc/PID/fd and /proc/PID/limits.
    """

    kind: ClassVar[str] = "pod_files"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    node: str
    open: int
    limit: int
    """RLIMIT_NOFILE of that process, the soft one."""
    free: int
    """limit - open; 0 where the limit was lowered below what is open."""
    used_permille: int


@dataclass(frozen=True, kw_only=True)
class PodDialling(Fact):
    """Where a Pod tries to connect to right now, at an address that nobody has any more.

    Source: sockets in state SYN-SENT inside the Pod, looked at five times; Pods, Services and Pod ranges of Nodes.
    """

    kind: ClassVar[str] = "pod_dialling"

    namespace: str
    pod: str
    workload: str
    workload_type: str
    role: str
    """``client`` or ``backend``."""
    node: str
    address: str
    port: int
    was: str
    """What the address was of: ``Pod`` (it is in a Node's Pod range) or ``Service`` (it is near the API server's)."""
    looks: int
    """Of five, those in which a connect waited for its answer."""
