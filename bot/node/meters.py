"""What programs say of themselves in metrics: asking Nodes for it, and growth in the window."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from bot.cluster.errors import ClusterError
from bot.cluster.port import Cluster
from bot.node import client
from bot.node.answers import Answer
from bot.node.requests import WINDOW_SECONDS, metrics_requests

METRICS_SECONDS = WINDOW_SECONDS + 10.0
"""The collector's own limit: two looks of up to two answers each."""

KUBE_PROXY = "127.0.0.1:10249"
"""kube-proxy's metricsBindAddress, unless it is set."""
ETCD_PORT = 2381
"""Where etcd of kubeadm shows its metrics (--listen-metrics-urls)."""
ETCD = f"127.0.0.1:{ETCD_PORT}"
COREDNS_PORT = 9153
"""Of CoreDNS' plugin prometheus."""
CILIUM_PORT = 9962
"""Of cilium-agent, where prometheus.enabled."""


LARGEST = 1e12
"""Of one number (ours): more seconds, requests or bytes than a program can have seen."""


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """Two looks at a program's numbers, or why there are none."""

    error: str = ""
    """``refused``, ``silent``, or what else came between."""
    window_ms: int = 0
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    mode: str = ""
    """Of kube-proxy what it says at ``/proxyMode``; else empty."""


class Meters(Answer, frozen=True, kw_only=True):
    """The answer to ``metrics``."""

    metrics: dict[str, Meter]


async def meters(cluster: Cluster, wanted: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Meter] | ClusterError]:
    """Return the metrics of programs, by Node and address; a Node that failed has its error."""
    return await client.each(
        cluster,
        wanted,
        requests_for=metrics_requests,
        seconds=METRICS_SECONDS,
        of=Meters,
        items=lambda answer: answer.metrics,
    )


async def of_api_server(cluster: Cluster) -> Meter:
    """Return the metrics of the API server that answers.

    Raises:
        ClusterError: It may not be read, or fails.
    """
    first, last = await cluster.metrics(seconds=WINDOW_SECONDS)
    return Meter(window_ms=WINDOW_SECONDS * 1000, first=first, last=last)


@dataclass(frozen=True)
class Growth:
    """How the numbers of a program grew. Of several processes behind one address it may seem to shrink: then 0."""

    meter: Meter

    def of(self, name: str) -> float:
        """Return the growth of one counter."""
        return _sane(self.meter.last.get(name, 0.0) - self.meter.first.get(name, 0.0))

    def now(self, name: str) -> float:
        """Return a number as it is now; 0 where the program has none."""
        return _sane(self.meter.last.get(name, 0.0))

    def has(self, name: str) -> bool:
        """Tell whether the program shows a number."""
        return name in self.meter.last

    def spans(self, family: str, **labels: Iterable[str]) -> Spans:
        """Return the durations that ended in the window, of those label values that are given."""
        buckets: dict[float, float] = {}
        total = seconds = 0.0
        for name in self.meter.last:
            base, _, rest = name.partition("{")
            given = dict(pair.partition("=")[::2] for pair in rest.rstrip("}").split(",") if pair)
            if any(given.get(key, "") not in values for key, values in labels.items()):
                continue
            if base == f"{family}_bucket":
                edge = given.get("le", "+Inf")
                buckets[_edge(edge)] = buckets.get(_edge(edge), 0.0) + self.of(name)
            elif base == f"{family}_sum":
                seconds += self.of(name)
            elif base == f"{family}_count":
                total += self.of(name)
        return Spans(count=round(total), seconds=seconds, buckets=buckets)


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Durations, as a histogram."""

    count: int
    seconds: float
    """All together."""
    buckets: Mapping[float, float]
    """How many were at most so long."""

    @property
    def mean_ms(self) -> int:
        """The mean in milliseconds; 0 where there are none."""
        return round(self.seconds / self.count * 1000) if self.count else 0

    def quantile_ms(self, share: float) -> int:
        """Return the upper edge of the bucket that holds a quantile, in milliseconds; 0 where there are none.

        Of those beyond the last edge that edge is returned.
        """
        finite = sorted(edge for edge in self.buckets if math.isfinite(edge))
        total = self.buckets.get(math.inf, 0.0)
        if not total or not finite:
            return 0
        reached = (edge for edge in finite if self.buckets[edge] >= share * total)
        return round(next(reached, finite[-1]) * 1000)


def _sane(number: float) -> float:
    return min(max(0.0, number), LARGEST)


def _edge(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.inf
