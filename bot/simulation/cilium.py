"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy at layers 3 and 4, with Kubernetes' NetworkPolicies.

Semantics: a rule that denies and matches decides. Else a Pod that a policy selects for a direction takes what a rule of
any such policy allows, of either kind, and nothing else; one that no policy selects is open. Blocks of addresses never
mean Pods. Source: docs.cilium.io, Layer 3, Layer 4 and Deny policies. Not simulated: rules about requests (layer 7),
names (toFQDNs), Services, cloud groups, nodes, ICMP, authentication; where only such a rule could allow or deny, the
connection is not understood.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.cluster.objects import CiliumClusterwideNetworkPolicy, CiliumNetworkPolicy, LabelSelector, NetworkPolicy
from bot.cluster.objects.base import LabelSelectorRequirement
from bot.cluster.objects.cilium import CiliumPolicySpec, CiliumPort, CiliumPortRule, CiliumRule
from bot.cluster.selectors import selects
from bot.simulation.networkpolicy import Direction, End, isolating, peers_match, peers_of, ports_match, rules_of
from bot.simulation.ruling import OPEN, Connection, Policy, Ruling, name_of

CiliumPolicy = CiliumNetworkPolicy | CiliumClusterwideNetworkPolicy

NAMESPACE_LABEL = "io.kubernetes.pod.namespace"
OF_NAMESPACE = "io.cilium.k8s.namespace.labels."
SOURCES = ("k8s:", "any:", "k8s.", "any.")
"""Of labels, in selectors: where they come from; the API server's form has a dot."""
UNKNOWN_LABELS = ("reserved", "cidr", "io.cilium.k8s.policy", "container")
"""Labels by which Cilium knows what is no Pod, or what the API does not show."""


class NotUnderstood(Exception):
    """A rule uses what is not simulated."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One spec of a policy, and the policy."""

    policy: CiliumPolicy
    spec: CiliumPolicySpec


def decide(policies: Sequence[CiliumPolicy], kubernetes: Sequence[NetworkPolicy], connection: Connection) -> Ruling:
    """Tell whether a new connection passes both directions."""
    source, target = connection.source, connection.target
    if source.node and source.node == target.node and source.is_pod != target.is_pod:
        return OPEN  # kubelet's probes have to pass
    directions: tuple[Direction, ...] = ("egress", "ingress")
    rulings = [_one_way(policies, kubernetes, connection, direction) for direction in directions]
    return next(
        (ruling for ruling in rulings if ruling.unread or not ruling.allowed),
        next((ruling for ruling in reversed(rulings) if ruling.direction), OPEN),
    )


def _one_way(
    policies: Sequence[CiliumPolicy],
    kubernetes: Sequence[NetworkPolicy],
    connection: Connection,
    direction: Direction,
) -> Ruling:
    pod = connection.pod(direction)
    if not pod.is_pod:
        return OPEN
    doubts: list[str] = []
    parts = [part for policy in policies for part in parts_of(policy) if selects_pod(part, pod, doubts)]
    refusing = _first(parts, connection, direction, doubts, denying=True)
    if refusing or doubts:
        unread = "" if refusing else doubts[0]
        return Ruling(allowed=False, direction=direction, policies=refusing, explicit=True, unread=unread)
    own = isolating(kubernetes, pod, direction)
    admitting: tuple[Policy, ...] = tuple(policy for policy in own if _kubernetes(policy, connection, direction))
    admitting = admitting or _first(parts, connection, direction, doubts, denying=False)
    if admitting:
        return Ruling(allowed=True, direction=direction, policies=admitting, explicit=True)
    walls = (*(part.policy for part in parts if isolates(part.spec, direction)), *own)
    unread = doubts[0] if doubts else ""
    return Ruling(allowed=False, direction=direction, policies=walls, unread=unread) if walls else OPEN


def parts_of(policy: CiliumPolicy) -> Iterator[Part]:
    """Yield the specs of a policy that are for Pods."""
    for spec in ((policy.spec,) if policy.spec else ()) + policy.specs:
        if spec.endpoint_selector is not None:
            yield Part(policy=policy, spec=spec)


def selects_pod(part: Part, pod: End, doubts: list[str]) -> bool:
    """Tell whether a spec is for a Pod; where its selector asks what is not known of a Pod, that is a doubt."""
    if isinstance(part.policy, CiliumNetworkPolicy) and part.policy.metadata.namespace != pod.namespace:
        return False
    try:
        return _selects(part.spec.endpoint_selector or LabelSelector(), pod)
    except NotUnderstood as problem:
        doubts.append(f"{type(part.policy).__name__} {name_of(part.policy)}: {problem}")
        return False


def isolates(spec: CiliumPolicySpec, direction: Direction) -> bool:
    """Tell whether a spec takes away what nothing allows: if it has a section for the direction, or says so."""
    ingress = direction == "ingress"
    said = spec.enable_default_deny.ingress if ingress else spec.enable_default_deny.egress
    if said is not None:
        return said
    sections = (spec.ingress, spec.ingress_deny) if ingress else (spec.egress, spec.egress_deny)
    return any(section is not None for section in sections)


def rules_in(spec: CiliumPolicySpec, direction: Direction, *, denying: bool) -> Sequence[CiliumRule]:
    """Return the rules of a spec for a direction."""
    if direction == "ingress":
        return (spec.ingress_deny if denying else spec.ingress) or ()
    return (spec.egress_deny if denying else spec.egress) or ()


