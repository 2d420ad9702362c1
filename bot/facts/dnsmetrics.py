"""Facts about what the cluster's DNS servers say of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class DnsMetrics(Fact):
    """What one CoreDNS Pod answered everybody in a window, and what the servers it forwards to answered it.

    Source: its metrics, read by the node helper of its own Node or of another.
    """

    kind: ClassVar[str] = "dns_metrics"

    namespace: str
    name: str
    service: str
    node: str
    window_ms: int
    requests: int
    mean_ms: int
    p99_ms: int
    """The upper edge of the histogram's bucket."""
    responses: int
    failed: int
    """Of those, SERVFAIL."""
    failed_permille: int
    unknown_permille: int
    """NXDOMAIN."""
    cache_lookups: int
    cache_hits_permille: int
    forwarded: int
    forward_failed: int
    """Of those, SERVFAIL."""
    forward_failed_permille: int
    forward_p99_ms: int
    without_upstream: int
    """Queries for which each server to forward to had failed its health check."""
    rejected: int
    """Queries beyond max_concurrent of the plugin forward."""
    panics: int
    """Since it started."""
