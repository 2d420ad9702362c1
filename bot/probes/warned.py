"""What controllers and kubelets lately said about the objects of a symptom."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.objects import Event, Node, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.limits import NodeWarning, ObjectWarning
from bot.facts.scope import Scope
from bot.probes.events import TEXT_LENGTH, events_of, text_of
from bot.probes.narrow import nodes_on_path
from bot.probes.pod import concerned
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import find_services, key_of, namespaces_in, path_of
from bot.probes.times import seconds_since

WRAPS = ("Error", "error", "Failed", "failed")
"""How errors of controllers begin that hold another; of other messages the beginning says most."""
NODES_NAMESPACE = "default"
"""Where Events about objects without a namespace are kept (client-go, tools/record)."""
BAD_NEWS = ("NodeNotReady", "CIDRNotAvailable")
"""What kube-controller-manager says of a Node with the type Normal (node controller, range allocator)."""
AT_MOST = 200
"""Warnings that are told of (ours), the latest: a cluster in trouble has thousands."""


@probe(ObjectWarning, reads=(Event, Service, Pod))
async def object_warning(cluster: Cluster, scope: Scope) -> Iterable[ObjectWarning]:
    """Report the warnings about the symptom's Services, Ingresses and Pods, the latest of each reason."""
    pods = {("Pod", *key_of(pod)): pod for pod, _ in await concerned(cluster, scope)}
    wanted = {("Service", *key_of(item)) for item in await find_services(cluster, scope)} | set(pods)
    wanted |= {("Ingress", subject.namespace, subject.name) for subject in scope.subjects if subject.kind == "Ingress"}
    latest: dict[tuple[str, ...], Event] = {}
    for namespace in namespaces_in(scope):
        for event in await events_of(cluster, namespace, fields="type=Warning"):
            about = event.involved_object.kind, event.metadata.namespace, event.involved_object.name
            if about in wanted or (scope.cluster_wide and about[0] == "Ingress"):
                latest[*about, event.reason, first_word(event)] = event
    now = cluster.now()
    return [
        ObjectWarning(
            object_kind=kind,
            namespace=namespace,
            name=name,
            reason=reason,
            says=words(event, pods.get((kind, namespace, name))),
            times=max(1, event.count),
            seconds_ago=seconds_since(when(event), now),
            source=path_of(event),
        )
        for (kind, namespace, name, reason, _), event in sorted(latest.items(), key=lambda item: when(item[1]))[
            -AT_MOST:
        ]
    ]


@probe(NodeWarning, reads=(Event, Node))
async def node_warning(cluster: Cluster, scope: Scope) -> Iterable[NodeWarning]:
    """Report the warnings about each Node of the path, or about all, the latest of each reason."""
    if not scope.nodes and not scope.cluster_wide:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Node to look at")
    nodes = {node.metadata.name for node in await nodes_on_path(cluster, scope)}
    latest: dict[tuple[str, str], Event] = {}
    for event in await events_of(cluster, NODES_NAMESPACE, fields="involvedObject.kind=Node"):
        about = event.involved_object.name
        if about in nodes and (event.type == "Warning" or event.reason in BAD_NEWS):
            latest[about, event.reason] = event
    now = cluster.now()
    return [
        NodeWarning(
            node=node,
            reason=reason,
            says=text_of(event)[:TEXT_LENGTH],
            times=max(1, event.count),
            seconds_ago=seconds_since(when(event), now),
            source=path_of(event),
        )
        for (node, reason), event in latest.items()
    ]


def first_word(event: Event) -> str:
    """Return what tells Events of one reason apart: of Unhealthy, which of the three probes failed."""
    return text_of(event).partition(" ")[0]


def when(event: Event) -> str:
    """Return when it was last said."""
    return event.last_timestamp or event.event_time


def words(event: Event, pod: Pod | None) -> str:
    """Return what it says, alike for all replicas."""
    text = text_of(event)
    return inmost(text.replace(pod.status.pod_ip, "PodIP") if pod and pod.status.pod_ip else text)


def inmost(text: str) -> str:
    """Return as much of a message as a fact keeps: of errors that wrap each other (``a: b: c``) the inmost ones."""
    while len(text) > TEXT_LENGTH and text.startswith(WRAPS) and ": " in text:
        text = text.partition(": ")[2]
    return text[:TEXT_LENGTH]
