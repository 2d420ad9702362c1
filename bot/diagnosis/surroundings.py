"""What belongs to an object: the Pods behind a Service, the Services before a workload, the Nodes below both."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bot.cluster.objects import Ingress, IngressHostRule, Pod, Service
from bot.cluster.selectors import selects
from bot.diagnosis.inventory import Home, Inventory, subject_of
from bot.diagnosis.lookup import OUTSIDE, Found, serves
from bot.facts.scope import Subject
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

    @property
    def host(self) -> str:
        """The host outside; empty if this end lies in the cluster."""
        return next((other.name for other in self.others if other.kind == OUTSIDE), "")

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


def once(items: Iterable[T], key: Callable[[T], Hashable]) -> list[T]:
    """Return each item once, in their order."""
    return list({key(item): item for item in items}.values())


async def around(found: Found, inventory: Inventory) -> Surroundings:
    """Return what belongs to the one object that a word means."""
    if not found.subjects:
        return Surroundings()
    subject, mention = found.subjects[0], found.mention
    match subject.kind:
        case "OutsideHost":
            return Surroundings(others=[subject], outside_port=found.port or mention.port)
        case "Node":
            return await on_node(subject.name, mention.port, inventory)
        case "Ingress":
            return await behind_ingress(subject, mention.name, mention.path, inventory)
        case "Namespace":
            home = await inventory.home(subject.name)
            return Surroundings(
                services=list(home.services), pods=list(home.pods), workloads=list(home.workloads), others=[subject]
            )
    return around_object(subject, await inventory.home(subject.namespace))


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
        if pod.alive and any(item.host_port == port for c in pod.spec.containers for item in c.ports):
            here.add(around_object(subject_of(pod), await inventory.home(pod.metadata.namespace)))
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
