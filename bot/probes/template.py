"""Pod templates whose ports are in each other's way, or in that of others on the Node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from bot.cluster.objects import Container, DaemonSet, Deployment, Event, Pod, Service, StatefulSet
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.scope import Scope, Subject
from bot.facts.template import ContainerPortConflict, HostPortRequest
from bot.probes.events import TEXT_LENGTH, events_of, text_of
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import Pods, find_services, owner_of, path_of
from bot.probes.workload import AnyWorkload, provides, ready, subject_of, workloads_of

NO_FREE_PORTS = "free ports"
"""kube-scheduler, plugin NodePorts: "node(s) didn't have free ports for the requested pod ports"."""


@probe(ContainerPortConflict, reads=(Service, Deployment, StatefulSet, DaemonSet))
async def container_port_conflict(cluster: Cluster, scope: Scope) -> Iterable[ContainerPortConflict]:
    """Find ports that two containers of one Pod template declare."""
    return [
        ContainerPortConflict(
            namespace=item.metadata.namespace,
            workload=item.metadata.name,
            workload_type=type(item).__name__,
            port=port,
            protocol=protocol,
            containers=" and ".join(names),
            ready_replicas=ready(item),
            source=f"{path_of(item)}, its Pod template",
        )
        for item in await concerned(cluster, scope)
        for (port, protocol), names in declared_by(item.spec.template.spec.containers)
        if len(names) > 1
    ]


@probe(HostPortRequest, reads=(Service, Deployment, StatefulSet, DaemonSet, Pod, Event))
async def host_port_request(cluster: Cluster, scope: Scope) -> Iterable[HostPortRequest]:
    """Find the ports of Nodes that Pod templates ask for, and what keeps them from getting these."""
    asking = [item for item in await concerned(cluster, scope) if host_ports(item.spec.template.spec.containers)]
    found: list[HostPortRequest] = []
    for namespace in sorted({item.metadata.namespace for item in asking}):
        pods = Pods(await cluster.list(Pod, namespace=namespace)).of(namespace)
        said = await port_complaints(cluster, namespace)
        found += [
            fact_of(item, port, pods, said)
            for item in asking
            if item.metadata.namespace == namespace
            for port in host_ports(item.spec.template.spec.containers)
        ]
    return found


async def concerned(cluster: Cluster, scope: Scope) -> list[AnyWorkload]:
    """Return the workloads a symptom names, and those behind its Services."""
    if scope.cluster_wide or not (scope.workloads or scope.services):
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom names no workload whose Pod template to look at")
    services, named = await find_services(cluster, scope), set(scope.workloads)
    namespaces = sorted({subject.namespace for subject in (*scope.workloads, *scope.services)})
    return [
        item
        for namespace in namespaces
        for item in await workloads_of(cluster, namespace)
        if subject_of(item) in named or any(provides(item, service) for service in services)
    ]


def declared_by(containers: Iterable[Container]) -> Iterator[tuple[tuple[int, str], list[str]]]:
    """Yield each port with its protocol, and the names of the containers that declare it."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for container in containers:
        for port in dict.fromkeys((port.container_port, port.protocol) for port in container.ports):
            found[port].append(container.name)
    yield from found.items()


def host_ports(containers: Iterable[Container]) -> list[tuple[int, str]]:
    """Return the ports of the Node that containers ask for, each once."""
    return list(dict.fromkeys((p.host_port, p.protocol) for c in containers for p in c.ports if p.host_port))


async def port_complaints(cluster: Cluster, namespace: str) -> dict[str, str]:
    """Return what the scheduler lately said about ports that are not free, by Pod."""
    events = await events_of(cluster, namespace, fields="reason=FailedScheduling")
    return {
        event.involved_object.name: text_of(event)[:TEXT_LENGTH] for event in events if NO_FREE_PORTS in event.message
    }


def fact_of(item: AnyWorkload, port: tuple[int, str], pods: Sequence[Pod], said: dict[str, str]) -> HostPortRequest:
    """Return what there is to know of one port that a workload asks for."""
    own = subject_of(item)
    waiting = [pod for pod in pods if owner_of(pod) == own and not pod.spec.node_name]
    return HostPortRequest(
        namespace=item.metadata.namespace,
        workload=item.metadata.name,
        workload_type=type(item).__name__,
        port=port[0],
        protocol=port[1],
        ready_replicas=ready(item),
        unscheduled_pods=len(waiting),
        scheduler_says=next((said[pod.metadata.name] for pod in waiting if pod.metadata.name in said), ""),
        holder=holder_of(port, own, pods),
        source=f"{path_of(item)}, its Pods and their Events",
    )


def holder_of(port: tuple[int, str], own: Subject, pods: Iterable[Pod]) -> str:
    """Return the workload, other than its own, whose Pods have a port of their Nodes."""
    others = (
        owner_of(pod)
        for pod in pods
        if pod.spec.node_name and owner_of(pod) != own and port in host_ports(pod.spec.containers)
    )
    holder = next(others, None)
    return f"{holder.kind} {holder.name}" if holder else "unknown"
