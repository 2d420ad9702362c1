"""Facts about how kube-proxy keeps up with changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class KubeProxySync(Fact):
    """How one Node's kube-proxy writes the rules that translate Services.

    Source: its metrics and ``/proxyMode``, read by the Node's helper.
    """

    kind: ClassVar[str] = "kube_proxy_sync"

    node: str
    mode: str
    """What it says at ``/proxyMode``; empty if it does not."""
    window_ms: int
    syncs: int
    """Ended in the window."""
    sync_mean_ms: int
    """Of all since it started, as there are few in a window."""
    last_sync_seconds_ago: int
    """0 where it does not say."""
    overdue_seconds: int
    """Since a change was queued that no sync took up yet; 0 if there is none."""
    pending_changes: int
    """Of Services and EndpointSlices, not yet written."""
    restore_failures: int
    """Of iptables-restore, in the window."""
    programmed: int
    """Changes of endpoints that took effect in the window."""
    programming_p99_ms: int
    """From the change of the endpoint to the rules; the upper edge of the histogram's bucket."""
