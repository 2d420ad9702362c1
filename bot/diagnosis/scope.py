"""From a symptom to its scope: what its names are in this cluster, and what belongs to them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.port import Cluster
from bot.diagnosis.caller import IT, told_apart, what_it_is
from bot.diagnosis.hosts import OutsideTarget, port_at
from bot.diagnosis.inventory import Inventory, subject_of
from bot.diagnosis.lookup import Lookup
from bot.diagnosis.resolution import Ambiguous, Resolution, Resolved, Undecided
from bot.diagnosis.surroundings import Surroundings, around, cluster_dns, nodes_of, sample, with_host_port
from bot.diagnosis.symptom import Symptom
from bot.diagnosis.tokens import address_in, is_host_name
from bot.diagnosis.vocabulary import english
from bot.facts.scope import Scope, Subject, SymptomKind

__all__ = ["Ambiguous", "OutsideTarget", "resolve"]

CLIENTS_AT_MOST = 5
BACKENDS_AT_MOST = 10
"""Pods that are looked at one by one; counts are made over all of them (ours)."""
NAMESPACE_AT_MOST = 50
"""Services, and Pods, where nothing but a namespace was named (ours)."""
NODE_PORTS = range(30000, 32768)
"""kubernetes.io/docs/concepts/services-networking/service, type NodePort: the default range"""
NODES_AT_MOST = 50
"""Nodes below the Pods of one end (ours)."""


async def resolve(
    cluster: Cluster,
    symptom: Symptom,
    *,
    outside_targets: Sequence[OutsideTarget] = (),
    chosen: Mapping[str, Subject] | None = None,
) -> Scope | Ambiguous:
    """Return what a symptom is about in a cluster, or the question that has to be answered first.

    Args:
        cluster: Where to look.
        symptom: The symptom.
        outside_targets: Places outside that people know by a word.
        chosen: Answers to earlier questions: the word, and the object that is meant.

    Raises:
        ClusterError: The cluster cannot be reached, or nothing of it may be read.
    """
    if not symptom.words and not symptom.namespace:
        return Scope(kind=symptom.kind, cluster_wide=True)
    inventory = Inventory(cluster)
    resolution = Resolution(symptom, Lookup(inventory, english(), outside_targets, chosen or {}))
    try:
        resolved = await resolution.run()
    except Undecided as undecided:
        return undecided.question
    ends = await gather(symptom, resolved, inventory)
    inventory.check()
    dns = await cluster_dns(inventory) if ends.dns else Surroundings()
    notes = [*resolution.notes, *filter(None, [ends.note]), *inventory.notes]
    return compose(symptom, resolved, ends, dns=dns, missing=resolution.missing, notes=notes)


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Both ends of the path, with all that belongs to them."""

    here: Surroundings
    there: Surroundings
    dns: bool
    """A name is looked up on the way."""
    nodes: tuple[str, ...] = ()
    """Nodes that were named and are neither end: ``web times out on node1``."""
    whole_namespace: bool = False
    """They are all that a namespace holds."""
    note: str = ""
    """How it was found out who calls, where the words do not say it."""


async def gather(symptom: Symptom, resolved: Resolved, inventory: Inventory) -> Ends:
    """Return what belongs to the objects that were named; the whole namespace if only that was."""
    there, *others = await asyncio.gather(
        around(resolved.target, inventory), *(around(found, inventory) for found in resolved.beside)
    )
    here = Surroundings()
    for source in await asyncio.gather(*(around(found, inventory) for found in resolved.sources)):
        here.add(source)
    await add_beside(there, others, resolved, inventory)
    nodes: list[str] = []
    if symptom.doubtful:
        here, there, nodes = turned(here, there)
    here, there, note = await told_apart(
        here, there, text=symptom.text, kind=symptom.kind, namespace=resolved.namespace, inventory=inventory
    )
    if here.found and not there.found and IT.search(symptom.text):
        there = await what_it_is(here, text=symptom.text, namespace=resolved.namespace, inventory=inventory)
    if not (here.found or there.found) and resolved.namespace:
        return await whole_namespace(resolved.namespace, inventory, symptom.kind)
    by_address = bool(resolved.target.mention.address or address_in(there.host))
    found = here.found or there.found or resolved.nodes
    return Ends(here=here, there=there, dns=bool(found) and not by_address, nodes=tuple(nodes), note=note)


async def add_beside(
    there: Surroundings, others: Sequence[Surroundings], resolved: Resolved, inventory: Inventory
) -> None:
    """Add what is named besides the target; where that is a Node's port, what has it, else whose nodePort it was."""
    port = resolved.target.mention.port if there.nodes else 0
    for other in others:
        if not port or port in other.entry_ports():
            there.add(other)
    if port and resolved.namespace and not (there.services or there.pods):
        there.add(await with_host_port(port, resolved.namespace, inventory))
    if port in NODE_PORTS and not (there.services or there.pods):
        for other in others:
            if other.entry_ports() & set(NODE_PORTS):
                there.add(other)


