"""Ports of Services: where they lead inside the selected Pods, and whether anything listens there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.cluster.errors import ClusterError, Malformed, NoHelper
from bot.cluster.objects import ContainerPort, Pod, Service, ServicePortSpec
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.scope import Scope
from bot.facts.service import BackendConnect, ServicePort
from bot.node import client
from bot.node.requests import target
from bot.node.tried import ConnectResult
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import path_of, pods_in, services_in

T = TypeVar("T")

BACKENDS_TRIED = 3
"""Pods of one Service that are connected to (ours): one may be an exception, three alike are a pattern."""
SERVICES_TRIED = 20
"""Beyond that no connects are made (ours): a diagnosis looks, it does not scan."""


@dataclass(frozen=True, kw_only=True)
class Backends:
    """A Service with a cluster address, and the Pods behind it."""

    service: Service
    pods: Sequence[Pod]

    @property
    def tried(self) -> list[Pod]:
        """The running Pods that are connected to, ready ones first."""
        running = [pod for pod in self.pods if pod.status.phase == "Running" and pod.status.pod_ip]
        return sorted(running, key=lambda pod: not pod.ready)[:BACKENDS_TRIED]

    def targets(self, pod: Pod) -> set[str]:
        """Return where to connect to: the TCP ports the Service leads to in a Pod, and those the Pod declares."""
        led_to = {resolve(port, pod) for port in self.service.spec.ports if port.protocol == "TCP"}
        numbers = led_to | {port.container_port for port in declared(pod, "TCP")}
        return {target(pod.status.pod_ip, number) for number in numbers if number}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """TCP connects to some Pods from one Node, or why they could not be made."""

    node: str
    results: Mapping[str, ConnectResult] | ClusterError

    def answer(self, pod: Pod, port: int) -> str:
        """Return how the connect to a port ended; empty where none was made."""
        if isinstance(self.results, ClusterError) or not port:
            return ""
        result = self.results.get(target(pod.status.pod_ip, port))
        return result.result if result and result.result != "failed" else ""


@probe(ServicePort, reads=(Service, Pod), helper=True)
async def service_port(cluster: Cluster, scope: Scope) -> Iterable[ServicePort]:
    """Follow each port of each Service into its Pods, and find out which of their declared ports is open."""
    backends = await backends_in(cluster, scope)
    attempts = await connect_to(cluster, backends) if len(backends) <= SERVICES_TRIED else {}
    return [port_fact(item, port, attempts) for item in backends for port in item.service.spec.ports]


@probe(BackendConnect, reads=(Service, Pod), helper=True)
async def backend_connect(cluster: Cluster, scope: Scope) -> Iterable[BackendConnect | Unreadable]:
    """Connect to the ports that Services lead to, from the Pods' own Nodes where these have a helper."""
    backends = await backends_in(cluster, scope)
    if len(backends) > SERVICES_TRIED:
        raise CannotTell(Reason.OUT_OF_SCOPE, f"more than {SERVICES_TRIED} Services are not connected to: name one")
    attempts = await connect_to(cluster, backends)
    return [
        connect_fact(item.service, port, pod, attempts[pod.spec.node_name])
        for item in backends
        for port in item.service.spec.ports
        for pod in item.tried
        if port.protocol == "TCP" and resolve(port, pod)
    ]


async def backends_in(cluster: Cluster, scope: Scope) -> list[Backends]:
    """Return the Services whose ports are translated. A headless one's clients choose the port themselves."""
    services, every_pod = await services_in(cluster, scope), await pods_in(cluster, scope)
    return [
        Backends(service=service, pods=every_pod.selected_by(service))
        for service in services
        if service.spec.selector and service.spec.cluster_ip != "None"
    ]


