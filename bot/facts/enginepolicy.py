"""Facts about policies of Calico's and Cilium's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class EnginePolicyFlow(Fact):
    """What Calico's or Cilium's own policies, together with NetworkPolicies, mean for one connection of a client.

    Made where such policies exist. Source: policies of crd.projectcalico.org or cilium.io, NetworkPolicies, Pods.
    """

    kind: ClassVar[str] = "engine_policy_flow"

    engine: str
    """``calico`` or ``cilium``."""
    flow: str
    """As of ``policy_flow``."""
    client_namespace: str
    client: str
    client_workload: str
    target_namespace: str
    target: str
    service: str
    protocol: str
    port: int
    """At the target Pod."""
    allowed: bool
    direction: str
    """That decides; empty if no policy concerns either end."""
    policy_kind: str
    """CalicoNetworkPolicy, GlobalNetworkPolicy, CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy or NetworkPolicy;
    empty if none decides."""
    namespace: str
    """That of the policy; empty for one without."""
    policy: str
    """The one whose rule matches, or the first of those that allow nothing."""
    explicit: bool
    """A rule says so; else nothing allows it."""


@dataclass(frozen=True, kw_only=True)
class EnginePolicyCount(Fact):
    """How many policies of Calico's and Cilium's own concern the symptom's namespaces."""

    kind: ClassVar[str] = "engine_policy_count"

    calico: int
    calico_global: int
    cilium: int
    cilium_clusterwide: int