async def whole_namespace(name: str, inventory: Inventory, kind: SymptomKind) -> Ends:
    """Return all a namespace holds, as what is reached for; where names fail, as who looks them up."""
    home = await inventory.home(name)
    pods, workloads = list(home.pods), list(home.workloads)
    if kind is SymptomKind.DNS:
        return Ends(here=Surroundings(pods=pods, workloads=workloads), there=Surroundings(), dns=True)
    there = Surroundings(services=list(home.services), pods=pods, workloads=workloads)
    return Ends(here=Surroundings(), there=there, dns=True, whole_namespace=True)


def turned(here: Surroundings, there: Surroundings) -> tuple[Surroundings, Surroundings, list[str]]:
    """Return both ends in the order that makes sense, where the words leave it open, and Nodes that are neither.

    What a Service stands before is the target; ``web times out on node1`` speaks of web, and of a Node.
    """
    if there.nodes and here.found and not (there.pods or there.services):
        return Surroundings(), here, there.nodes
    if here.services and there.found and not (there.services or there.host):
        return there, here, []
    return here, there, []


def compose(
    symptom: Symptom,
    resolved: Resolved,
    ends: Ends,
    *,
    dns: Surroundings,
    missing: Sequence[str],
    notes: Sequence[str],
) -> Scope:
    """Return the scope of both ends."""
    here, there = ends.here, ends.there
    found = bool(here.found or there.found or resolved.nodes or resolved.namespace)
    named_nodes = tuple(dict.fromkeys((*resolved.nodes, *ends.nodes, *here.nodes, *there.nodes)))
    running = [pod for pod in here.pods if pod.status.phase == "Running"]
    clients = sample(running or here.pods, CLIENTS_AT_MOST, nodes=named_nodes)
    most = NAMESPACE_AT_MOST if ends.whole_namespace else BACKENDS_AT_MOST
    backends = sample(there.pods, most, nodes=named_nodes, troubled_first=True)
    belongs = here.subjects() | there.subjects() | {Subject("Node", "", name) for name in named_nodes}
    belongs |= {
        Subject("ConfigMap", pod.metadata.namespace, name)
        for pod in (*here.pods, *there.pods)
        for name in pod.config_maps
    }
    if not there.services:
        # What is called without a Service may miss just that.
        belongs |= {Subject("Service", item.metadata.namespace, item.metadata.name) for item in there.workloads}
    only_names = symptom.kind is SymptomKind.DNS and not (there.found or here.services)
    servers = {subject for subject in dns.subjects() if subject.kind != "Node" or symptom.kind is SymptomKind.DNS}
    spaces = [subject.namespace for subject in sorted(belongs) if subject.namespace]
    port = 0 if there.host else resolved.target.mention.port or symptom.port
    return Scope(
        kind=symptom.kind,
        changes=symptom.changes,
        namespaces=tuple(dict.fromkeys(filter(None, (resolved.namespace, *spaces)))),
        clients=tuple(map(subject_of, clients)),
        services=tuple(map(subject_of, there.services[:NAMESPACE_AT_MOST])),
        backends=tuple(map(subject_of, backends)),
        workloads=tuple(dict.fromkeys(map(subject_of, (*here.workloads, *there.workloads)))),
        client_nodes=tuple(dict.fromkeys((*here.nodes, *nodes_of(clients)))),
        target_nodes=tuple(dict.fromkeys((*there.nodes, *there.endpoint_nodes, *nodes_of([*backends, *there.pods]))))[
            :NODES_AT_MOST
        ],
        named_nodes=named_nodes,
        dns=ends.dns or not found,
        outside_host=there.host,
        outside_port=(symptom.port or there.outside_port or port_at(there.host, here.pods)) if there.host else 0,
        port=port,
        entry_port=port if port in there.entry_ports() or (there.nodes and there.services) else 0,
        entry_address=there.entry_address(resolved.target.mention.address or resolved.target.mention.name),
        endpoints=there.endpoints,
        target_is_pod=there.is_pod,
        dns_servers=tuple(map(subject_of, (*dns.services, *dns.pods[:BACKENDS_AT_MOST]))) if only_names else (),
        dns_nodes=tuple(nodes_of(dns.pods)) if only_names else (),
        url_host=host_of(symptom, resolved) if not there.host else "",
        url_path=resolved.target.mention.path,
        cluster_wide=not found,
        subjects=frozenset(
            belongs | servers | {Subject("Namespace", "", name) for name in {resolved.namespace} - {""}}
        ),
        missing=tuple(dict.fromkeys(missing)),
        notes=tuple(notes),
    )


def host_of(symptom: Symptom, resolved: Resolved) -> str:
    """Return the host name in a URL that was asked for; that beside an Ingress, too, which was named itself."""
    target = resolved.target
    if is_host_name(target.mention.name):
        return target.mention.name
    return next(iter(symptom.hosts), "") if any(subject.kind == "Ingress" for subject in target.subjects) else ""
