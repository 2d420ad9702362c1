"""What exists in a cluster, read as far as it is asked for: one namespace before all, one name before many."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.cluster.errors import Absent, ClusterError, NotFound, NotRecorded, Unreachable
from bot.cluster.objects import (
    DaemonSet,
    Deployment,
    EndpointSlice,
    Gateway,
    GRPCRoute,
    HTTPRoute,
    Ingress,
    Namespace,
    Node,
    Object,
    Pod,
    Service,
    StatefulSet,
    TCPRoute,
    TLSRoute,
)
from bot.cluster.port import Cluster, T
from bot.facts.scope import Subject
from bot.probes.reading import owner_of
from bot.probes.workload import AnyWorkload

READS: tuple[type[Object], ...] = (
    DaemonSet,
    Deployment,
    EndpointSlice,
    Gateway,
    GRPCRoute,
    HTTPRoute,
    Ingress,
    Namespace,
    Node,
    Pod,
    Service,
    StatefulSet,
    TCPRoute,
    TLSRoute,
)
"""What is read to find out what the words of a symptom mean."""

KIND_ORDER = ("Service", "Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "Pod")
"""Objects of one name belong together; the one that stands first here stands for them."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """What a namespace holds, or all of them; Pods only those that are alive."""

    services: tuple[Service, ...] = ()
    workloads: tuple[AnyWorkload, ...] = ()
    pods: tuple[Pod, ...] = ()

    def subjects(self) -> Iterable[Subject]:
        """Yield every object, and the owners of Pods that are no workload, such as a Job."""
        yield from map(subject_of, (*self.services, *self.workloads))
        yield from dict.fromkeys(map(owner_of, self.pods))
        yield from map(subject_of, self.pods)

    def by_name(self, kind: str = "") -> dict[tuple[str, str], Subject]:
        """Return one object for each name in each namespace; of the kind if one is given."""
        wanted = [subject for subject in self.subjects() if subject.kind == kind or not kind]
        known = [subject for subject in wanted if subject.kind in KIND_ORDER]
        ordered = sorted(known, key=lambda subject: KIND_ORDER.index(subject.kind), reverse=True)
        return {(subject.namespace, subject.name): subject for subject in ordered}


@dataclass
class Inventory:
    """Reads of one resolution. One that fails gives nothing and is noted; only :meth:`check` complains."""

    cluster: Cluster
    notes: list[str] = field(default_factory=list)
    failure: ClusterError | None = None
    """The first."""
    answers: int = 0

    @property
    def complete(self) -> bool:
        """Everything could be read, so what was not found does not exist."""
        return not self.notes

    async def read(self, of: type[T], /, *, namespace: str = "", labels: str = "", fields: str = "") -> list[T]:
        """Return objects; none where they may not be read."""
        try:
            found = await self.cluster.list(of, namespace=namespace, labels=labels, fields=fields)
        except NotRecorded as problem:
            # What a bundle of some namespaces holds can be found in it; that there is no more, it cannot tell.
            self.note(problem)
            parts = [await self.read(of, namespace=held, labels=labels, fields=fields) for held in problem.held]
            return [item for part in parts for item in part]
        except ClusterError as problem:
            self.note(problem)
            return []
        self.answers += 1
        return found

    def note(self, problem: ClusterError) -> None:
        """Remember what could not be read.

        Raises:
            Unreachable: Nothing else could be read either.
        """
        if isinstance(problem, Unreachable):
            raise problem
        self.failure = self.failure or problem
        if not isinstance(problem, Absent) and str(problem) not in self.notes:
            self.notes.append(str(problem))

    def check(self) -> None:
        """Complain if nothing at all could be read.

        Raises:
            ClusterError: The first failure.
        """
        if self.failure is not None and not self.answers:
            raise self.failure

    async def home(self, namespace: str) -> Home:
        """Return what a namespace holds."""
        services, workloads, pods = await asyncio.gather(
            self.read(Service, namespace=namespace),
            self.workloads(namespace=namespace),
            self.read(Pod, namespace=namespace),
        )
        return Home(services=tuple(services), workloads=workloads, pods=tuple(pod for pod in pods if pod.alive))

    async def everywhere(self) -> Home:
        """Return the Services and workloads of all namespaces. Pods are too many, and found through their owners."""
        services, workloads = await asyncio.gather(self.read(Service), self.workloads())
        return Home(services=tuple(services), workloads=workloads)

    async def called(self, name: str) -> Home:
        """Return the Services, workloads and Pods of one name, wherever they are."""
        fields = f"metadata.name={name}"
        services, workloads, pods = await asyncio.gather(
            self.read(Service, fields=fields), self.workloads(fields=fields), self.read(Pod, fields=fields)
        )
        return Home(services=tuple(services), workloads=workloads, pods=tuple(pod for pod in pods if pod.alive))

    async def workloads(self, *, namespace: str = "", fields: str = "") -> tuple[AnyWorkload, ...]:
        """Return Deployments, StatefulSets and DaemonSets."""
        deployments, stateful_sets, daemon_sets = await asyncio.gather(
            self.read(Deployment, namespace=namespace, fields=fields),
            self.read(StatefulSet, namespace=namespace, fields=fields),
            self.read(DaemonSet, namespace=namespace, fields=fields),
        )
        return (*deployments, *stateful_sets, *daemon_sets)

    async def has_namespace(self, name: str) -> bool | None:
        """Tell whether a namespace exists; None if that may not be known."""
        try:
            await self.cluster.get(Namespace, name=name)
        except NotFound:
            self.answers += 1
            return False
        except ClusterError as problem:
            self.note(problem)
            return None
        self.answers += 1
        return True

    async def namespaces(self) -> list[str]:
        """Return the names of all namespaces."""
        return [item.metadata.name for item in await self.read(Namespace)]

    async def nodes(self) -> list[Node]:
        """Return all Nodes."""
        return await self.read(Node)


def subject_of(item: Object) -> Subject:
    """Return an object as a subject."""
    return Subject(type(item).__name__, item.metadata.namespace, item.metadata.name)
