"""Facts about the addresses that Services have beside their own: externalIPs, and those of load balancers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class ExternalIpClaim(Fact):
    """A port that the symptom reaches for on a Node, and a Service that claims the Node's address with that port.

    kube-proxy sends what comes to an address of ``externalIPs`` to the Service that has it, before nodePorts; its rules
    also come before those of hostPorts. Source: core/v1 Services, Node and Pod.
    """

    kind: ClassVar[str] = "external_ip_claim"

    namespace: str
    service: str
    """Who claims it."""
    address: str
    node: str
    port: int
    protocol: str
    taken_from: str
    """``Pod shop/web-1``, ``Service shop/web``."""
    way: str
    """``hostPort`` or ``nodePort``."""


@dataclass(frozen=True, kw_only=True)
class BalancerClient(Fact):
    """Clients in the cluster that call the address of a load balancer, and whether its Service lets them in.

    kube-proxy takes such a connection on the client's own Node, where it still has the Pod's address, and drops it if
    that is not in loadBalancerSourceRanges. Source: core/v1 Service and Pods, and what clients are configured with.
    """

    kind: ClassVar[str] = "balancer_client"

    namespace: str
    service: str
    address: str
    source_ranges: str
    clients: int
    refused: int
    """Clients whose address is in none of the ranges."""
    example: str
    """One of those that are refused: ``shop/till-1 (10.244.2.8)``; empty without any."""
