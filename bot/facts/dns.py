"""Facts about the cluster's DNS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class DnsService(Fact):
    """The Service that Pods ask for names, and who answers behind it.

    Source: the Service labelled k8s-app=kube-dns in kube-system, or the one named kube-dns or coredns there.
    """

    kind: ClassVar[str] = "dns_service"

    namespace: str
    name: str
    cluster_ip: str
    selector: str
    selected_pods: int
    ready_endpoints: int
    workload: str
    """The Deployment or DaemonSet that runs the DNS Pods; empty if none was found."""
    workload_type: str
    wanted_replicas: int
    ready_replicas: int
    pod_labels: str
    """Labels of the workload's Pod template, ``k8s-app=kube-dns``."""
    selects_workload: bool
    """The Service's selector matches those labels."""
    target_port: str
    """The targetPort of its UDP port, a number or a name."""
    declared_port: int
    """The UDP port that the workload's containers declare; 0 if they declare none, or several."""
    misdirected: bool
    """The containers declare UDP ports, and the targetPort is none of them."""
    udp: bool
    tcp: bool
    """It has port 53 with that protocol."""


@dataclass(frozen=True, kw_only=True)
class DnsPod(Fact):
    """One Pod that the DNS Service selects."""

    kind: ClassVar[str] = "dns_pod"

    namespace: str
    name: str
    service: str
    node: str
    """Empty while it is not scheduled."""
    ready: bool


@dataclass(frozen=True, kw_only=True)
class DnsAnswer(Fact):
    """One name asked of one DNS server, several times over UDP, from one Node.

    Source: the node helper on ``node``.
    """

    kind: ClassVar[str] = "dns_answer"

    node: str
    server: str
    """Address and port that were asked."""
    pod: str
    """The DNS Pod that was asked directly; empty where the DNS Service was."""
    dns_name: str
    type: str
    """A or AAAA."""
    asked: int
    answered: int
    silent_permille: int
    """Queries without any answer."""
    rcode: str
    """NOERROR, NXDOMAIN, SERVFAIL, ...; ``mixed`` for several; ``none`` without an answer."""
    addresses: str
    """``none`` without any; at most four are told apart."""
    fastest_us: int
    slowest_us: int
    """Microseconds; 0 without an answer."""


@dataclass(frozen=True, kw_only=True)
class DnsReach(Fact):
    """How one Node gets answers from the cluster's DNS: by the Service's address, and from its Pods directly."""

    kind: ClassVar[str] = "dns_reach"

    node: str
    namespace: str
    service: str
    cluster_ip: str
    service_asked: int
    service_answered: int
    service_result: str
    """``answers`` (at least one query was), ``silent`` (none was) or ``untried``."""
    pods_tried: int
    pods_answering: int
    """Pods that answered at least once, asked by their own address."""
    pods_result: str
    """``answers`` where each Pod tried answered at least once, ``silent`` where none did, ``some``, or ``untried``."""
    elsewhere: str
    """What the Service's address gave other Nodes: ``answers`` where one got any, ``silent``, or ``untried``."""


@dataclass(frozen=True, kw_only=True)
class DnsServer(Fact):
    """How one DNS Pod answers names of the cluster when it is asked directly.

    The Pod's own Node is told apart: between the two is no network that could lose or delay anything.
    """

    kind: ClassVar[str] = "dns_server"

    namespace: str
    name: str
    service: str
    workload: str
    workload_type: str
    node: str
    ready: bool
    asked: int
    answered: int
    """From all Nodes together."""
    near_asked: int
    near_answered: int
    near_lost: int
    near_median_ms: int
    """From its own Node alone; 0 where that has no helper or nothing was answered."""


@dataclass(frozen=True, kw_only=True)
class DnsName(Fact):
    """What the cluster's DNS says about one name."""

    kind: ClassVar[str] = "dns_name"

    dns_name: str
    about: str
    """``service``, ``cluster`` (kubernetes.default), ``nobody`` (a name that no Service has) or ``outside``."""
    service_namespace: str
    service: str
    """The Service that is meant; empty for other names."""
    age_seconds: int
    """Of that Service."""
    rcode: str
    """NOERROR, NXDOMAIN, SERVFAIL, ...; ``mixed`` for several; ``none`` without an answer."""
    addresses: str
    expected_address: str
    """The Service's cluster address."""
    as_expected: bool
    """Nothing but the expected address came."""
    others_resolve: bool
    """The same servers know the name that every cluster has, kubernetes.default."""
    override: str
    """What in the DNS servers' settings speaks of this name; empty if nothing was found."""
    forwards_to: str
    """Where the DNS servers' settings send what they do not know: ``198.51.100.35``, ``/etc/resolv.conf`` of their
    Node; ``nothing that its settings name`` where none was found."""
    node: str
    """The Node that waited longest for its answers, by their median; empty where nothing was answered."""
    server: str
    """The server that was asked there."""
    median_ms: int
    common_median_ms: int
    """What the same Node waited for the same server's answers about kubernetes.default; 0 where there are none."""
    dns_namespace: str
    dns_service: str
    dns_workload: str
    dns_workload_type: str


@dataclass(frozen=True, kw_only=True)
class DnsReplacement(Fact):
    """How often the DNS Pods were replaced lately.

    Source: Events about Pods of the DNS servers' workload, which the API server keeps for an hour by default.
    """

    kind: ClassVar[str] = "dns_replacement"

    namespace: str
    service: str
    workload: str
    workload_type: str
    wanted_replicas: int
    ready_replicas: int
    stopped_pods: int
    """Pods that kubelet stopped within ``window_seconds``."""
    window_seconds: int
    last_seconds_ago: int
