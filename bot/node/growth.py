"""How much counters grew. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

PLAUSIBLE_WRAP = 1 << 28
"""A 32-bit counter that seems to have grown by more than this within one step was reset, not wrapped (ours): no CPU
takes 268 million packets in half a second."""

BACKWARDS_ALLOWED = frozenset({"idle", "iowait"})
"""Columns of /proc/stat that may shrink a little on a healthy kernel (proc(5), iowait)."""


def grown(values: Sequence[int], *, bits: int = 64) -> int:
    """Return the growth of a counter over its readings.

    A counter that is less than before either wrapped, or began at 0 again. Whatever a file's width, what a driver or a
    CPU counts in it may be 32 bits wide.
    """
    return sum(_step(before, after, bits) for before, after in pairwise(values))


def _step(before: int, after: int, bits: int) -> int:
    if after >= before:
        return after - before
    wraps = (after + (1 << width) - before for width in (32, bits))
    return next((growth for growth in wraps if 0 <= growth <= PLAUSIBLE_WRAP), after)


def time_shares(readings: Sequence[tuple[int, Sequence[int]]], columns: Sequence[str]) -> tuple[dict[str, int], int]:
    """Return the ticks spent per column of /proc/stat, and the milliseconds they were counted over.

    A step in which time ran backwards (a guest that was moved, a file that was replaced) is left out.
    """
    total = dict.fromkeys(columns, 0)
    window_ms = 0
    for (began, before), (ended, after) in pairwise(readings):
        step = {name: new - old for name, old, new in zip(columns, before, after, strict=False)}
        if any(ticks < 0 and name not in BACKWARDS_ALLOWED for name, ticks in step.items()):
            continue
        window_ms += ended - began
        for name, ticks in step.items():
            total[name] += max(0, ticks)
    return total, window_ms
