"""Host names that are written almost like another one."""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA

PARTS = re.compile(r"([.-])")
SHORT, LONG = 4, 7
"""Up to the first length another letter makes another name (api and app); from the second on two errors are forgiven.

In between one is (ours).
"""
ERRORS_AT_MOST = 2
"""In a whole host name (ours)."""


def is_misspelt(written: str, host: str) -> bool:
    """Tell whether one host name is another one but for a typing error or two.

    ``app.exmaple.com`` is ``app.example.com``; other digits, a plural, or another short word make another name.
    """
    parts = PARTS.split(written.lower()), PARTS.split(host.lower())
    if len(parts[0]) != len(parts[1]):
        return False
    errors = [errors_in(one, other) for one, other in zip(*parts, strict=True)]
    return 0 < sum(errors) <= ERRORS_AT_MOST


def edits(one: str, other: str, *, at_most: int) -> int:
    """Return how many letters are wrong, missing, added or swapped; one more than ``at_most`` if they are more."""
    return int(OSA.distance(one, other, score_cutoff=at_most))


def errors_in(one: str, other: str) -> int:
    """Return how many typing errors make one part of a host name another; too many for a part of its own."""
    digits = [re.sub(r"\D", "", part) for part in (one, other)]
    if one == other:
        return 0
    if digits[0] != digits[1] or one.removesuffix("s") == other.removesuffix("s"):
        return ERRORS_AT_MOST + 1
    count, longer = edits(one, other, at_most=ERRORS_AT_MOST), max(len(one), len(other))
    swapped = count == 1 and sorted(one) == sorted(other)
    lost = count == 1 and len(one) != len(other) and longer >= SHORT
    allowed = 0 if longer <= SHORT else 1 if longer < LONG else ERRORS_AT_MOST
    return count if swapped or lost or count <= allowed else ERRORS_AT_MOST + 1