def _first(
    parts: Iterable[Part], connection: Connection, direction: Direction, doubts: list[str], *, denying: bool
) -> tuple[Policy, ...]:
    """Return the first policy with a rule that surely matches; what may match is added to the doubts."""
    for part in parts:
        for rule in rules_in(part.spec, direction, denying=denying):
            try:
                if _matches(rule, part.policy, connection, direction):
                    return (part.policy,)
            except NotUnderstood as problem:
                doubts.append(f"{type(part.policy).__name__} {name_of(part.policy)}: {problem}")
    return ()


def _matches(rule: CiliumRule, policy: CiliumPolicy, connection: Connection, direction: Direction) -> bool:
    if not _ports(rule.to_ports, connection):
        return False
    found = _peer(rule, policy, connection.peer(direction), direction)
    if not found or rule.icmps is not None:
        return False
    if rule.authentication is not None or any(_looks_inside(one) for one in rule.to_ports or ()):
        raise NotUnderstood("a rule about requests, names of TLS or authentication")
    return True


def _looks_inside(rule: CiliumPortRule) -> bool:
    tls = rule.terminating_tls or rule.originating_tls
    return bool(rule.rules or rule.server_names or rule.listener or tls)


def _peer(rule: CiliumRule, policy: CiliumPolicy, peer: End, direction: Direction) -> bool:
    """Tell whether the other end is among those that a rule names; one that names nobody takes all, by its ports."""
    ingress = direction == "ingress"
    endpoints = rule.from_endpoints if ingress else rule.to_endpoints
    blocks = rule.from_cidr if ingress else rule.to_cidr
    sets = rule.from_cidr_set if ingress else rule.to_cidr_set
    entities = rule.from_entities if ingress else rule.to_entities
    beyond = (
        (rule.from_requires, rule.from_groups, rule.from_nodes)
        if ingress
        else (rule.to_requires, rule.to_groups, rule.to_nodes, rule.to_fqdns, rule.to_services)
    )
    if all(each is None for each in (endpoints, blocks, sets, entities, *beyond)):
        # An empty rule allows nothing: it only isolates.
        return rule.to_ports is not None
    if endpoints is not None and any(_selects_peer(one, peer, policy) for one in endpoints):
        return True
    if not peer.is_pod and any(_within(peer.ip, block) for block in blocks or ()):
        return True
    for one in sets or () if not peer.is_pod else ():
        if one.cidr_group_ref:
            raise NotUnderstood("a rule by a CIDR group")
        if _within(peer.ip, one.cidr) and not any(_within(peer.ip, block) for block in one.except_):
            return True
    if any(_is_entity(entity, peer) for entity in entities or ()):
        return True
    if any(each is not None for each in beyond):
        raise NotUnderstood("a rule by names, Services, groups, nodes or requirements")
    return False


def _is_entity(entity: str, peer: End) -> bool:
    if entity == "all":
        return True
    if entity == "cluster":
        return peer.is_pod or bool(peer.node)
    if entity == "world":
        return not peer.is_pod and not peer.node
    if peer.is_pod:
        return False
    raise NotUnderstood(f"a rule for {entity[:40]}")


def _selects_peer(selector: LabelSelector, peer: End, policy: CiliumPolicy) -> bool:
    """Tell whether a selector means a Pod: of the policy's namespace, unless it says which."""
    if not peer.is_pod:
        return False
    keys = {plain(key) for key in (*selector.match_labels, *(one.key for one in selector.match_expressions))}
    says = any(key == NAMESPACE_LABEL or key.startswith(OF_NAMESPACE) for key in keys)
    if isinstance(policy, CiliumNetworkPolicy) and not says and peer.namespace != policy.metadata.namespace:
        return False
    return _selects(selector, peer)


def _selects(selector: LabelSelector, pod: End) -> bool:
    labels = {
        **pod.labels,
        NAMESPACE_LABEL: pod.namespace,
        **{f"{OF_NAMESPACE}{key}": value for key, value in pod.namespace_labels.items()},
        f"{OF_NAMESPACE}kubernetes.io/metadata.name": pod.namespace,
    }
    wanted = {plain(key): value for key, value in selector.match_labels.items()}
    asked = tuple(
        LabelSelectorRequirement(key=plain(one.key), operator=one.operator, values=one.values)
        for one in selector.match_expressions
    )
    for key in (*wanted, *(one.key for one in asked)):
        if key.startswith(UNKNOWN_LABELS):
            raise NotUnderstood(f"a rule by the label {key[:60]}")
    return selects(LabelSelector(match_labels=wanted, match_expressions=asked), labels)


def plain(key: str) -> str:
    """Return a label's key without where it comes from."""
    return next((key[len(source) :] for source in SOURCES if key.startswith(source)), key)


def _ports(rules: Sequence[CiliumPortRule] | None, connection: Connection) -> bool:
    if rules is None:
        return True
    return any(not rule.ports or any(_is_port(port, connection) for port in rule.ports) for rule in rules)


def _is_port(written: CiliumPort, connection: Connection) -> bool:
    if written.protocol not in ("", "ANY", connection.protocol):
        return False
    text = str(written.port)
    if text.isdecimal():
        first = int(text)
        return not first or first <= connection.port <= (written.end_port or first)
    named = (one for one in connection.target.ports if one.name == text and one.protocol == connection.protocol)
    return any(one.container_port == connection.port for one in named)


def _kubernetes(policy: NetworkPolicy, connection: Connection, direction: Direction) -> bool:
    return any(
        peers_match(peers_of(rule), connection.peer(direction), policy.metadata.namespace)
        and ports_match(rule.ports, connection.target, connection.port, connection.protocol)
        for rule in rules_of(policy, direction)
    )


def _within(ip: str, block: str) -> bool:
    try:
        return ipaddress.ip_address(ip) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False
