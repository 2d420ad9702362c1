"""Facts about NetworkPolicies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class PolicyCount(Fact):
    """How many NetworkPolicies exist in the namespaces looked at."""

    kind: ClassVar[str] = "policy_count"

    policies: int
    namespaces: int
    """Namespaces that have at least one."""
    example_namespace: str
    """That of the first policy, by namespace and name; empty if there is none."""
    example_name: str


@dataclass(frozen=True, kw_only=True)
class TargetIsolation(Fact):
    """The NetworkPolicies that isolate one target Pod for ingress, taken together.

    Made for one Pod of each Service or workload that is a target; Pods of one template have the same labels.
    """

    kind: ClassVar[str] = "target_isolation"

    namespace: str
    pod: str
    service: str
    """The Service it backs; empty if the Pod was named directly."""
    policies: int
    """Policies that select the Pod for ingress."""
    policy: str
    """The first of them by name; empty if none."""
    selects_all_pods: bool
    """That policy's podSelector is empty."""
    admits_anyone: bool
    """At least one ingress rule of them lets somebody in: a rule whose peers match an existing Pod or an address block,
    or that names no peers."""
    admitted: str
    """Who, in words, at most 200 characters: ``Pods tier=backend``; empty if nobody."""
    admits_addresses: bool
    """At least one ingress rule names a block of addresses, or nobody in particular: others than Pods may get in."""
    from_outside: bool
    """The symptom asks a port of a Node (nodePort, hostPort), and names no Pod that does."""
    asked_for: str
    """Whom their ingress rules name, there or not, in the same words; empty if they have no ingress rule."""


@dataclass(frozen=True, kw_only=True)
class PolicyFlow(Fact):
    """What NetworkPolicies mean for one connection of a client that the symptom names, where something enforces them.

    Made for one client Pod of each workload: to each Service or Pod it reaches for, to the DNS Pods, to a host outside.
    """

    kind: ClassVar[str] = "policy_flow"

    flow: str
    """Where to: ``service``, ``pod``, ``dns`` or ``outside``."""
    client_namespace: str
    client: str
    """The Pod."""
    client_workload: str
    """Name of what owns it; its own if nothing does."""
    target_namespace: str
    """Empty outside the cluster."""
    target: str
    """The Pod, or the host outside."""
    service: str
    """The Service on the way; empty if there is none."""
    protocol: str
    port: int
    """At the target Pod, after the Service's translation."""
    allowed: bool
    direction: str
    """``egress`` or ``ingress``: the direction that decides; empty if no policy isolates either end for it."""
    namespace: str
    """That of the policy that decides; empty if none does."""
    policy: str
    """The one whose rule allows; of those that deny, the one that comes nearest to allowing."""
    policies: int
    """Policies that isolate the Pod in that direction and do not allow; 0 where it is allowed."""
    selected: str
    """Whom that policy selects: ``all Pods``, ``Pods app=web``."""
    selects_all_pods: bool
    misfit: str
    """What of the policy that denies does not fit: ``rules`` (it has none for the direction), ``peer`` or ``port``;
    empty where it is allowed."""
    named: str
    """Whom its rules name instead, or with misfit ``port`` which ports: ``Pods tier=backend``, ``TCP 8080``."""
    carried: str
    """What the other end has under the same keys: ``tier=frontend``."""
    denies_dns: bool
    """The client may not ask the DNS Pods either."""
    other_port_allowed: bool
    """Another port of the same target is allowed."""
    change: str
    """The least that would allow it and what else is denied at the target: ``ingress from Pods app=till on TCP 8080``;
    empty where it is allowed."""
    missed: str
    """A policy of the same namespace that would allow it, and selects no Pods at all; empty if there is none."""
    missed_selects: str
    """Whom that one selects: ``Pods tier=api``."""


@dataclass(frozen=True, kw_only=True)
class PolicyEffect(Fact):
    """What one NetworkPolicy does to the Pods of its namespace. Made for each in the symptom's namespaces."""

    kind: ClassVar[str] = "policy_effect"

    namespace: str
    name: str
    selected: str
    """Whom it selects: ``all Pods``, ``Pods app=web``."""
    selects_all_pods: bool
    pods: int
    """Living Pods of the namespace that policies know: without hostNetwork."""
    selected_pods: int
    isolates_ingress: bool
    isolates_egress: bool
    ingress_rules: int
    egress_rules: int
    named: str
    """Whom its ingress rules name: ``Pods tier=backend``."""
    names_own_pods: bool
    """Its ingress rules name Pods of its own namespace by their labels, and nobody else."""
    shut_out_pods: int
    """Pods of the namespace that its ingress rules do not name."""
    alone_pods: int
    """Pods that it isolates for ingress and no other policy does: without it they were open."""
    mute_pods: int
    """Pods that it isolates for egress and that no policy lets send anything."""
    client_named: bool
    """The symptom names who connects, so that :class:`PolicyFlow` tells more."""


@dataclass(frozen=True, kw_only=True)
class PolicyCoverage(Fact):
    """How far NetworkPolicies isolate the Pods of one namespace of the symptom."""

    kind: ClassVar[str] = "policy_coverage"

    namespace: str
    policies: int
    pods: int
    """Living Pods that policies know: without hostNetwork."""
    open_ingress_pods: int
    """Pods that no policy isolates for ingress: everybody may connect to them."""
    open_egress_pods: int
    open_to_all_namespaces_pods: int
    """Pods that are isolated for ingress, and that a rule opens to every Pod of every namespace nevertheless."""
    default_deny_ingress: bool
    """A policy selects all Pods for ingress and has no ingress rule."""
    default_deny_egress: bool
