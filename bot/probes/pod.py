"""Pods behind the Services of a symptom, or named by it, and why they are not ready."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.cluster.objects import (
    Container,
    ContainerStatus,
    Event,
    Pod,
    PodSpec,
    Probe,
    Service,
    Terminated,
)
from bot.cluster.port import Cluster
from bot.facts.pod import ContainerLimit, PodPortRange, PodState, ReadinessFailure
from bot.facts.scope import Scope
from bot.probes.events import TEXT_LENGTH, events_of, text_of
from bot.probes.probe import probe
from bot.probes.reading import find_services, key_of, owner_of, path_of, pods_in
from bot.probes.times import seconds_since

READINESS_FAILED = "Readiness probe failed:"
"""How kubelet begins its Event (reason Unhealthy)."""
PORT_RANGE = "net.ipv4.ip_local_port_range"
LOCAL_PORTS = re.compile(r"\s*(\d{1,5})\s+(\d{1,5})\s*")


@probe(PodState, reads=(Service, Pod))
async def pod_state(cluster: Cluster, scope: Scope) -> Iterable[PodState]:
    """Tell the state of each Pod that a Service of the symptom selects, and of those the symptom names."""
    return [state_of(pod, service, now=cluster.now()) for pod, service in await concerned(cluster, scope)]


@probe(ReadinessFailure, reads=(Service, Pod, Event))
async def readiness_failure(cluster: Cluster, scope: Scope) -> Iterable[ReadinessFailure]:
    """Tell what kubelet says about the readinessProbe of each of them that is not ready."""
    pods = {key_of(pod): pod for pod, _ in await concerned(cluster, scope) if not pod.ready}
    said = await readiness_failures(cluster, pods.values())
    return [
        ReadinessFailure(
            namespace=key[0],
            pod=key[1],
            workload=owner_of(pods[key]).name,
            workload_type=owner_of(pods[key]).kind,
            said=words,
            source=f"{path_of(pods[key])}, its Events",
        )
        for key, words in said.items()
    ]


async def concerned(cluster: Cluster, scope: Scope) -> list[tuple[Pod, str]]:
    """Return the Pods that a Service of the symptom selects, with that, and those the symptom names, without any."""
    every_pod = await pods_in(cluster, scope)
    services = await find_services(cluster, scope)
    behind = [(pod, service.metadata.name) for service in services for pod in every_pod.selected_by(service)]
    named = every_pod.named((*scope.clients, *scope.backends))
    selected = {key_of(pod) for pod, _ in behind}
    return behind + [(pod, "") for pod in named if key_of(pod) not in selected]


@probe(PodPortRange, reads=(Pod,))
async def pod_port_range(cluster: Cluster, scope: Scope) -> Iterable[PodPortRange]:
    """Tell which local ports the symptom's Pods may connect from, where their own settings say."""
    every_pod = await pods_in(cluster, scope)
    pods = every_pod.all() if scope.cluster_wide else every_pod.named((*scope.clients, *scope.backends))
    found = []
    for pod in pods:
        limits = LOCAL_PORTS.fullmatch(
            next((s.value for s in pod.spec.security_context.sysctls if s.name == PORT_RANGE), "")
        )
        if not limits:
            continue
        owner, first, last = owner_of(pod), int(limits[1]), int(limits[2])
        found.append(
            PodPortRange(
                namespace=pod.metadata.namespace,
                name=pod.metadata.name,
                node=pod.spec.node_name,
                workload=owner.name,
                workload_type=owner.kind,
                first=first,
                last=last,
                ports=max(0, last - first + 1),
                source=f"{path_of(pod)}, spec.securityContext.sysctls",
            )
        )
    return found


@probe(ContainerLimit, reads=(Service, Pod))
async def container_limit(cluster: Cluster, scope: Scope) -> Iterable[ContainerLimit]:
    """Tell how much CPU the containers may use that answer in the symptom."""
    clients = {(client.namespace, client.name) for client in scope.clients}
    pods = {key_of(pod): pod for pod, _ in await concerned(cluster, scope) if key_of(pod) not in clients}
    return [
        ContainerLimit(
            namespace=key[0],
            pod=key[1],
            workload=owner_of(pod).name,
            workload_type=owner_of(pod).kind,
            container=container.name,
            cpu_milli=milli(container.resources.limits["cpu"]),
            source=f"{path_of(pod)}, resources.limits",
        )
        for key, pod in pods.items()
        for container in pod.spec.containers
        if milli(container.resources.limits.get("cpu", ""))
    ]


