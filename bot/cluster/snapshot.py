"""Recording a cluster: everything that a diagnosis of any symptom in it would read."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import cast

import msgspec

from bot.cluster import corefile, rehearse
from bot.cluster.bundle import Bundle, Failure, HelperRecord
from bot.cluster.cache import CachedCluster
from bot.cluster.errors import ClusterError
from bot.cluster.objects import OBJECT_TYPES, ConfigMap, DaemonSet, EndpointSlice, Lease, Node, Object, Pod, Service
from bot.cluster.port import METRICS, READYZ, Cluster, T
from bot.cluster.redact import CONFIG_MAPS
from bot.cluster.rehearse_tiers import Known, ask_higher_tiers
from bot.cluster.selectors import selects
from bot.node import client, clock, programs, ways
from bot.node.meters import meters
from bot.node.requests import WINDOW_SECONDS, target
from bot.node.sampled import Sample
from bot.node.targets import DNS_DOMAIN

SYSTEM_NAMESPACE = "kube-system"
"""Recorded always: kube-proxy, the DNS and most CNIs live there."""
LISTED = tuple(of for of in OBJECT_TYPES if of is not ConfigMap)
EVERYWHERE = (ConfigMap, DaemonSet, Lease)
"""Recorded in all namespaces always: how a CNI is recognised and set up, wherever it was installed."""

BACKENDS_TRIED = 3
"""Pods of one Service that are connected to, as many as :mod:`bot.probes.ports` looks at."""
MAX_TARGETS = 500
"""Of all connects together (ours): a recording looks, it does not scan."""
MAX_HISTORIES = 50
"""Nodes of which the last 15 minutes are recorded (ours): up to 4 MiB each."""
MAX_CONFIG_NAMESPACES = 10
"""Namespaces with DaemonSets in which ConfigMaps are looked for (ours)."""
MAX_USED_CONFIG_MAPS = 300
"""ConfigMaps of workloads of which the addresses are recorded (ours)."""
MAX_LOGS = 200
"""kube-proxy Pods whose log's beginning is recorded (ours)."""


