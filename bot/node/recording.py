"""What a helper's flight recorder holds: a timeline of growth, and what it says. Pure but for the decoding."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from bot.cluster.errors import Absent, Malformed
from bot.node.answers import Answer, Count
from bot.node.growth import grown

LONGEST_STEP_MS = 5000
"""Looks further apart than this (ours) do not make a step: the recorder stood still between them."""
FEWEST_STEPS = 10
"""Fewer (ours) tell nothing about what goes together."""
MOST_LOOKS = 2000
COUNTER_BITS = 32


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Looks as columns, oldest first; in a column, each value is the difference to the one before it."""

    age_ms: Annotated[tuple[Count, ...], Meta(max_length=MOST_LOOKS)]
    columns: dict[str, Annotated[tuple[int | None, ...], Meta(max_length=MOST_LOOKS)]]
    missing: dict[str, str]


class Recall(Answer, frozen=True, kw_only=True):
    """The recording of one Node."""

    recording: Columns


class History:
    """One Node's recording."""

    def __init__(self, recall: Recall) -> None:
        """Read a recording.

        Raises:
            Absent: It has only just begun.
            Malformed: Its columns do not fit together.
        """
        self.node = recall.node
        self.source = f"{recall.node}: flight recorder"
        self.at = recall.started_at.isoformat(timespec="milliseconds")
        self._ages = recall.recording.age_ms
        self._missing = recall.recording.missing
        looks = len(self._ages)
        if looks <= FEWEST_STEPS:
            raise Absent(f"the flight recorder on {self.node} has just begun: it holds {looks} seconds")
        if list(self._ages) != sorted(self._ages, reverse=True):
            raise Malformed(f"the recording of {self.node} is out of order")
        self._columns = {name: unpacked(self.node, column, looks) for name, column in recall.recording.columns.items()}

    @property
    def seconds(self) -> int:
        """How far back it goes."""
        return self._ages[0] // 1000

    @property
    def interfaces(self) -> list[str]:
        """The interfaces that were watched."""
        ends = (".rx_packets", "net.")
        return [name.removeprefix(ends[1]).removesuffix(ends[0]) for name in self._columns if name.endswith(ends[0])]

    def values(self, name: str) -> list[tuple[int, int]]:
        """Return age in milliseconds and value of each look that has it.

        Raises:
            Absent: Nothing of the kind was recorded; the text says why.
        """
        found = self.values_of(name)
        if len(found) <= FEWEST_STEPS:
            raise Absent(f"the flight recorder on {self.node} has no {name}{self.why}")
        return found

    def values_of(self, name: str) -> list[tuple[int, int]]:
        """Return the same, however few."""
        column = self._columns.get(name, [])
        return [(age, value) for age, value in zip(self._ages, column, strict=False) if value is not None]

    @property
    def why(self) -> str:
        """What could not be read, and why, in brackets; empty if all could."""
        reasons = "; ".join(f"{path}: {reason}" for path, reason in sorted(self._missing.items()))
        return f" ({reasons})" if reasons else ""

    def steps(self, name: str, *, bits: int = 64) -> dict[int, int]:
        """Return the growth of a counter in each step, by the age of its end."""
        found = self.values(name)
        return {
            age: grown([before, after], bits=bits)
            for (earlier, before), (age, after) in pairwise(found)
            if earlier - age <= LONGEST_STEP_MS
        }


def unpacked(node: str, column: Sequence[int | None], looks: int) -> list[int | None]:
    """Return the values of a column.

    Raises:
        Malformed: It has another length than there were looks, or a value no counter has.
    """
    if len(column) == 1:
        return [column[0]] * looks
    if len(column) != looks:
        raise Malformed(f"the recording of {node} has a column of {len(column)} values for {looks} looks")
    found: list[int | None] = []
    before = 0
    for difference in column:
        if difference is None:
            found.append(None)
            continue
        before += difference
        if not 0 <= before < 1 << 63:
            raise Malformed(f"the recording of {node} has a value that no counter has")
        found.append(before)
    return found