async def connect_to(cluster: Cluster, backends: Iterable[Backends]) -> dict[str, Attempt]:
    """Connect to Pods from their own Nodes, or from another that has a helper; return attempts by the Pods' Node."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for item in backends:
        for pod in item.tried:
            wanted[pod.spec.node_name] |= item.targets(pod)
    answers = await client.connects(cluster, wanted)
    attempts = {node: Attempt(node=node, results=answer) for node, answer in answers.items()}
    left = {node for node, answer in answers.items() if isinstance(answer, NoHelper)}
    stand_in = next(iter(await cluster.helper_nodes()), "") if left else ""
    if stand_in:
        again = await client.connects(cluster, {stand_in: set().union(*(wanted[node] for node in left))})
        attempts |= {node: Attempt(node=stand_in, results=again[stand_in]) for node in left}
    return attempts


def port_fact(backends: Backends, port: ServicePortSpec, attempts: Mapping[str, Attempt]) -> ServicePort:
    """Return where one port of a Service leads."""
    service, pods = backends.service, backends.pods
    ports = {(item.container_port, in_words(item)) for pod in pods for item in declared(pod, port.protocol)}
    numbers = sorted({number for number, _ in ports})
    named = [item for pod in pods for item in declared(pod, port.protocol)]
    resolved = next((number for pod in pods if (number := resolve(port, pod))), 0)
    made = [(pod, attempts[pod.spec.node_name]) for pod in backends.tried if pod.spec.node_name in attempts]
    listening = {number for pod, attempt in made for number in numbers if attempt.answer(pod, number) == "open"}
    origins = sorted({attempt.node for _, attempt in made if not isinstance(attempt.results, ClusterError)})
    is_tcp = port.protocol == "TCP"
    return ServicePort(
        namespace=service.metadata.namespace,
        name=service.metadata.name,
        port=port.port,
        port_name=port.name,
        protocol=port.protocol,
        target_port=str(port.target_port or port.port),
        target_is_name=isinstance(port.target_port, str),
        resolved_port=resolved,
        declared=resolved in numbers,
        declared_as=other_protocol(backends, port.protocol, resolved) if resolved not in numbers else "",
        declared_ports=", ".join(words for _, words in sorted(ports)) or "none",
        target_called=the_one({one.name for one in named if one.container_port == resolved}, ""),
        port_of_name=the_one({one.container_port for one in named if port.name and one.name == port.name}, 0),
        only_declared_port=numbers[0] if len(numbers) == 1 else 0,
        listening_port=listening.pop() if is_tcp and len(listening) == 1 else 0,
        target_answers=summed_up(attempt.answer(pod, resolve(port, pod)) for pod, attempt in made if is_tcp),
        selected_pods=len(pods),
        source="; TCP connects from ".join(filter(None, (path_of(service), ", ".join(origins)))),
    )


def other_protocol(backends: Backends, protocol: str, number: int) -> str:
    """Return the protocol of a container port with that number, unless the Service has a port for that as well."""
    containers = [container for pod in backends.pods for container in pod.spec.containers]
    found = {port.protocol for container in containers for port in container.ports if port.container_port == number}
    served = {
        port.protocol
        for port in backends.service.spec.ports
        if any(resolve(port, pod) == number for pod in backends.pods)
    }
    return next(iter(sorted(found - served - {protocol})), "")


def summed_up(answers: Iterable[str]) -> str:
    """Return in one word how connects to several Pods ended."""
    given = set(filter(None, answers))
    if len(given) > 1:
        return "mixed" if "open" in given else "closed"
    return given.pop() if given else "untried"


def connect_fact(service: Service, port: ServicePortSpec, pod: Pod, attempt: Attempt) -> BackendConnect | Unreadable:
    """Return how a connect to one Pod ended."""
    if isinstance(attempt.results, ClusterError):
        return Unreadable(of=BackendConnect, subject=pod.spec.node_name, error=attempt.results)
    number = resolve(port, pod)
    where = target(pod.status.pod_ip, number)
    result = attempt.results[where]
    if result.result == "failed":
        problem = Malformed(f"{attempt.node} could not connect to {where}: {result.error}")
        return Unreadable(of=BackendConnect, subject=pod.metadata.name, error=problem)
    return BackendConnect(
        namespace=pod.metadata.namespace,
        service=service.metadata.name,
        pod=pod.metadata.name,
        pod_ip=pod.status.pod_ip,
        port=number,
        node=attempt.node,
        same_node=attempt.node == pod.spec.node_name,
        result=result.result,
        connect_us=result.us,
        source=f"{attempt.node}: TCP connect to {where}",
    )


def resolve(port: ServicePortSpec, pod: Pod) -> int:
    """Return the number that a Service's port means in a Pod; 0 for a name that no container of it declares."""
    if isinstance(port.target_port, int):
        return port.target_port or port.port
    named = (item.container_port for item in declared(pod, port.protocol) if item.name == port.target_port)
    return next(named, 0)


def declared(pod: Pod, protocol: str) -> list[ContainerPort]:
    """Return the ports of one protocol that a Pod's containers declare."""
    return [port for container in pod.spec.containers for port in container.ports if port.protocol == protocol]


def the_one(found: Collection[T], otherwise: T) -> T:
    """Return what a collection holds if it is one thing."""
    return next(iter(found)) if len(found) == 1 else otherwise


def in_words(port: ContainerPort) -> str:
    """Return a container port as ``8080 (http)``."""
    return f"{port.container_port} ({port.name})" if port.name else str(port.container_port)
