"""Policies of Calico's and Cilium's own, and what they mean for the connections that a symptom's clients make."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.objects import (
    CalicoNetworkPolicy,
    CiliumClusterwideNetworkPolicy,
    CiliumNetworkPolicy,
    GlobalNetworkPolicy,
    Namespace,
    NetworkPolicy,
    Pod,
    Service,
)
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.enginepolicy import EnginePolicyCount, EnginePolicyFlow
from bot.facts.scope import Scope
from bot.probes.policy_decision import Client, Target
from bot.probes.policy_flow import World, outside, with_labels
from bot.probes.probe import CannotTell, Unreadable, probe, unknown
from bot.probes.reading import namespaces_in, owner_of, path_of, served
from bot.simulation import calico, cilium
from bot.simulation.ruling import Connection, Ruling

READS = (CalicoNetworkPolicy, GlobalNetworkPolicy, CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy)


@dataclass(frozen=True, kw_only=True)
class Policies:
    """All policies that may decide."""

    calico: Sequence[CalicoNetworkPolicy | GlobalNetworkPolicy]
    cilium: Sequence[CiliumNetworkPolicy | CiliumClusterwideNetworkPolicy]
    kubernetes: Sequence[NetworkPolicy] = ()


@probe(EnginePolicyCount, reads=READS)
async def engine_policy_count(cluster: Cluster, scope: Scope) -> Iterable[EnginePolicyCount]:
    """Count the policies of Calico's and Cilium's own in the symptom's namespaces, and those for all."""
    places = namespaces_in(scope)
    calico_policies = [item for place in places for item in await served(cluster, CalicoNetworkPolicy, namespace=place)]
    cilium_policies = [item for place in places for item in await served(cluster, CiliumNetworkPolicy, namespace=place)]
    return [
        EnginePolicyCount(
            calico=len(calico_policies),
            calico_global=len(await served(cluster, GlobalNetworkPolicy)),
            cilium=len(cilium_policies),
            cilium_clusterwide=len(await served(cluster, CiliumClusterwideNetworkPolicy)),
            source="/apis/crd.projectcalico.org/v1, /apis/cilium.io/v2",
        )
    ]


@probe(EnginePolicyFlow, reads=(*READS, Service, Pod, NetworkPolicy, Namespace))
async def engine_policy_flow(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Decide each connection that a client of the symptom has to make, by the engine's own policies."""
    if not scope.clients:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom names nobody who connects")
    world = World(cluster)
    clients = await world.clients(scope)
    dns = await world.dns() if scope.dns else []
    targets = [*await world.services(scope), *await world.pods_named(scope), *outside(scope), *dns]
    ends = [*(client.end for client in clients), *(target.end for target in targets)]
    places = {end.namespace for end in ends} - {""}
    policies = await policies_in(cluster, sorted(places))
    if not (policies.calico or policies.cilium):
        return []
    policies = dataclasses.replace(policies, kubernetes=await world.policies(places))
    labels = {item.metadata.name: item.metadata.labels for item in await cluster.list(Namespace)}
    here = [dataclasses.replace(client, end=with_labels(client.end, labels)) for client in clients]
    there = [dataclasses.replace(target, end=with_labels(target.end, labels)) for target in targets]
    return [
        fact
        for client in here
        for target in there
        if (target.end.namespace, target.end.name) != (client.end.namespace, client.end.name)
        for protocol, port in target.ports
        if port
        for fact in flows(cluster, client, target, policies, protocol=protocol, port=port)
    ]


async def policies_in(cluster: Cluster, places: Iterable[str]) -> Policies:
    """Return the engines' own policies for some namespaces."""
    names = list(places)
    return Policies(
        calico=[
            *[item for name in names for item in await served(cluster, CalicoNetworkPolicy, namespace=name)],
            *await served(cluster, GlobalNetworkPolicy),
        ],
        cilium=[
            *[item for name in names for item in await served(cluster, CiliumNetworkPolicy, namespace=name)],
            *await served(cluster, CiliumClusterwideNetworkPolicy),
        ],
    )


def flows(
    cluster: Cluster, client: Client, target: Target, policies: Policies, *, protocol: str, port: int
) -> Iterable[Fact]:
    """Yield what each engine makes of one connection; what is not simulated is said to be unknown."""
    connection = Connection(source=client.end, target=target.end, port=port, protocol=protocol)
    rulings = {}
    if policies.calico:
        rulings["calico"] = calico.decide(policies.calico, policies.kubernetes, connection)
    if policies.cilium:
        rulings["cilium"] = cilium.decide(policies.cilium, policies.kubernetes, connection)
    for engine, ruling in rulings.items():
        if ruling.unread or (target.flow == "outside" and not target.end.ip and ruling.direction):
            why = ruling.unread or f"policies decide by addresses, and that of {target.end.name} is not known"
            detail = f"netmedic does not simulate this: {why}"
            yield unknown(cluster, EnginePolicyFlow, Reason.UNRECOGNISED, detail, subject=client.end.name)
        else:
            yield fact_of(engine, client, target, ruling, protocol=protocol, port=port)


def fact_of(
    engine: str, client: Client, target: Target, ruling: Ruling, *, protocol: str, port: int
) -> EnginePolicyFlow:
    """Return one connection with what decides it."""
    policy = ruling.policies[0] if ruling.policies else None
    return EnginePolicyFlow(
        engine=engine,
        flow=target.flow,
        client_namespace=client.pod.metadata.namespace,
        client=client.pod.metadata.name,
        client_workload=owner_of(client.pod).name,
        target_namespace=target.end.namespace,
        target=target.end.name,
        service=target.service,
        protocol=protocol,
        port=port,
        allowed=ruling.allowed,
        direction=ruling.direction or "",
        policy_kind=type(policy).__name__ if policy else "",
        namespace=policy.metadata.namespace if policy else "",
        policy=policy.metadata.name if policy else "",
        explicit=ruling.explicit,
        source=path_of(policy) if policy else "/apis/crd.projectcalico.org/v1, /apis/cilium.io/v2",
    )
