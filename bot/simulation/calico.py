"""Calico's NetworkPolicy and GlobalNetworkPolicy, and Kubernetes' NetworkPolicies among them.

Semantics: the policies that select a workload are taken in order (lower first, none last, then by name); the first rule
that matches decides; where a policy selects the workload for the direction and no rule matches, it is denied.
Kubernetes' NetworkPolicies stand at order 1000 and only allow. Source: docs.tigera.io, NetworkPolicy resource;
libcalico-go conversion. Not simulated: tiers other than default, rules of layer 7, domains, Services, service accounts,
ICMP, policies for hosts; a policy that selects the Pod and uses one of them is not understood, unless a rule before it
decides.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.cluster.objects import CalicoNetworkPolicy, GlobalNetworkPolicy, NetworkPolicy
from bot.cluster.objects.calico import CalicoEntity, CalicoRule
from bot.simulation.expression import NotUnderstood, selector
from bot.simulation.networkpolicy import Direction, End, isolating, peers_match, peers_of, ports_match, rules_of
from bot.simulation.ruling import OPEN, Connection, Policy, Ruling, name_of

ORDER_OF_KUBERNETES = 1000.0
"""libcalico-go, conversion: of Kubernetes' NetworkPolicies."""
TIER_PREFIX = "default."
KUBERNETES_PREFIX = "knp.default."
"""libcalico-go, names: Calico's policies begin with their tier, Kubernetes' with this: of one order, they come last."""
NAMESPACE_NAME = "projectcalico.org/name"
PROTOCOLS = {"6": "TCP", "17": "UDP", "132": "SCTP"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One policy in its turn."""

    order: float
    policy: Policy
    decide: Callable[[], str]
    """``allow``, ``deny``, ``pass``, or empty where no rule matches."""


def decide(
    policies: Sequence[CalicoNetworkPolicy | GlobalNetworkPolicy],
    kubernetes: Sequence[NetworkPolicy],
    connection: Connection,
) -> Ruling:
    """Tell whether a new connection passes both directions."""
    source, target = connection.source, connection.target
    if source.node and source.node == target.node and source.is_pod != target.is_pod:
        return OPEN
    directions: tuple[Direction, ...] = ("egress", "ingress")
    rulings = [_one_way(policies, kubernetes, connection, direction) for direction in directions]
    return next(
        (ruling for ruling in rulings if ruling.unread or not ruling.allowed),
        next((ruling for ruling in reversed(rulings) if ruling.direction), OPEN),
    )


def _one_way(
    policies: Sequence[CalicoNetworkPolicy | GlobalNetworkPolicy],
    kubernetes: Sequence[NetworkPolicy],
    connection: Connection,
    direction: Direction,
) -> Ruling:
    pod = connection.pod(direction)
    if not pod.is_pod:
        return OPEN
    try:
        steps = [*_own(policies, connection, direction), *_kubernetes(kubernetes, connection, direction)]
    except NotUnderstood as problem:
        return Ruling(allowed=False, direction=direction, unread=str(problem))
    steps.sort(key=_turn)
    for step in steps:
        try:
            action = step.decide()
        except NotUnderstood as problem:
            unread = f"{type(step.policy).__name__} {name_of(step.policy)}: {problem}"
            return Ruling(allowed=False, direction=direction, policies=(step.policy,), unread=unread)
        if action:
            return Ruling(allowed=action != "deny", direction=direction, policies=(step.policy,), explicit=True)
    if not steps:
        return OPEN
    return Ruling(allowed=False, direction=direction, policies=tuple(step.policy for step in steps))


def _turn(step: Step) -> tuple[float, str]:
    """Return what policies are sorted by: of one order, by the names that Felix knows them by."""
    about = step.policy.metadata
    prefix = KUBERNETES_PREFIX if isinstance(step.policy, NetworkPolicy) else TIER_PREFIX
    name = about.name if about.name.startswith(TIER_PREFIX) else f"{prefix}{about.name}"
    return step.order, f"{about.namespace}/{name}" if about.namespace else name


def _own(
    policies: Iterable[CalicoNetworkPolicy | GlobalNetworkPolicy], connection: Connection, direction: Direction
) -> list[Step]:
    found = []
    for policy in policies:
        if not selects_pod(policy, connection.pod(direction)) or direction.capitalize() not in types_of(policy):
            continue
        spec = policy.spec
        if spec.tier not in ("", "default") or spec.do_not_track or spec.pre_dnat or spec.service_account_selector:
            what = f"{type(policy).__name__} {name_of(policy)}"
            raise NotUnderstood(f"{what} selects this Pod, and is of another tier, for hosts, or by service accounts")
        rules = spec.ingress if direction == "ingress" else spec.egress
        found.append(
            Step(
                order=math.inf if spec.order is None else spec.order,
                policy=policy,
                decide=partial(_action, rules, policy, connection),
            )
        )
    return found


def _kubernetes(policies: Sequence[NetworkPolicy], connection: Connection, direction: Direction) -> list[Step]:
    pod, peer = connection.pod(direction), connection.peer(direction)

    def allows(policy: NetworkPolicy) -> str:
        fits = any(
            peers_match(peers_of(rule), peer, policy.metadata.namespace)
            and ports_match(rule.ports, connection.target, connection.port, connection.protocol)
            for rule in rules_of(policy, direction)
        )
        return "allow" if fits else ""

    return [
        Step(order=ORDER_OF_KUBERNETES, policy=policy, decide=partial(allows, policy))
        for policy in isolating(policies, pod, direction)
    ]


def selects_pod(policy: CalicoNetworkPolicy | GlobalNetworkPolicy, pod: End) -> bool:
    """Tell whether a policy is for a Pod.

    Raises:
        NotUnderstood: Its selector is not.
    """
    if isinstance(policy, CalicoNetworkPolicy):
        here = policy.metadata.namespace == pod.namespace
    else:
        here = selector(policy.spec.namespace_selector)(namespace_labels(pod))
    return here and pod.is_pod and selector(policy.spec.selector)(labels_of(pod))


def types_of(policy: CalicoNetworkPolicy | GlobalNetworkPolicy) -> tuple[str, ...]:
    """Return the directions of a policy: those written, else those it has rules for, else Ingress."""
    spec = policy.spec
    if spec.types:
        return spec.types
    if not spec.egress:
        return ("Ingress",)
    return ("Ingress", "Egress") if spec.ingress else ("Egress",)


def labels_of(pod: End) -> dict[str, str]:
    """Return a Pod's labels with those that Calico adds."""
    return {**pod.labels, "projectcalico.org/namespace": pod.namespace, "projectcalico.org/orchestrator": "k8s"}


def namespace_labels(pod: End) -> dict[str, str]:
    """Return the labels of a Pod's Namespace with the name that Calico adds."""
    return {**pod.namespace_labels, NAMESPACE_NAME: pod.namespace}


def _action(rules: Sequence[CalicoRule], policy: Policy, connection: Connection) -> str:
    for rule in rules:
        action = rule.action.lower()
        if action != "log" and _matches(rule, policy, connection):
            if action not in ("allow", "deny", "pass"):
                raise NotUnderstood(f"action {rule.action[:40]!r}")
            # Behind the default tier come the profiles of Namespaces, which allow.
            return action
    return ""


def _matches(rule: CalicoRule, policy: Policy, connection: Connection) -> bool:
    wanted, refused = (_protocol(text) for text in (rule.protocol, rule.not_protocol))
    if (wanted and wanted != connection.protocol) or (refused and refused == connection.protocol):
        return False
    address = connection.source.ip or connection.target.ip
    if rule.ip_version and address and rule.ip_version != (6 if ":" in address else 4):
        return False
    ends = ((rule.source, connection.source, 0), (rule.destination, connection.target, connection.port))
    if not all(_is_end(entity, end, port, policy, connection) for entity, end, port in ends):
        return False
    if rule.http is not None or rule.icmp is not None:
        raise NotUnderstood("a rule about requests or ICMP")
    return True


def _protocol(text: str | int) -> str:
    return PROTOCOLS.get(str(text), str(text).upper())


def _is_end(entity: CalicoEntity, end: End, port: int, policy: Policy, connection: Connection) -> bool:
    """Tell whether one side of a rule is one end of the connection; the port of a source is not known."""
    if not _is_among(entity, end, policy):
        return False
    if entity.domains or entity.services or entity.service_accounts:
        raise NotUnderstood("a rule by domains, Services or service accounts")
    if not (entity.ports or entity.not_ports):
        return True
    if not port:
        raise NotUnderstood("a rule by source ports")
    allowed = not entity.ports or any(_is_port(one, port, connection) for one in entity.ports)
    return allowed and not any(_is_port(one, port, connection) for one in entity.not_ports)


def _is_among(entity: CalicoEntity, end: End, policy: Policy) -> bool:
    if entity.nets and not any(_within(end.ip, net) for net in entity.nets):
        return False
    if any(_within(end.ip, net) for net in entity.not_nets):
        return False
    if entity.not_selector and end.is_pod and selector(entity.not_selector)(labels_of(end)):
        return False
    if not (entity.selector or entity.namespace_selector):
        return True
    if not end.is_pod:
        return False
    if entity.namespace_selector:
        in_place = selector(entity.namespace_selector)(namespace_labels(end))
    else:
        in_place = not isinstance(policy, CalicoNetworkPolicy) or end.namespace == policy.metadata.namespace
    return in_place and selector(entity.selector)(labels_of(end))


def _is_port(written: int | str, port: int, connection: Connection) -> bool:
    text = str(written)
    first, _, last = text.partition(":")
    if first.isdecimal() and (last or first).isdecimal():
        return int(first) <= port <= int(last or first)
    named = (one for one in connection.target.ports if one.name == text and one.protocol == connection.protocol)
    return any(one.container_port == port for one in named)


def _within(ip: str, net: str) -> bool:
    try:
        return ipaddress.ip_address(ip) in ipaddress.ip_network(net, strict=False)
    except ValueError:
        return False
