"""Measurements as a diagnosis holds them; nothing is random."""

from __future__ import annotations

from bot.diagnosis.measurements import Recording, Series, Way

AGES = tuple(range(895, -1, -5))
STEAL = tuple(300 + age % 60 if 300 < age < 420 or age < 60 else age % 12 for age in AGES)


def node(number: int) -> str:
    return f"ip-10-0-0-{number}.eu-north-1.compute.internal"


def way(start: int, end: int, *, nodes: int, bad: int = 2) -> Way:
    far = start % 3 != end % 3
    return Way(
        node=node(start),
        zone=f"eu-north-1{'abc'[start % 3]}",
        peer=node(end),
        peer_zone=f"eu-north-1{'abc'[end % 3]}",
        layer="overlay",
        tried=20,
        lost=(start + end) % 10 if bad in (start, end) else 0,
        median_us=(2000 if far else 300) + 37 * (start * nodes + end) % 500,
        worst_us=21_000,
    )


def ways(nodes: int) -> tuple[Way, ...]:
    """Return all ways between Nodes, of which one loses packets."""
    return tuple(way(start, end, nodes=nodes) for start in range(nodes) for end in range(nodes) if start != end)


RECORDING = Recording(
    node="node2",
    at="2026-03-02T09:15:04+00:00",
    series=(
        Series(name="steal", unit="permille", seconds_ago=AGES, values=STEAL),
        Series(name="softirq", unit="permille", seconds_ago=AGES, values=tuple(age % 7 for age in AGES)),
        Series(
            name="drops on flannel.1",
            unit="packets",
            seconds_ago=AGES,
            values=tuple(steal * (2 + steal % 3) if steal > 100 else 0 for steal in STEAL),
        ),
        Series(name="resent TCP segments", unit="permille", seconds_ago=AGES[100:], values=STEAL[100:]),
    ),
)
