"""Facts about the Pod network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class CniIdentity(Fact):
    """Which CNI runs the Pod network."""

    kind: ClassVar[str] = "cni_identity"

    name: str
    """flannel, calico, canal, cilium or other."""
    backend: str
    """vxlan, host-gw, ipip, bgp, geneve, ...; empty if not known."""
    configured_mtu: int
    """The MTU its configuration sets for Pods; 0 when it is left to be detected."""


@dataclass(frozen=True, kw_only=True)
class PolicyEnforcement(Fact):
    """Whether anything in the cluster acts on NetworkPolicies."""

    kind: ClassVar[str] = "policy_enforcement"

    enforced: bool
    enforced_by: str
    """The DaemonSet that does; empty if none."""
    cni: str
