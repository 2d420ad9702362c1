"""What belongs to an object: the Pods behind a Service, the Services before a workload, the Nodes below both."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bot.cluster.objects import EndpointSlice, Ingress, IngressHostRule, Node, Pod, Service
from bot.cluster.selectors import selects
from bot.diagnosis.gateways import ENTRY_KINDS, serves, services_behind
from bot.diagnosis.inventory import Home, Inventory, subject_of
from bot.diagnosis.lookup import OUTSIDE, SERVICE_LABEL, Found, entry_addresses, has_address
from bot.facts.scope import Subject
from bot.node.targets import DNS_DOMAIN
from bot.probes.external import has_port
from bot.probes.narrow import CONTROL_PLANE
from bot.probes.reading import DNS_LABEL, SYSTEM_NAMESPACE, Pods, is_dns, key_of, owner_of
from bot.probes.workload import AnyWorkload, provides

T = TypeVar("T")


@dataclass
class Surroundings:
    """One end of a path with all that belongs to it."""

    services: list[Service] = field(default_factory=list)
    pods: list[Pod] = field(default_factory=list)
    """Alive, ready or not."""
    workloads: list[AnyWorkload] = field(default_factory=list)
    others: list[Subject] = field(default_factory=list)
    """Ingresses, Jobs, namespaces, a host outside."""
    nodes: list[str] = field(default_factory=list)
    """Those that are this end themselves."""
    outside_port: int = 0
    endpoints: tuple[str, ...] = ()
    """Addresses behind a Service that selects no Pods."""
    endpoint_nodes: tuple[str, ...] = ()
    is_pod: bool = False
    """It is one Pod that was named, by its name or its address."""

    @property
    def host(self) -> str:
        """The host outside, named or behind an ExternalName; empty if this end lies in the cluster."""
        named = (other.name for other in self.others if other.kind == OUTSIDE)
        return next(named, "") or next(filter(None, map(outside_name, self.services)), "")

    def entry_address(self, address: str) -> str:
        """Return an address if it is where a load balancer takes connections for these Services; else nothing."""
        return address if any(address in entry_addresses(service) for service in self.services) else ""

    @property
    def found(self) -> bool:
        """Something is here."""
        return bool(self.services or self.pods or self.workloads or self.others or self.nodes)

    def entry_ports(self) -> set[int]:
        """Return the nodePorts and hostPorts."""
        node_ports = {port.node_port for service in self.services for port in service.spec.ports}
        containers = (container for pod in self.pods for container in pod.spec.containers)
        return (node_ports | {port.host_port for container in containers for port in container.ports}) - {0}

    def subjects(self) -> set[Subject]:
        """Return everything, with the owners of the Pods and their Nodes."""
        objects = {subject_of(item) for item in (*self.services, *self.pods, *self.workloads)}
        owners = {owner_of(pod) for pod in self.pods}
        nodes = {Subject("Node", "", name) for name in (*self.nodes, *nodes_of(self.pods))}
        return objects | owners | nodes | set(self.others)

    def add(self, other: Surroundings) -> None:
        """Take in another one, each object once."""
        self.services = once((*self.services, *other.services), key_of)
        self.pods = once((*self.pods, *other.pods), key_of)
        self.workloads = once((*self.workloads, *other.workloads), subject_of)
        self.others = once((*self.others, *other.others), lambda item: item)
        self.nodes = once((*self.nodes, *other.nodes), lambda item: item)
        self.outside_port = self.outside_port or other.outside_port
        self.endpoints = self.endpoints or other.endpoints
        self.endpoint_nodes = self.endpoint_nodes or other.endpoint_nodes


def once(items: Iterable[T], key: Callable[[T], Hashable]) -> list[T]:
    """Return each item once, in their order."""
    return list({key(item): item for item in items}.values())


async def around(found: Found, inventory: Inventory) -> Surroundings:
    """Return what belongs to the object that a word means, or to all that are meant together."""
    if not found.subjects:
        return Surroundings()
    here = await around_one(found.subjects[0], found, inventory)
    for subject in found.subjects[1:] if found.together else ():
        here.add(await around_one(subject, found, inventory))
    return here


async def around_one(subject: Subject, found: Found, inventory: Inventory) -> Surroundings:
    """Return what belongs to one object."""
    mention = found.mention
    match subject.kind:
        case "OutsideHost":
            here = Surroundings(others=[subject], outside_port=found.port or mention.port)
        case "Node":
            here = await on_node(subject.name, mention.port, inventory)
        case kind if kind in ENTRY_KINDS:
            here = await behind_entry(subject, mention.name, mention.path, inventory)
        case "Namespace":
            home = await inventory.home(subject.name)
            here = Surroundings(
                services=list(home.services), pods=list(home.pods), workloads=list(home.workloads), others=[subject]
            )
        case "Service":
            here = await behind_service(subject, inventory)
        case _:
            here = around_object(subject, await inventory.home(subject.namespace))
            here.is_pod = subject.kind == "Pod"
    return here


async def behind_service(subject: Subject, inventory: Inventory) -> Surroundings:
    """Return a Service and its Pods; where it has none, the addresses that somebody wrote down for it."""
    here = around_object(subject, await inventory.home(subject.namespace))
    if here.services and not (here.pods or here.host):
        await add_endpoints(here, subject, inventory)
    return here


async def add_endpoints(here: Surroundings, service: Subject, inventory: Inventory) -> None:
    """Add the addresses that somebody wrote down for a Service, and the Nodes of the control plane that have them."""
    label = f"{SERVICE_LABEL}={service.name}"
    slices = await inventory.read(EndpointSlice, namespace=service.namespace, labels=label)
    labelled = await asyncio.gather(*(inventory.read(Node, labels=label) for label in CONTROL_PLANE))
    addresses = dict.fromkeys(address for item in slices for end in item.endpoints for address in end.addresses)
    port = next((f":{port.port}" for item in slices for port in item.ports), "")
    here.endpoints = tuple(f"{address}{port}" for address in addresses)
    homes = (node.metadata.name for nodes in labelled for node in nodes if any(has_address(node, a) for a in addresses))
    here.endpoint_nodes = tuple(dict.fromkeys(homes))


def around_object(subject: Subject, home: Home) -> Surroundings:
    """Return what belongs to a Service, a workload, a Job or a Pod."""
    match subject.kind:
        case "Service":
            services = [item for item in home.services if item.metadata.name == subject.name]
            pods = [pod for item in services for pod in Pods(home.pods).selected_by(item)]
            namesakes = [item for item in home.workloads if item.metadata.name == subject.name]
            # A Service that selects nothing is meant for the workload of its name.
            pods = pods or pods_of(namesakes, home)
        case "Pod":
            pods = [pod for pod in home.pods if pod.metadata.name == subject.name]
            services, namesakes = selecting(pods, home), []
        case "Deployment" | "StatefulSet" | "DaemonSet":
            namesakes = [item for item in home.workloads if subject_of(item) == subject]
            pods = pods_of(namesakes, home)
            services = [item for item in home.services if any(provides(each, item) for each in namesakes)]
        case _:
            pods = [pod for pod in home.pods if owner_of(pod) == subject]
            services, namesakes = selecting(pods, home), []
    owners = {owner_of(pod) for pod in pods}
    workloads = [
        item
        for item in home.workloads
        if item in namesakes or subject_of(item) in owners or any(provides(item, service) for service in services)
    ]
    others = sorted(owner for owner in owners if owner.kind in ("Job", "ReplicaSet"))
    return Surroundings(services=services, pods=pods, workloads=workloads, others=others)


def pods_of(workloads: Iterable[AnyWorkload], home: Home) -> list[Pod]:
    """Return the Pods of workloads, by their selectors."""
    return [
        pod
        for pod in home.pods
        if any(
            item.metadata.namespace == pod.metadata.namespace and selects(item.spec.selector, pod.metadata.labels)
            for item in workloads
        )
    ]


def selecting(pods: Iterable[Pod], home: Home) -> list[Service]:
    """Return the Services that select at least one of the Pods."""
    known = list(pods)
    return [
        service
        for service in home.services
        if service.spec.selector and any(selects(service.spec.selector, pod.metadata.labels) for pod in known)
    ]


async def on_node(name: str, port: int, inventory: Inventory) -> Surroundings:
    """Return a Node; with a port, also the Service or the Pods that are reached through it."""
    here = Surroundings(nodes=[name])
    if not port:
        return here
    services, pods = await asyncio.gather(inventory.read(Service), inventory.read(Pod, fields=f"spec.nodeName={name}"))
    for service in services:
        if any(item.node_port == port for item in service.spec.ports):
            here.add(around_object(subject_of(service), await inventory.home(service.metadata.namespace)))
    for pod in pods:
        if pod.alive and has_port(pod, port):
            here.add(around_object(subject_of(pod), await inventory.home(pod.metadata.namespace)))
    return here


async def with_host_port(port: int, namespace: str, inventory: Inventory) -> Surroundings:
    """Return the Pods of a namespace with a hostPort, whatever Node they run on."""
    home, here = await inventory.home(namespace), Surroundings()
    for pod in home.pods:
        if has_port(pod, port):
            here.add(around_object(subject_of(pod), home))
    return here


async def behind_ingress(subject: Subject, host: str, path: str, inventory: Inventory) -> Surroundings:
    """Return an Ingress and what its rules for a host and a path lead to; all its rules if none is for them."""
    every = await inventory.read(Ingress, namespace=subject.namespace)
    [ingress] = [item for item in every if item.metadata.name == subject.name] or [Ingress()]
    rules = [rule for rule in ingress.spec.rules if serves(rule.host, host)] or list(ingress.spec.rules)
    names = dict.fromkeys((*backends_of(rules, path), ingress.spec.default_backend.service.name))
    home, here = await inventory.home(subject.namespace), Surroundings(others=[subject])
    for name in names:
        here.add(around_object(Subject("Service", subject.namespace, name), home))
    return here


async def behind_entry(subject: Subject, host: str, path: str, inventory: Inventory) -> Surroundings:
    """Return an Ingress, or a route or a gateway of the Gateway API, and what it leads to."""
    if subject.kind == "Ingress":
        return await behind_ingress(subject, host, path, inventory)
    here = Surroundings(others=[subject])
    for service in await services_behind(subject, inventory):
        here.add(around_object(service, await inventory.home(service.namespace)))
    return here


def outside_name(service: Service) -> str:
    """Return the host that an ExternalName stands for; empty if that is a Service again, or it is none."""
    name = service.spec.external_name.rstrip(".") if service.spec.type == "ExternalName" else ""
    return "" if name.endswith((".svc", f".svc.{DNS_DOMAIN}")) else name


def backends_of(rules: Sequence[IngressHostRule], path: str) -> list[str]:
    """Return the names of the Services that rules send a path to: those of its longest prefix, else all."""
    paths = [item for rule in rules for item in rule.http.paths]
    fitting = [item for item in paths if path and path.startswith(item.path.rstrip("/") or "/")]
    longest = max((len(item.path) for item in fitting), default=0)
    return [
        item.backend.service.name for item in paths if not fitting or (item in fitting and len(item.path) == longest)
    ]


async def cluster_dns(inventory: Inventory) -> Surroundings:
    """Return the DNS Service with what answers behind it."""
    key, value = DNS_LABEL
    services, pods = await asyncio.gather(
        inventory.read(Service, namespace=SYSTEM_NAMESPACE, labels=f"{key}={value}"),
        inventory.read(Pod, namespace=SYSTEM_NAMESPACE, labels=f"{key}={value}"),
    )
    if not services:
        services = [item for item in await inventory.read(Service, namespace=SYSTEM_NAMESPACE) if is_dns(item)]
    return Surroundings(services=services, pods=[pod for pod in pods if pod.alive])


def nodes_of(pods: Iterable[Pod]) -> list[str]:
    """Return the Nodes that Pods run on, each once."""
    return list(dict.fromkeys(pod.spec.node_name for pod in pods if pod.spec.node_name))


def sample(pods: Iterable[Pod], most: int, *, nodes: Sequence[str] = (), troubled_first: bool = False) -> list[Pod]:
    """Return at most so many Pods, from as many Nodes as possible.

    Those on ``nodes`` come first, and before them, if asked for, those that are not ready.
    """
    by_node: dict[tuple[bool, str], list[Pod]] = defaultdict(list)
    for pod in sorted(pods, key=lambda pod: (pod.metadata.namespace, pod.metadata.name)):
        by_node[troubled_first and not pod.ready, pod.spec.node_name].append(pod)
    turns = [
        (not troubled, node not in nodes, turn, node, pod)
        for (troubled, node), group in by_node.items()
        for turn, pod in enumerate(group)
    ]
    return [pod for *_, pod in sorted(turns, key=lambda item: item[:4])][:most]
