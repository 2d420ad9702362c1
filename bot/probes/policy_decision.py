"""One connection after another, as NetworkPolicies decide it, and in words why."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from bot.cluster.errors import Malformed
from bot.cluster.objects import LabelSelector, NetworkPolicy, Pod
from bot.facts.policy import PolicyFlow
from bot.probes.policy_words import carried, end_in_words, listed, peer_in_words, pods_in_words, port_in_words, port_of
from bot.probes.probe import Unreadable
from bot.probes.reading import owner_of, path_of
from bot.simulation.denial import Misfit, why_denied
from bot.simulation.networkpolicy import Direction, End, decide, isolating, name_of, peers_of

NOBODY = "0.0.0.1"
"""RFC 1122, section 3.2.1.3: no host has it, so only blocks of all addresses hold it."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """A Pod that opens connections."""

    pod: Pod
    end: End


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where connections go."""

    flow: str
    end: End
    ports: Sequence[tuple[str, int]]
    service: str = ""


def flows_of(
    client: Client, targets: Sequence[Target], policies: Sequence[NetworkPolicy], idle: Sequence[NetworkPolicy]
) -> Iterable[PolicyFlow | Unreadable]:
    """Yield what policies mean for one client's connections; idle ones select no Pods at all."""
    others = [t for t in targets if (t.end.namespace, t.end.name) != (client.end.namespace, client.end.name)]
    answers = [flows_to(target, client, policies, idle) for target in others]
    flows = [item for answer in answers for item in answer if isinstance(item, PolicyFlow)]
    no_dns = any(flow.flow == "dns" and flow.protocol == "UDP" and not flow.allowed for flow in flows)
    yield from (dataclasses.replace(flow, denies_dns=no_dns) for flow in flows)
    yield from (item for answer in answers for item in answer if isinstance(item, Unreadable))


def flows_to(
    target: Target, client: Client, policies: Sequence[NetworkPolicy], idle: Sequence[NetworkPolicy]
) -> list[PolicyFlow | Unreadable]:
    """Return what policies mean for the connections to one target: all its ports want the same change."""
    found = [flow_of(client, target, policies, idle, protocol=name, port=port) for name, port in target.ports if port]
    flows = [flow for flow in found if isinstance(flow, PolicyFlow)]
    ports = listed(f"{flow.protocol} {flow.port}" for flow in flows if not flow.allowed)
    one_is_open = any(flow.allowed for flow in flows)
    return [
        dataclasses.replace(flow, change=f"{flow.change} on {ports}", other_port_allowed=one_is_open)
        if isinstance(flow, PolicyFlow) and not flow.allowed
        else flow
        for flow in found
    ]


def flow_of(
    client: Client,
    target: Target,
    policies: Sequence[NetworkPolicy],
    idle: Sequence[NetworkPolicy],
    *,
    protocol: str,
    port: int,
) -> PolicyFlow | Unreadable:
    """Return what policies mean for one connection."""
    source, end = client.end, target.end
    decision = decide(policies, source, end, port=port, protocol=protocol)
    if target.flow == "outside" and not end.ip:
        others = [dataclasses.replace(end, ip=address) for address in addresses_in(policies)]
        decisions = [decide(policies, source, other, port=port, protocol=protocol) for other in others]
        if len({item.allowed for item in decisions}) > 1:
            problem = Malformed(f"A NetworkPolicy admits blocks of addresses, and {end.name} may be in one or not.")
            return Unreadable(of=PolicyFlow, subject=end.name, error=problem)
        decision = decisions[0]
    flow = PolicyFlow(
        flow=target.flow,
        client_namespace=client.pod.metadata.namespace,
        client=client.pod.metadata.name,
        client_workload=owner_of(client.pod).name,
        target_namespace=end.namespace,
        target=end.name,
        service=target.service,
        protocol=protocol,
        port=port,
        allowed=decision.allowed,
        direction=decision.direction or "",
        namespace="",
        policy="",
        policies=0,
        selected="",
        selects_all_pods=False,
        misfit="",
        named="",
        carried="",
        denies_dns=False,
        other_port_allowed=False,
        change="",
        missed="",
        missed_selects="",
        source="/apis/networking.k8s.io/v1/networkpolicies",
    )
    if not decision.allowed and decision.direction:
        missed = missing(decision.direction, source, end, policies, idle, port=port, protocol=protocol)
        return dataclasses.replace(
            denied(flow, decision.direction, source, end, policies=policies),
            missed=missed.metadata.name if missed else "",
            missed_selects=pods_in_words(missed.spec.pod_selector) if missed else "",
        )
    deciding = next((item for item in policies if name_of(item) in decision.policies), None)
    return by(flow, deciding) if deciding else flow


