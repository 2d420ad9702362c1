from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.node.collector.proc import CPU_COLUMNS
from bot.node.growth import PLAUSIBLE_WRAP, grown, time_shares


@pytest.mark.parametrize(
    ("values", "bits", "growth"),
    [
        ([5, 5, 5], 64, 0),
        ([5, 7, 10], 64, 5),
        ([10], 64, 0),
        ([], 64, 0),
        # An interface that was made anew counts from 0.
        ([1000, 1010, 3, 4], 64, 14),
        # A 32-bit counter that wraps goes on.
        ([2**32 - 10, 5], 32, 15),
        ([2**32 - 1, PLAUSIBLE_WRAP - 1], 32, PLAUSIBLE_WRAP),
        # So far back is a counter that began again.
        ([2**32 - 1, PLAUSIBLE_WRAP], 32, PLAUSIBLE_WRAP),
        ([3_000_000_000, 5], 32, 5),
        # In a file of 64 bits too: some drivers count in 32.
        ([2**32 - 10, 5, 6], 64, 16),
        ([2**64 - 10, 5], 64, 15),
        ([2**32 - 1, PLAUSIBLE_WRAP], 64, PLAUSIBLE_WRAP),
        # More than its width: not a wrap.
        ([2**40, 5], 32, 5),
    ],
)
def test_growth_goes_over_wraps_and_resets(values: list[int], bits: int, growth: int) -> None:
    assert grown(values, bits=bits) == growth


@given(start=st.integers(0, 2**32 - 1), steps=st.lists(st.integers(0, 2**27), max_size=6))
def test_a_counter_of_32_bits_that_goes_on_is_never_taken_for_one_that_began_again(
    start: int, steps: list[int]
) -> None:
    values = [(start + sum(steps[:count])) % 2**32 for count in range(len(steps) + 1)]

    assert grown(values, bits=32) == grown(values, bits=64) == sum(steps)


@given(values=st.lists(st.integers(0, 2**64 - 1)), bits=st.sampled_from([32, 64]))
def test_growth_is_never_negative(values: list[int], bits: int) -> None:
    assert grown(values, bits=bits) >= 0


def test_shares_of_time_leave_out_a_step_in_which_time_ran_backwards() -> None:
    readings = [
        (0, [100, 0, 0, 100, 0, 0, 0, 900]),
        # Steal falls and user jumps: the file was replaced.
        (500, [900, 0, 0, 120, 0, 0, 0, 10]),
        (1000, [930, 0, 0, 180, 0, 0, 0, 20]),
    ]

    ticks, window_ms = time_shares(readings, CPU_COLUMNS)

    assert (ticks["user"], ticks["idle"], ticks["steal"], window_ms) == (30, 60, 10, 500)


def test_waiting_time_may_shrink_a_little() -> None:
    readings = [(0, [0, 0, 0, 10, 7, 0, 0, 0]), (500, [5, 0, 0, 50, 6, 0, 0, 0])]

    ticks, window_ms = time_shares(readings, CPU_COLUMNS)

    assert (ticks["iowait"], ticks["idle"], window_ms) == (0, 40, 500)
