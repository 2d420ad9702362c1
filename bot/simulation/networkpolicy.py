"""Whether NetworkPolicies let a connection through, and which of them decides.

Semantics of networking.k8s.io/v1: a Pod that no policy selects for a direction is open in it; once selected, only what
a rule of any selecting policy allows passes. Both ends must allow.
Source: kubernetes.io/docs/concepts/services-networking/network-policies, and the field comments of the API.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.cluster.objects import (
    ContainerPort,
    EgressRule,
    IngressRule,
    IpBlock,
    NetworkPolicy,
    NetworkPolicySpec,
    Pod,
    PolicyPeer,
    PolicyPort,
)
from bot.cluster.selectors import selects

Direction = Literal["ingress", "egress"]


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of a connection: a Pod, or an address outside the Pod network.

    A hostNetwork Pod is its Node's address, not a Pod, to a policy: give it without ``namespace``.
    """

    ip: str = ""
    node: str = ""
    namespace: str = ""
    """Empty: not a Pod that policies know."""
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[ContainerPort, ...] = ()
    """Container ports, for ports given by name."""

    @property
    def is_pod(self) -> bool:
        """Whether selectors can match it."""
        return bool(self.namespace)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The answer for one direction, or for both."""

    allowed: bool
    direction: Direction | None = None
    """The direction that decides; None when no policy selects either end."""
    policies: tuple[str, ...] = ()
    """``namespace/name`` of what decides: the policy whose rule allows, or all that isolate the Pod and do not."""
    rule: int = -1
    """Index of the rule that allows; -1 where none does or none is needed."""


def end_of(pod: Pod, namespace_labels: Mapping[str, str]) -> End:
    """Return a Pod as an end of a connection."""
    if pod.spec.host_network:
        return End(ip=pod.status.pod_ip, node=pod.spec.node_name, name=pod.metadata.name)
    return End(
        ip=pod.status.pod_ip,
        node=pod.spec.node_name,
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        labels=pod.metadata.labels,
        namespace_labels=namespace_labels,
        ports=tuple(port for container in pod.spec.containers for port in container.ports),
    )


def decide(
    policies: Sequence[NetworkPolicy], source: End, target: End, *, port: int, protocol: str = "TCP"
) -> Decision:
    """Tell whether a new connection passes, and what decides.

    ``port`` is the one at the target Pod, after Service translation. Between a Node and its own Pods everything passes,
    because kubelet's probes have to.
    """
    if source.node and source.node == target.node and source.is_pod != target.is_pod:
        return Decision(allowed=True)
    wanted = (target, port, protocol)
    egress = _one_way(policies, "egress", pod=source, peer=target, wanted=wanted)
    if not egress.allowed:
        return egress
    ingress = _one_way(policies, "ingress", pod=target, peer=source, wanted=wanted)
    return ingress if not ingress.allowed or ingress.direction else egress


def isolating(policies: Iterable[NetworkPolicy], pod: End, direction: Direction) -> list[NetworkPolicy]:
    """Return the policies that select a Pod for a direction, by name."""
    selecting = [
        policy
        for policy in policies
        if pod.is_pod
        and policy.metadata.namespace == pod.namespace
        and direction.capitalize() in policy_types(policy.spec)
        and selects(policy.spec.pod_selector, pod.labels)
    ]
    return sorted(selecting, key=lambda policy: policy.metadata.name)


def policy_types(spec: NetworkPolicySpec) -> tuple[str, ...]:
    """Return the directions a policy is about; left out, Ingress, and Egress where it has egress rules."""
    return spec.policy_types or (("Ingress", "Egress") if spec.egress else ("Ingress",))


def _one_way(
    policies: Sequence[NetworkPolicy], direction: Direction, *, pod: End, peer: End, wanted: tuple[End, int, str]
) -> Decision:
    """Decide one direction, for the Pod that policies isolate in it; a port belongs to the target in both."""
    target, port, protocol = wanted
    selecting = isolating(policies, pod, direction)
    if not selecting:
        return Decision(allowed=True)
    for policy in selecting:
        for index, rule in enumerate(rules_of(policy, direction)):
            includes = peers_match(peers_of(rule), peer, policy.metadata.namespace)
            if includes and ports_match(rule.ports, target, port, protocol):
                return Decision(allowed=True, direction=direction, policies=(name_of(policy),), rule=index)
    return Decision(allowed=False, direction=direction, policies=tuple(name_of(policy) for policy in selecting))


def rules_of(policy: NetworkPolicy, direction: Direction) -> Sequence[IngressRule | EgressRule]:
    """Return a policy's rules for one direction."""
    return policy.spec.ingress if direction == "ingress" else policy.spec.egress


def peers_of(rule: IngressRule | EgressRule) -> tuple[PolicyPeer, ...]:
    """Return whom a rule names at the other end."""
    return rule.from_ if isinstance(rule, IngressRule) else rule.to


def peers_match(peers: Sequence[PolicyPeer], end: End, policy_namespace: str) -> bool:
    """Tell whether a rule's peers include an end; no peers at all means everybody."""
    return not peers or any(_peer_matches(peer, end, policy_namespace) for peer in peers)


def _peer_matches(peer: PolicyPeer, end: End, policy_namespace: str) -> bool:
    if peer.ip_block is not None:
        return block_holds(peer.ip_block, end.ip)
    if not end.is_pod:
        return False
    if peer.namespace_selector is None:
        in_namespace = end.namespace == policy_namespace
    else:
        in_namespace = selects(peer.namespace_selector, end.namespace_labels)
    return in_namespace and (peer.pod_selector is None or selects(peer.pod_selector, end.labels))


def block_holds(block: IpBlock, ip: str) -> bool:
    """Tell whether an address lies in a block and in none of its exceptions; what is not an address does not."""
    return _within(ip, block.cidr) and not any(_within(ip, excluded) for excluded in block.except_)


def _within(ip: str, cidr: str) -> bool:
    try:
        return ipaddress.ip_address(ip) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False


def ports_match(ports: Sequence[PolicyPort], target: End, port: int, protocol: str) -> bool:
    """Tell whether a rule's ports include one; no ports at all means every port."""
    return not ports or any(_port_matches(wanted, target, port, protocol) for wanted in ports)


def _port_matches(wanted: PolicyPort, target: End, port: int, protocol: str) -> bool:
    if wanted.protocol != protocol:
        return False
    match wanted.port:
        case None:
            return True
        case str(name):
            return any(p.name == name and p.protocol == protocol and p.container_port == port for p in target.ports)
        case first:
            return first <= port <= (wanted.end_port or first)


def name_of(policy: NetworkPolicy) -> str:
    """Return ``namespace/name``."""
    return f"{policy.metadata.namespace}/{policy.metadata.name}"
