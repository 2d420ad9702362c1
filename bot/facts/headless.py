"""Facts about Services without a cluster address: their ports, which nothing translates, and the names of Pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class HeadlessPort(Fact):
    """One port of a headless Service: its name gives the Pods' addresses, so clients have to use the Pods' port.

    Source: core/v1 Service, its Pods, and what clients are configured with.
    """

    kind: ClassVar[str] = "headless_port"

    namespace: str
    service: str
    port: int
    """What the Service says."""
    target_port: str
    """As written: a number or a name."""
    pod_port: int
    """The number in the Pods; 0 where a name is declared by no container."""
    differs: bool
    """The Service's port is not the Pods', so it leads nowhere."""
    asked: bool
    """Somebody uses the Service's port."""
    asked_by: str
    """``the symptom``, ``WEB_ADDR of Deployment shop/till``; ``nobody seen``."""


@dataclass(frozen=True, kw_only=True)
class GoverningService(Fact):
    """The Service under which the Pods of a StatefulSet have names, as far as the symptom's callers use such names.

    Source: apps/v1 StatefulSet (serviceName), core/v1 Service, and what callers are configured with.
    """

    kind: ClassVar[str] = "governing_service"

    namespace: str
    stateful_set: str
    service: str
    exists: bool
    cluster_ip: str
    """``None`` if it is headless."""
    headless: bool
    only_headless: bool
    """The cluster's DNS gives names to Pods of headless Services only: its Pods were found, and none is CoreDNS, which
    (plugin kubernetes, "endpoint query") also answers for the listed Pods of others."""
    pod_name: str
    """One that is used: ``web-0.web``."""
    used_by: str
    """``WEB_ADDR of Deployment shop/till``; ``the symptom``."""


@dataclass(frozen=True, kw_only=True)
class PeerNames(Fact):
    """A headless Service under whose names the readinessProbe of its own Pods looks for peers, and fails.

    Source: core/v1 Service, Pods, and what kubelet says of their readinessProbes.
    """

    kind: ClassVar[str] = "peer_names"

    namespace: str
    service: str
    workload: str
    workload_type: str
    pods: int
    ready_pods: int
    publishes_not_ready: bool
    """publishNotReadyAddresses: names of Pods that are not ready yet are given too."""
    name: str
    """One that the probe looks for: ``db-0.db``."""


@dataclass(frozen=True, kw_only=True)
class PodName(Fact):
    """The name of one Pod below a Service, by its own hostname and subdomain, as callers of the symptom use it.

    Made where the Service exists and a living Pod has that hostname. Source: core/v1 Service and Pods (hostname,
    subdomain), and what callers are configured with.
    """

    kind: ClassVar[str] = "pod_name"

    name: str
    """The one that is used: ``primary.db``."""
    namespace: str
    service: str
    pod: str
    workload: str
    workload_type: str
    hostname: str
    subdomain: str
    """What the Pod says; empty if nothing."""
    matches: bool
    """The subdomain is the Service's name, so the name is given to the Pod."""
    selected: bool
    """The Service selects the Pod."""
    used_by: str
    """``WEB_ADDR of Deployment shop/till``; ``the symptom``."""
