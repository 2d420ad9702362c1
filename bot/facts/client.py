"""Facts about where workloads are configured to call, and what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class ClientAddress(Fact):
    """One address in a workload's configuration, and what it means in the cluster.

    Source: environment, command and arguments of Pods and ConfigMaps they use, reduced to host and port.
    """

    kind: ClassVar[str] = "client_address"

    namespace: str
    workload: str
    workload_type: str
    role: str
    """``client``: it reaches for something; ``backend``: it is reached for; ``other``: a caller that was not named."""
    where: str
    """``WEB_ADDR``, ``args``, ``upstream in ConfigMap settings``."""
    host: str
    port: int
    """0 where none is written."""
    about_target: bool
    """It concerns what the symptom reaches for, or nothing is said about that."""
    resolves_to: str
    """``service``, ``no-service`` (a name of the cluster's that nothing has), ``address`` (an IP address of no Service)
    or ``outside``."""
    service_namespace: str
    """Where the Service that is meant is, or would be; empty for the latter two."""
    service: str
    service_ports: str
    """``80 (http), 9090``; ``none`` without a Service."""
    port_exists: bool
    """The Service has the port; also true where it translates none (headless, ExternalName) or none is written."""
    nearest: str
    """For ``no-service``: the name that is most like it as the workload would write it, else ``none``."""


@dataclass(frozen=True, kw_only=True)
class MissingService(Fact):
    """A name that something is called by while there is a workload of that name, and no Service leads to it."""

    kind: ClassVar[str] = "missing_service"

    namespace: str
    name: str
    """Of the Service that is missing, and of the workload."""
    configured_in: str
    """Who is configured to call it: ``WEB_ADDR of Deployment till``; empty: only the symptom says that it is called."""
    workload_type: str
    ready_pods: int


@dataclass(frozen=True, kw_only=True)
class ClientDns(Fact):
    """Whom the Pods of a workload ask for names.

    Source: dnsPolicy, dnsConfig and hostNetwork of a Pod.
    """

    kind: ClassVar[str] = "client_dns"

    namespace: str
    workload: str
    workload_type: str
    role: str
    """As of ``client_address``; ``other`` does not occur."""
    ready: bool
    """All of its Pods that were looked at are Ready."""
    host_network: bool
    dns_policy: str
    """As written; ClusterFirst if nothing is."""
    asks: str
    """``cluster`` (the cluster's DNS), ``node`` (what the Node's own resolv.conf names) or ``foreign`` (nameservers of
    dnsConfig, none of which is the cluster's)."""
    nameservers: str
    """Of dnsConfig: ``8.8.8.8, 1.1.1.1``; ``none`` without any."""
    cluster_dns: str
    """The address of the cluster's DNS; ``unknown`` where that was not needed."""
    searches: str
    """Of dnsConfig; ``none`` without any."""
    short_names: bool
    """Names of Services without ``.svc.DOMAIN`` are completed: by ClusterFirst, or by the searches of dnsConfig."""
    ndots: int
    """Of dnsConfig; 0 where none is written (the cluster's usual is 5)."""
    wants_cluster_names: bool
    """The symptom is about something in the cluster, or the workload is configured with a name of the cluster."""
    calls: str
    """A name of the cluster that it is configured with; empty if none was found."""
    calls_short_name: bool
    """That name is not a full one: only a search list completes it."""
    alpine: bool
    """An image of it says that it is made from Alpine, whose C library (musl) looks names up in its own way."""
    hosts_entries: int
    """Names that its hostAliases put into /etc/hosts."""


@dataclass(frozen=True, kw_only=True)
class ClientProxy(Fact):
    """A proxy in a client's environment, and whether calls to the symptom's Service are exempt from it.

    Source: ``http_proxy`` and the like of a container, and its ``no_proxy``. Which of them a program heeds is its own
    affair: most read both cases, curl only the small ``http_proxy``.
    """

    kind: ClassVar[str] = "client_proxy"

    namespace: str
    workload: str
    workload_type: str
    variable: str
    proxy: str
    """Host and port: ``proxy.example.com:3128``."""
    no_proxy: str
    """As written, at most 200 characters; ``not set``."""
    service_namespace: str
    service: str
    host: str
    """How the client is configured to call the Service; else its full name."""
    exempt: bool
    """``no_proxy`` has the host, its domain, its address or everything."""


@dataclass(frozen=True, kw_only=True)
class ClientPodAddress(Fact):
    """An address of the Pod network in a client's configuration, which ought to name a Service.

    Source: as of ``client_address``; podCIDRs of the Nodes; the Pods that have the address.
    """

    kind: ClassVar[str] = "client_pod_address"

    namespace: str
    workload: str
    workload_type: str
    where: str
    host: str
    port: int
    pod_range: str
    """Of a Node's podCIDRs, the one that holds the address."""
    pod: str
    """Who has the address now: ``shop/web-1``; empty if nobody has."""
    service: str
    """The Service that the symptom is about: ``web.shop``; ``none known`` if it is about none or several."""
    service_ports: str
    """``80 (http)``; ``none`` without a Service."""


@dataclass(frozen=True, kw_only=True)
class ClientScheme(Fact):
    """The scheme of a URL in a client's configuration, beside what the Service's port is said to speak.

    Source: as of ``client_address``; probes and ports of the Service's Pods, names and appProtocol of its ports.
    """

    kind: ClassVar[str] = "client_scheme"

    namespace: str
    workload: str
    workload_type: str
    where: str
    host: str
    port: int
    scheme: str
    """``http`` or ``https``."""
    service_namespace: str
    service: str
    speaks: str
    """``http`` or ``https``; ``unknown`` where nothing says it, or not all say the same."""
    said_by: str
    """``port name http, readinessProbe HTTP``; ``nothing``."""
    differs: bool
    """It is known what the port speaks, and the client's scheme is the other one."""


@dataclass(frozen=True, kw_only=True)
class UnresolvedVariable(Fact):
    """An address in a workload's environment that names another variable which is not set before it.

    kubelet sets variables in the order of their list, so that the reference stays as it is written. Source: core/v1
    Pods (env); where whole ConfigMaps become environment, only what the list itself shows is told.
    """

    kind: ClassVar[str] = "unresolved_variable"

    namespace: str
    workload: str
    workload_type: str
    role: str
    """``client``, ``backend`` or ``other``."""
    container: str
    variable: str
    reference: str
    """As it stays: ``$(BACKEND_HOST)``."""
    place: str
    """``set behind it`` or ``set nowhere``."""