def milli(quantity: float | str) -> int:
    """Return a quantity of CPU in thousandths; 0 for none, and for what is no such quantity."""
    text = str(quantity)
    try:
        return int(text.removesuffix("m")) if text.endswith("m") else int(float(text or 0) * 1000)
    except (ValueError, OverflowError):
        return 0


async def readiness_failures(cluster: Cluster, pods: Iterable[Pod]) -> Mapping[tuple[str, str], str]:
    """Return the latest words of kubelet about each Pod's readinessProbe."""
    addresses = {key_of(pod): pod.status.pod_ip for pod in pods}
    found: dict[tuple[str, str], str] = {}
    for namespace in sorted({namespace for namespace, _ in addresses}):
        for event in await events_of(cluster, namespace, fields="involvedObject.kind=Pod,reason=Unhealthy"):
            key, text = (event.involved_object.namespace, event.involved_object.name), text_of(event)
            if key in addresses and text.startswith(READINESS_FAILED):
                words = text.removeprefix(READINESS_FAILED).strip() or "the check gave no output"
                found[key] = (words.replace(addresses[key], "PodIP") if addresses[key] else words)[:TEXT_LENGTH]
    return found


def state_of(pod: Pod, service: str, *, now: datetime) -> PodState:
    """Return what there is to know of one Pod."""
    owner, statuses = owner_of(pod), pod.status.container_statuses
    ended = last_end(statuses)
    return PodState(
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        node=pod.spec.node_name,
        ip=pod.status.pod_ip,
        service=service,
        workload=owner.name,
        workload_type=owner.kind,
        phase=pod.status.phase,
        ready=pod.ready,
        waiting_reason=next((s.state.waiting.reason for s in statuses if s.state.waiting), ""),
        restarts=sum(status.restart_count for status in statuses),
        last_exit_reason=ended.reason,
        last_exit_code=ended.exit_code,
        last_exit_seconds_ago=seconds_since(ended.finished_at, now),
        all_containers_running=bool(statuses) and all(status.state.running for status in statuses),
        readiness_probe=readiness_probe_of(pod),
        source=path_of(pod),
    )


def last_end(statuses: Iterable[ContainerStatus]) -> Terminated:
    """Return how the container that ended last did so; an empty one if none has."""
    ends = [end for s in statuses for end in (s.last_state.terminated, s.state.terminated) if end]
    return max(ends, key=lambda end: end.finished_at, default=Terminated())


def readiness_probe_of(pod: Pod) -> str:
    """Return the probe that the first container that is not ready has to pass next, in words; empty if it has none."""
    waiting = {status.name: status for status in pod.status.container_statuses if not status.ready}
    containers = [container for container in pod.spec.containers if container.name in waiting]
    # The readinessProbe is not asked before the startupProbe has passed.
    startup = (one.startup_probe for one in containers if one.startup_probe and not waiting[one.name].started)
    return next((f"startupProbe {in_words(check)}" for check in startup), "") or first_readiness_probe(containers)


def first_readiness_probe(containers: Iterable[Container]) -> str:
    """Return the first readinessProbe of some containers in words; empty if they have none."""
    return next((in_words(container.readiness_probe) for container in containers if container.readiness_probe), "")


def passes_first(spec: PodSpec) -> str:
    """Return what a Pod has to pass before it is Ready, in words: its probes, and conditions that others set."""
    startup = next((in_words(item.startup_probe) for item in spec.containers if item.startup_probe), "")
    readiness = first_readiness_probe(spec.containers)
    gates = ", ".join(gate.condition_type for gate in spec.readiness_gates)
    named = (f"startupProbe {startup}" if startup else "", readiness, f"readinessGate {gates}" if gates else "")
    return "; ".join(filter(None, named)) or "none"


def in_words(check: Probe) -> str:
    """Return a probe as ``HTTPS GET :8080/healthz``."""
    if check.http_get:
        return f"{check.http_get.scheme} GET :{check.http_get.port}{check.http_get.path}"
    if check.tcp_socket:
        return f"TCP connect :{check.tcp_socket.port}"
    if check.grpc:
        return f"gRPC health check :{check.grpc.port}"
    # The command itself may hold a secret and is not read.
    return "exec command"
