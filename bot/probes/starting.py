"""Pods that have not started: what keeps them, and the Nodes that they may go to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.cluster.objects import Event, LabelSelector, Node, Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.facts.pod import PodPlacement, PodStart
from bot.facts.scope import Scope
from bot.probes.events import TEXT_LENGTH, events_of, text_of
from bot.probes.node import condition_of
from bot.probes.pod import concerned
from bot.probes.probe import probe
from bot.probes.reading import key_of, owner_of, path_of
from bot.probes.times import seconds_since

TROUBLES = (
    # What the address managers say: host-local, Calico, Cilium, Azure and AWS VPC CNI.
    ("addresses-used-up", ("no ip addresses available", "ip addresses exhausted", "no more free ip", "range is full")),
    ("addresses-used-up", ("failed to request ipv4 addresses", "failed to assign an ip address", "no available ip")),
    ("scheduling", ("failedscheduling",)),
    ("volume", ("failedmount", "failedattachvolume")),
    ("network-plugin", ("network plugin", "networkplugin", "plugin type=", "failed (add)", "cni")),
    ("sandbox", ("failedcreatepodsandbox",)),
)
"""Words in an Event's reason and message, and what they mean; the first that fits."""

LATELY_SECONDS = 180
"""How long what kept a Pod that runs by now may explain that it is not ready (ours): its first probes take a minute."""


@probe(PodStart, reads=(Service, Pod, Event))
async def pod_start(cluster: Cluster, scope: Scope) -> Iterable[PodStart]:
    """Tell what the scheduler and kubelet say about each Pod at the ends of the symptom that has not started."""
    pods = [pod for pod, _ in await concerned(cluster, scope) if not pod.ready]
    said: dict[tuple[str, str], Event] = {}
    for namespace in sorted({pod.metadata.namespace for pod in pods}):
        for event in await events_of(cluster, namespace, fields="involvedObject.kind=Pod,type=Warning"):
            if trouble_of(event) != "other":
                said[namespace, event.involved_object.name] = event
    now = cluster.now()
    known = {key_of(pod): (pod, said[key_of(pod)]) for pod in pods if key_of(pod) in said}
    return [start_of(pod, event) for pod, event in known.values() if is_kept(pod, event, now)]


def is_kept(pod: Pod, event: Event, now: datetime) -> bool:
    """Tell whether an Event still says why a Pod is not ready."""
    return not started(pod) or 0 < seconds_since(event.last_timestamp or event.event_time, now) <= LATELY_SECONDS


def started(pod: Pod) -> bool:
    """Tell whether a Pod got beyond what keeps it from starting."""
    return pod.status.phase != "Pending"


def start_of(pod: Pod, event: Event) -> PodStart:
    """Return what an Event says about a Pod."""
    owner, said = owner_of(pod), text_of(event)
    return PodStart(
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        node=pod.spec.node_name,
        workload=owner.name,
        workload_type=owner.kind,
        trouble=trouble_of(event),
        said=said[:TEXT_LENGTH],
        started=started(pod),
        source=f"{path_of(pod)}, its Events",
    )


def trouble_of(event: Event) -> str:
    """Return what keeps a Pod, by the words of who could not start it."""
    lower = f"{event.reason} {event.message}".lower()
    return next((trouble for trouble, phrases in TROUBLES if any(phrase in lower for phrase in phrases)), "other")


@probe(PodPlacement, reads=(Service, Pod, Node))
async def pod_placement(cluster: Cluster, scope: Scope) -> Iterable[PodPlacement]:
    """Tell which Nodes each Pod without one may go to, and whether any of these takes Pods."""
    pods = [pod for pod in await pending(cluster, scope) if not pod.spec.node_name]
    nodes = await cluster.list(Node) if pods else []
    return [placement_of(pod, nodes, cluster.now()) for pod in pods]


def placement_of(pod: Pod, nodes: Sequence[Node], now: datetime) -> PodPlacement:
    """Return what is known of the Nodes that a Pod may go to."""
    owner = owner_of(pod)
    seen = any(condition.type == "PodScheduled" for condition in pod.status.conditions)
    fitting = [condition_of(node, now) for node in nodes if fits(pod, node)]
    closed = [node for node in fitting if not node.ready] + [
        node for node in fitting if node.ready and node.unschedulable
    ]
    return PodPlacement(
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        unseen_seconds=0 if seen else seconds_since(pod.metadata.creation_timestamp, now),
        scheduler=pod.spec.scheduler_name,
        selects_nodes=bool(pod.spec.node_selector or pod.spec.affinity.node_affinity.required),
        fitting_nodes=len(fitting),
        ready_nodes=sum(node.ready for node in fitting),
        open_nodes=sum(node.ready and not node.unschedulable for node in fitting),
        node=closed[0].node if closed else "",
        node_reason=closed[0].ready_reason if closed else "",
        node_says=closed[0].ready_says if closed else "",
        source=f"{path_of(pod)}, the Nodes",
    )


def fits(pod: Pod, node: Node) -> bool:
    """Tell whether a Pod's nodeSelector and its required nodeAffinity let it on a Node."""
    labels, required = node.metadata.labels, pod.spec.affinity.node_affinity.required
    terms = required.node_selector_terms if required else ()
    alike = (selects(LabelSelector(match_expressions=term.match_expressions), labels) for term in terms)
    return selects(pod.spec.node_selector, labels) and (not terms or any(alike))


async def pending(cluster: Cluster, scope: Scope) -> list[Pod]:
    """Return the Pods at the ends of the symptom that have not started, each once."""
    return list(
        {key_of(pod): pod for pod, _ in await concerned(cluster, scope) if pod.status.phase == "Pending"}.values()
    )