async def record(
    cluster: Cluster,
    *,
    namespaces: Iterable[str] = (),
    also: Callable[[Cluster], Awaitable[object]] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Bundle:
    """Return a recording of some namespaces, or of all. What cannot be read is recorded as that.

    Args:
        cluster: Usually live.
        namespaces: Besides ``kube-system`` and what has no namespace; empty: all.
        also: A diagnosis, whose questions to the node helpers are recorded too: those about a host outside are no
            others'.
        progress: Told what is read next.

    Raises:
        ClusterError: The cluster does not even tell its version.
    """
    wanted = set(namespaces)
    chosen = tuple(sorted(wanted | {SYSTEM_NAMESPACE})) if wanted else ()
    recording = Recording(cluster)
    started, version = cluster.now(), await cluster.server_version()
    progress("Reading objects")
    await recording.read_objects(chosen)
    await recording.read_config_maps()
    progress("Reading the logs of kube-proxy, and the health of the API server")
    await asyncio.gather(recording.read_logs(), recording.read_health())
    progress("Asking the node helpers")
    await recording.ask_helpers()
    if also:
        await also(recording)
    return Bundle(
        recorded_at=started,
        context=cluster.context,
        server_version=version,
        namespaces=chosen,
        everywhere=tuple(of.resource.permission for of in EVERYWHERE) if chosen else (),
        objects={of.resource.permission: recording.encoded(of) for of in OBJECT_TYPES},
        unreadable=recording.unreadable,
        logs=recording.known_logs,
        checks=recording.known_checks,
        metrics=recording.known_metrics,
        helpers={
            node: HelperRecord(pod=pod, answers=recording.answers[node], failures=recording.failures[node])
            for node, pod in recording.helpers.items()
        },
        notes=(*cluster.notes, *recording.left_out),
    )


class Recording(CachedCluster):
    """A cluster that writes down what is read of it, and what cannot be read."""

    def __init__(self, cluster: Cluster) -> None:
        """Start with nothing."""
        super().__init__(cluster)
        self.objects: dict[type[Object], list[Object]] = {of: [] for of in OBJECT_TYPES}
        self.unreadable: dict[str, Failure] = {}
        self.known_logs: dict[str, str] = {}
        self.known_checks: dict[str, bool] | None = None
        self.known_metrics: tuple[dict[str, float], ...] = ()
        self.helpers: dict[str, str] = {}
        self.answers: dict[str, dict[str, str]] = defaultdict(dict)
        self.failures: dict[str, dict[str, Failure]] = defaultdict(dict)
        self.left_out: list[str] = []

    async def read_objects(self, namespaces: Collection[str]) -> None:
        """List every type but ConfigMaps, in some namespaces or in all at once."""

        async def read(of: type[Object], namespace: str, place: str) -> None:
            try:
                self.objects[of] += await self.list(of, namespace=namespace)
            except ClusterError as problem:
                self.unreadable[of.resource.permission + place] = Failure.of(problem)

        async with asyncio.TaskGroup() as group:
            for of in LISTED:
                if not namespaces or not of.resource.namespaced or of in EVERYWHERE:
                    group.create_task(read(of, "", ""))
                    continue
                for namespace in namespaces:
                    group.create_task(read(of, namespace, f"@{namespace}"))

    async def read_config_maps(self) -> None:
        """Get the known ConfigMaps where they may be, beside a DaemonSet, and those that Pods use; no others."""

        async def read(namespace: str, name: str) -> None:
            try:
                self.objects[ConfigMap] += await self.list(
                    ConfigMap, namespace=namespace, fields=f"metadata.name={name}"
                )
            except ClusterError as problem:
                self.unreadable[f"{ConfigMap.resource.permission}@{namespace}"] = Failure.of(problem)

        namespaces = sorted({SYSTEM_NAMESPACE, *(item.metadata.namespace for item in self._recorded(DaemonSet))})
        known = [(namespace, name) for namespace in namespaces[:MAX_CONFIG_NAMESPACES] for name in CONFIG_MAPS]
        used = sorted({(pod.metadata.namespace, name) for pod in self._recorded(Pod) for name in pod.config_maps})
        if used[MAX_USED_CONFIG_MAPS:]:
            self.left_out.append(f"{MAX_USED_CONFIG_MAPS} ConfigMaps of workloads were recorded, of {len(used)}.")
        async with asyncio.TaskGroup() as group:
            for namespace, name in dict.fromkeys((*known, *used[:MAX_USED_CONFIG_MAPS])):
                group.create_task(read(namespace, name))

    async def read_logs(self) -> None:
        """Read the beginning of kube-proxy's logs, where it says which mode it chose."""

        async def read(name: str) -> None:
            place = f"{SYSTEM_NAMESPACE}/{name}"
            try:
                self.known_logs[place] = await self.logs(namespace=SYSTEM_NAMESPACE, pod=name)
            except ClusterError as problem:
                self.unreadable[f"pods/log@{place}"] = Failure.of(problem)

        names = [pod.metadata.name for pod in self._recorded(Pod) if pod.metadata.namespace == SYSTEM_NAMESPACE]
        async with asyncio.TaskGroup() as group:
            for name in [name for name in names if name.startswith("kube-proxy")][:MAX_LOGS]:
                group.create_task(read(name))

    async def read_health(self) -> None:
        """Read what the API server says of itself."""
        try:
            self.known_checks = await self.checks()
        except ClusterError as problem:
            self.unreadable[READYZ] = Failure.of(problem)
        try:
            self.known_metrics = await self.metrics(seconds=WINDOW_SECONDS)
        except ClusterError as problem:
            self.unreadable[METRICS] = Failure.of(problem)

    async def ask_helpers(self) -> None:
        """Ask the helpers for samples, names, and connects to each Service and the Pods behind it."""
        try:
            self.helpers = await self.helper_nodes()
        except ClusterError as problem:
            self.unreadable["pods/exec"] = Failure.of(problem)
            return
        targets = self._targets()
        nodes = list(self.helpers)
        await asyncio.gather(
            client.samples(self, nodes), client.histories(self, nodes[:MAX_HISTORIES]), clock.clocks(self, nodes)
        )
        if nodes[MAX_HISTORIES:]:
            self.left_out.append(f"The last 15 minutes of {MAX_HISTORIES} Nodes were recorded, of {len(nodes)}.")
        await client.connects(self, targets)
        await self._meter(nodes[: rehearse.MAX_NODES])
        await self._rehearse(nodes[: rehearse.MAX_NODES])
        await self._measure(nodes[: rehearse.MAX_NODES])
        known = Known(
            services=self._recorded(Service),
            pods=self._recorded(Pod),
            slices=self._recorded(EndpointSlice),
            domain=self._domain(),
        )
        await ask_higher_tiers(self, nodes[: rehearse.MAX_NODES], known)

    async def _meter(self, nodes: Sequence[str]) -> None:
        """Let Nodes read the metrics of programs: two looks, as a diagnosis takes."""
        slices = [item for item in self._recorded(EndpointSlice) if item.metadata.namespace == "default"]
        etcd = programs.etcd_members(self._recorded(Node), self.helpers, slices)
        dns = programs.dns_servers(rehearse.dns_pods(self._recorded(Service), self._recorded(Pod)), self.helpers)
        asked = (programs.by_node(etcd), programs.by_node(programs.kube_proxies(nodes)), programs.by_node(dns))
        await asyncio.gather(*(meters(self, wanted) for wanted in asked))

    async def _rehearse(self, nodes: Collection[str]) -> None:
        """Let Nodes look names up, and connect to Services' own addresses."""
        services, pods = self._recorded(Service), self._recorded(Pod)
        names = rehearse.names_to_ask(services, pods, domain=self._domain())
        addresses = rehearse.addresses_to_try(services, self._recorded(EndpointSlice))
        await client.resolves(self, dict.fromkeys(nodes, names))
        await client.reaches(self, dict.fromkeys(nodes, addresses))

    def _domain(self) -> str:
        """Return the cluster's DNS domain."""
        zones = (corefile.zone(item.data.get("Corefile", "")) for item in self._recorded(ConfigMap))
        return next(filter(None, zones), DNS_DOMAIN)

    async def _measure(self, nodes: Sequence[str]) -> None:
        """Let Nodes measure the ways between them, and to Pods."""
        slices = [item for item in self._recorded(EndpointSlice) if item.metadata.namespace == "default"]
        ends = {}
        for node, answer in (await client.samples(self, nodes)).items():
            with contextlib.suppress(ClusterError):
                ends[node] = ways.tunnel_ends(answer) if isinstance(answer, Sample) else set()
        rows, sizes = rehearse.ways_to_measure(
            nodes, ways.addresses(self._recorded(Node)), ways.api_servers(slices), ends
        )
        await asyncio.gather(client.series(self, rows), client.sizes(self, sizes))
        await client.series(self, rehearse.pods_to_try(nodes, self._recorded(Pod), self._recorded(Service)))

    async def ask_helper(self, node: str, request: tuple[str, ...], *, timeout_seconds: float = 15.0) -> bytes:
        """Return the answer of a Node's helper, and write it down."""
        key = " ".join(request)
        try:
            answer = await super().ask_helper(node, request, timeout_seconds=timeout_seconds)
        except ClusterError as problem:
            self.failures[node][key] = Failure.of(problem)
            raise
        # A sample over a window of another length answers for this one.
        if request[0] != "sample" or not any(known.startswith("sample ") for known in self.answers[node]):
            self.answers[node][key] = answer.decode(errors="replace")
        return answer

    def _targets(self) -> Mapping[str, set[str]]:
        """Return where to connect to, by the Node to connect from: the Pod's own, or one that stands in for it."""
        running: dict[str, list[Pod]] = defaultdict(list)
        for pod in self._recorded(Pod):
            if pod.alive and pod.status.phase == "Running" and pod.status.pod_ip:
                running[pod.metadata.namespace].append(pod)
        found: dict[str, set[str]] = defaultdict(set)
        count = 0
        for service in self._recorded(Service) if self.helpers else ():
            for pod in _backends(service, running[service.metadata.namespace]):
                node = pod.spec.node_name if pod.spec.node_name in self.helpers else next(iter(self.helpers))
                new = {target(pod.status.pod_ip, number) for number in _tcp_ports(service, pod)} - found[node]
                if count + len(new) > MAX_TARGETS:
                    self.left_out.append(f"Not every Service was connected to: the limit is {MAX_TARGETS} ports.")
                    return found
                count += len(new)
                found[node] |= new
        return found

    def encoded(self, of: type[Object]) -> msgspec.Raw:
        """Return the objects of a type as they stand in a bundle."""
        found = sorted(self.objects[of], key=lambda obj: (obj.metadata.namespace, obj.metadata.name))
        return msgspec.Raw(msgspec.json.encode(found))

    def _recorded(self, of: type[T]) -> list[T]:
        return cast("list[T]", self.objects[of])


def _backends(service: Service, pods: Iterable[Pod]) -> list[Pod]:
    if not service.spec.selector:
        return []
    selected = [pod for pod in pods if selects(service.spec.selector, pod.metadata.labels)]
    return sorted(selected, key=lambda pod: not pod.ready)[:BACKENDS_TRIED]


def _tcp_ports(service: Service, pod: Pod) -> set[int]:
    """Return the TCP ports that a Service may lead to in a Pod: those it names by number, and all that are declared."""
    ports = [port for port in service.spec.ports if port.protocol == "TCP"]
    by_number = {port.target_port or port.port for port in ports if isinstance(port.target_port, int)}
    declared = {
        port.container_port for container in pod.spec.containers for port in container.ports if port.protocol == "TCP"
    }
    return (by_number | declared) - {0}