def denied(
    flow: PolicyFlow, direction: Direction, source: End, target: End, *, policies: Sequence[NetworkPolicy]
) -> PolicyFlow:
    """Return a flow with the reason why it is denied, and what would allow it."""
    mine, other = (source, target) if direction == "egress" else (target, source)
    denial = why_denied(policies, direction, pod=mine, peer=other)
    place = denial.policy.metadata.namespace
    ports = listed(map(port_in_words, denial.ports))
    if denial.misfit is Misfit.PORT:
        by_name = any(isinstance(port.port, str) for port in denial.ports)
        named, has = ports, port_of(target if by_name else End(), flow.protocol, flow.port)
    else:
        peers = [*map(peer_in_words, denial.peers), *([f"everybody on {ports}"] if ports else [])]
        named, has = listed(peers), carried(other, denial.peers, place)
    return dataclasses.replace(
        by(flow, denial.policy),
        policies=len(isolating(policies, mine, direction)),
        misfit=denial.misfit.value,
        named=named,
        carried=has,
        change=change_of(direction, other, place),
    )


def missing(
    direction: Direction,
    source: End,
    target: End,
    policies: Sequence[NetworkPolicy],
    idle: Sequence[NetworkPolicy],
    *,
    port: int,
    protocol: str,
) -> NetworkPolicy | None:
    """Return the first policy, by name, that would allow a connection if it selected the Pod, and selects none."""
    mine = source if direction == "egress" else target
    for policy in sorted(idle, key=name_of):
        meant = msgspec.structs.replace(policy, spec=msgspec.structs.replace(policy.spec, pod_selector=LabelSelector()))
        if policy.metadata.namespace == mine.namespace:
            others = [one for one in policies if one is not policy]
            if decide([*others, meant], source, target, port=port, protocol=protocol).allowed:
                return policy
    return None


def by(flow: PolicyFlow, policy: NetworkPolicy) -> PolicyFlow:
    """Return a flow with the policy that decides it."""
    return dataclasses.replace(
        flow,
        namespace=policy.metadata.namespace,
        policy=policy.metadata.name,
        selected=pods_in_words(policy.spec.pod_selector),
        selects_all_pods=policy.spec.pod_selector == LabelSelector(),
        source=path_of(policy),
    )


def addresses_in(policies: Sequence[NetworkPolicy]) -> list[str]:
    """Return an address of each block that policies name, and first one that only the widest hold."""
    blocks = [p.ip_block for item in policies for r in item.spec.egress for p in peers_of(r) if p.ip_block is not None]
    networks = (cidr for block in blocks for cidr in (block.cidr, *block.except_))
    return [NOBODY, *(cidr.partition("/")[0] for cidr in networks)]


def change_of(direction: Direction, other: End, policy_namespace: str) -> str:
    """Return whom a policy would have to admit besides: ``egress to Pods app=web in Namespace shop``."""
    way = "from" if direction == "ingress" else "to"
    elsewhere = other.is_pod and other.namespace != policy_namespace
    place = f" in Namespace {other.namespace}" if elsewhere else ""
    return f"{direction} {way} {end_in_words(other)}{place}"
