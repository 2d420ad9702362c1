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
    asked_for: str
    """Whom their ingress rules name, there or not, in the same words; empty if they have no ingress rule."""
