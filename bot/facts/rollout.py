"""Facts about Deployments that replace their Pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class Rollout(Fact):
    """How far a Deployment is with replacing its Pods, and how it does so.

    Source: apps/v1 Deployment, its Pods.
    """

    kind: ClassVar[str] = "rollout"

    namespace: str
    workload: str
    service: str
    """The Service whose selector its Pod template matches; a Deployment behind two makes two facts."""
    wanted_replicas: int
    updated_replicas: int
    available_replicas: int
    paused: bool
    """Its controller was told not to roll out what is changed (spec.paused)."""
    in_progress: bool
    """The controller has not seen the last change yet, or not all Pods are new and available."""
    templates: int
    """Different Pod templates among its Pods, those on their way out included: above 1 it replaces Pods now, or just
    did."""
    leaving_pods: int
    """Pods on their way out."""
    progress: str
    """The reason of its condition Progressing, such as ReplicaSetUpdated or ProgressDeadlineExceeded; empty without."""
    strategy: str
    """RollingUpdate or Recreate."""
    max_unavailable: str
    """``1`` or ``25%``."""
    awaits_ready: bool
    """Each container with a port has a readinessProbe or a startupProbe; without, it gets connections before it
    listens."""
    delays_stop: bool
    """Each container with a port has a preStop hook, which keeps it serving while endpoints are taken away."""
