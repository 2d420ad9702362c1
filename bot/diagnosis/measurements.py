"""What was measured over pairs of Nodes and over time: for pictures, and as evidence for those who run the machines.

Rules judge facts, which are single values; a person wants to see the whole of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Way:
    """How packets fared from one Node to another, or to the API server."""

    node: str
    zone: str
    """Empty if the Node has no such label."""
    peer: str
    peer_zone: str
    layer: str
    """``underlay`` or ``overlay``."""
    tried: int
    lost: int
    median_us: int
    """0 when nothing was answered at once."""
    worst_us: int


@dataclass(frozen=True, kw_only=True)
class Series:
    """One quantity over time, in steps of five seconds; a step that was not recorded is missing."""

    name: str
    """``steal``, ``softirq``, ``CPU pressure``, ``resent TCP segments`` or ``drops on eth0``."""
    unit: str
    """``permille`` (mean of the step) or ``packets`` (in the step)."""
    seconds_ago: tuple[int, ...]
    """Oldest first."""
    values: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What the flight recorder of one Node holds."""

    node: str
    at: str
    """The time that ``seconds_ago`` counts from."""
    series: tuple[Series, ...]
