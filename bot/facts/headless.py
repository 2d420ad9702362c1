"""Facts about Services without a cluster address, whose ports nothing translates."""

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
