"""Facts about the last minutes of a Node, from its helper's flight recorder: trouble that may be over.

``seconds`` is how far the recording goes back, at most 900; a step is about one second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class DropHistory(Fact):
    """When one interface of a Node dropped packets, received and sent together."""

    kind: ClassVar[str] = "drop_history"

    node: str
    interface: str
    seconds: int
    steps: int
    dropped: int
    steps_with_drops: int
    first_seconds_ago: int
    """When drops began, as far as the recording goes back; 0 when there were none."""
    last_seconds_ago: int
    """When they were last seen; 0 when there were none, or just now."""
    worst_step_dropped: int


@dataclass(frozen=True, kw_only=True)
class LossHistory(Fact):
    """When a Node lost something that no counter of an interface shows.

    ``what`` is one of

    - ``backlog``: packets that CPUs dropped because their receive backlog was full
    - ``conntrack``: connections that lost their place in the table or got none
    - ``insert``: entries that clashed with another one of the same connection (A and AAAA asked at once)
    - ``listen``: connections dropped because a listen queue in the Node's own network was full
    - ``datagrams``: those that found no room in the receive buffer of a program in the Node's own network
    - ``no_route``: packets that led nowhere
    - ``reverse_path``: packets that rp_filter dropped
    - ``segments``: those that TCP of the Node's own network sent again
    """

    kind: ClassVar[str] = "loss_history"

    node: str
    what: str
    seconds: int
    steps: int
    lost: int
    steps_with_losses: int
    first_seconds_ago: int
    """When they began, as far as the recording goes back; 0 when there were none."""
    last_seconds_ago: int
    """When they were last seen; 0 when there were none, or just now."""
    worst_step_lost: int


@dataclass(frozen=True, kw_only=True)
class StealHistory(Fact):
    """When a Node's CPU time was withheld."""

    kind: ClassVar[str] = "steal_history"

    node: str
    seconds: int
    steps: int
    steal_permille: int
    """Over all steps."""
    worst_steal_permille: int
    worst_seconds_ago: int
    steps_with_steal: int
    """Steps with at least 100 permille (awesome-prometheus-alerts, host CPU steal: above 10 %)."""


@dataclass(frozen=True, kw_only=True)
class ConntrackHistory(Fact):
    """How full a Node's connection table was at its fullest."""

    kind: ClassVar[str] = "conntrack_history"

    node: str
    seconds: int
    steps: int
    peak_entries: int
    max_entries: int
    peak_permille: int
    peak_seconds_ago: int
    lost: int
    """Connections that lost their place or got none (drop + early_drop)."""


@dataclass(frozen=True, kw_only=True)
class DropCorrelation(Fact):
    """Whether an interface dropped packets in the same seconds in which something else rose on its Node.

    Made for interfaces that dropped anything. Steps without packets do not count: nothing can be dropped in them.
    """

    kind: ClassVar[str] = "drop_correlation"

    node: str
    interface: str
    signal: str
    """``steal``, ``softirq``, ``cpu_pressure``, ``memory_pressure`` or ``io_pressure``."""
    steps: int
    """Samples of the correlation."""
    steps_with_drops: int
    correlation_permille: int
    """Pearson's r of the share of packets dropped and the signal, times 1000; 0 when one of them stood still."""
    signal_with_drops_permille: int
    """Mean of the signal over the steps with drops."""
    signal_without_drops_permille: int
    """Mean of the signal over the other steps; 0 if there are none."""
