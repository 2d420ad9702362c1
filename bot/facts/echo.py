"""Facts about ICMP echoes. The node helper's tier 2 sends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class OutsidePing(Fact):
    """A few ICMP echoes from one Node to the host outside that the symptom is about."""

    kind: ClassVar[str] = "outside_ping"

    node: str
    host: str
    address: str
    sent: int
    answered: int
    """Many hosts answer none, well as they are."""
    median_us: int
