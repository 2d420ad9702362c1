"""Facts about kube-proxy, or what replaces it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class KubeProxyMode(Fact):
    """How the cluster translates Service addresses."""

    kind: ClassVar[str] = "kube_proxy_mode"

    mode: str
    """iptables, ipvs, nftables, userspace or ``ebpf`` (Cilium's replacement)."""
    services: int
    """Services in the cluster."""


@dataclass(frozen=True, kw_only=True)
class KubeProxyPod(Fact):
    """Whether one Node has its kube-proxy. Made only where a kube-proxy DaemonSet exists."""

    kind: ClassVar[str] = "kube_proxy_pod"

    node: str
    daemonset_namespace: str
    daemonset: str
    present: bool
    ready: bool
    pod: str
    """Empty when there is none."""
