"""Facts about what containers of one Pod call in another container of it, over the loopback address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class LoopbackSetting(Fact):
    """A port on the loopback address that a workload is configured to call, and whether its Pod listens there.

    Source: what workloads are configured with, and the TCP sockets that listen in one of their Pods, which the helper's
    tier 3 reads.
    """

    kind: ClassVar[str] = "loopback_setting"

    namespace: str
    workload: str
    workload_type: str
    role: str
    """``client`` or ``backend``."""
    pod: str
    """The one that was looked into."""
    node: str
    where: str
    """``UPSTREAM``, ``args``, ``upstream in ConfigMap settings``."""
    port: int
    listened: bool
    listens: str
    """The ports that the Pod listens on: ``8080, 9000``, at most 100 characters; ``none``."""
