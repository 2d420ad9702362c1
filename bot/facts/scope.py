"""What a symptom is about in this cluster: the objects at both ends and between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class SymptomKind(StrEnum):
    """What a person complains about."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    DNS = "dns"
    RESETS = "resets"
    FLAPPING = "flapping"
    UNKNOWN = "unknown"


@dataclass(frozen=True, order=True)
class Subject:
    """One object a fact, a finding or a hop speaks of. ``namespace`` is empty for cluster-scoped kinds."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {where}"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The objects on the way of the symptom's packets, as far as they are known.

    An empty scope (nothing named) means the whole cluster: see ``cluster_wide``.
    """

    kind: SymptomKind = SymptomKind.UNKNOWN
    namespaces: tuple[str, ...] = ()
    """Namespaces the symptom's objects live in; the DNS namespace is not among them unless it was named."""
    clients: tuple[Subject, ...] = ()
    """Pods that try to reach something; empty when nobody was named."""
    services: tuple[Subject, ...] = ()
    """Services they try to reach."""
    backends: tuple[Subject, ...] = ()
    """Pods that are meant to answer: those the Services select, or target Pods named directly."""
    workloads: tuple[Subject, ...] = ()
    """Deployments, StatefulSets and DaemonSets of clients and backends."""
    client_nodes: tuple[str, ...] = ()
    target_nodes: tuple[str, ...] = ()
    named_nodes: tuple[str, ...] = ()
    """Nodes the symptom itself names."""
    changes: bool = False
    """The symptom is about changes that are late, which the API server makes."""
    dns: bool = True
    """Name lookup lies on the way (it does, unless an IP address was named)."""
    outside_host: str = ""
    outside_port: int = 0
    port: int = 0
    """The port that was named with a target in the cluster: a Service's, a Pod's, or a Node's (nodePort, hostPort)."""
    entry_port: int = 0
    """That port, if it is a nodePort or a hostPort: what comes to it enters the cluster at a Node."""
    entry_address: str = ""
    """The address or name of a load balancer that was named."""
    endpoints: tuple[str, ...] = ()
    """Addresses behind the Services where these select no Pods: API servers, hosts that somebody wrote down."""
    target_is_pod: bool = False
    """One Pod was named as the target, so no Service is on the way."""
    dns_servers: tuple[Subject, ...] = ()
    """The Service that Pods ask for names, and its Pods; of a symptom about names alone."""
    dns_nodes: tuple[str, ...] = ()
    url_host: str = ""
    """The host of an Ingress that was named."""
    url_path: str = ""
    """The path of a URL that was named, with or without a host."""
    outside_region: str = ""
    """The region of the host outside; empty if it is not known."""
    regions_allowed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Namespaces of the symptom whose data has to stay in certain regions, with these."""
    asks_residency: bool = False
    """The symptom asks where data is."""
    cluster_wide: bool = False
    """Nothing was named: look at everything, blame anything."""
    triaged: tuple[str, ...] = ()
    """Of a whole cluster that is too large to be read: the namespaces that are."""
    subjects: frozenset[Subject] = field(default_factory=frozenset)
    """Everything above and what belongs to it; a finding about one of these lies on the path."""
    missing: tuple[str, ...] = ()
    """Names in the symptom that nothing in the cluster has."""
    notes: tuple[str, ...] = ()
    """How the symptom was understood where its words leave that open, and what could not be read for it."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes on the path, each once, clients' first."""
        return tuple(dict.fromkeys((*self.named_nodes, *self.client_nodes, *self.target_nodes)))
