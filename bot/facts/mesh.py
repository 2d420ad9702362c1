"""Facts about a service mesh that answers or refuses in place of the workloads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class MeshAuthorization(Fact):
    """One AuthorizationPolicy that covers Pods that are reached for, or the mesh's ingress gateway.

    Source: security.istio.io AuthorizationPolicy, labels of Pods.
    """

    kind: ClassVar[str] = "mesh_authorization"

    namespace: str
    name: str
    action: str
    """ALLOW, DENY, AUDIT or CUSTOM."""
    rules: int
    what: str
    """What its rules name: ``GET /cart``; ``everything`` where they name nothing, at most 200 characters."""
    covers: str
    """One Pod it covers: ``shop/web-1``."""
    gateway: bool
    """That is a Pod of the ingress gateway."""


@dataclass(frozen=True, kw_only=True)
class MeshMutualTls(Fact):
    """Whether a Pod that is reached for takes connections with mutual TLS alone, and whether a client can give it.

    Source: security.istio.io PeerAuthentication, containers of Pods.
    """

    kind: ClassVar[str] = "mesh_mutual_tls"

    namespace: str
    name: str
    """Of the PeerAuthentication that decides: the one for the Pod, its namespace or the mesh."""
    mode: str
    """STRICT, PERMISSIVE or DISABLE."""
    target_namespace: str
    target: str
    """The Pod."""
    target_in_mesh: bool
    client_namespace: str
    """Empty where the symptom names no client in the cluster."""
    client: str
    client_in_mesh: bool
    """It has the mesh's proxy; without a client, false."""
