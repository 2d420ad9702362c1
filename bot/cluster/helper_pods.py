"""The port for helper Pods that live as long as a diagnosis. It reaches one namespace; the reading port cannot do this.

A run is a ConfigMap, which holds the helper's program and owns its Pods: deleting it is all the cleaning up there is,
as the cluster's garbage collector takes the Pods with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

RUN_LABEL = "netmedic.run"
"""On the ConfigMap and the Pods of a run: its name."""
DEADLINE_LABEL = "netmedic.deadline-seconds"
"""On the ConfigMap: how long its Pods may live."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Helper Pods that were started together."""

    name: str
    age_seconds: int
    """By the clock of whoever asks."""
    deadline_seconds: int


class HelperPods(Protocol):
    """Starting and ending helper Pods. Every method may raise :class:`bot.cluster.errors.ClusterError` alone."""

    @property
    def namespace(self) -> str:
        """The only namespace it reaches."""
        ...

    async def create(self, kind: str, body: Mapping[str, Any]) -> str:
        """Create a ConfigMap or a Pod, and return its uid."""
        ...

    async def runs(self) -> Sequence[Run]:
        """Return the runs that there are, anybody's."""
        ...

    async def end(self, run: str) -> None:
        """Delete a run's ConfigMap, and its Pods with it; one that is gone already is no error."""
        ...
