"""The targets of the fuzzer take what they normally get, and text that is cut off, shuffled, huge or hostile."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, Invented, seeds, text_target

HOSTILE = (
    *(b"\x00" * 100, b"\xff\xfe" * 100, b"\x1b]0;x\x07" * 10, "\u0663 \uff13 \xb2".encode()),
    *(b"{" * 200_000, b"1" * 2_000_000),
)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_what_it_normally_gets_and_what_is_hostile_or_huge(name: str) -> None:
    for content in (*seeds(name), *HOSTILE, b"".join(seeds(name)) * 50):
        TARGETS[name](content)


@settings(max_examples=25)
@given(data=st.data())
@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_what_is_cut_off_or_spliced(name: str, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(seeds(name)))
    start, end = sorted((data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, len(whole)))))

    TARGETS[name](whole[:start] + data.draw(st.binary(max_size=20)) + whole[end:])


def test_a_parser_that_invents_a_number_is_found_out() -> None:
    with pytest.raises(Invented, match=r"made up: \[7\]"):
        text_target("made up", lambda _: {"a": 7})(b"5\n")
