"""Time series of a Node, and the evidence for its provider."""

from __future__ import annotations

import dataclasses

import pytest

from bot.diagnosis.measurements import Recording, Series
from bot.pictures.recording import recording_picture
from bot.pictures.ticket import provider_ticket
from tests.diagnosis_fixtures import diagnosis
from tests.pictures.drawn import texts
from tests.pictures.samples import RECORDING, way

FLAT = Series(name="steal", unit="permille", seconds_ago=(5, 0), values=(0, 0))


def test_drops_stand_above_steal_over_one_axis_of_time() -> None:
    drawn = texts(recording_picture(diagnosis(), RECORDING))

    names = ("drops on flannel.1", "steal", "resent TCP segments", "softirq")
    assert [text for text in drawn if text in names] == list(names)
    assert drawn[-4:-1] == ["14 min 55 s ago", "7 min 27 s ago", "now"]


def test_the_highest_values_are_written_out() -> None:
    picture = recording_picture(diagnosis(), RECORDING)

    assert {"at most 1400 packets in 5 s", "at most 35.5 %"} <= set(texts(picture))
    assert "drops on flannel.1: at most 1400 packets in 5 s, 410 s ago. steal: at most 35.5 %" in picture.alt_text


def test_what_was_not_recorded_is_a_gap() -> None:
    gap = dataclasses.replace(FLAT, seconds_ago=(30, 25, 5, 0), values=(10, 10, 10, 10))
    whole = dataclasses.replace(gap, seconds_ago=(15, 10, 5, 0))

    drawn = [
        recording_picture(diagnosis(), Recording(node="n", at="", series=(each,))).svg.count("<polyline")
        for each in (whole, gap)
    ]
    assert drawn == [2, 4]


def test_flat_series_other_than_drops_and_steal_are_left_out() -> None:
    flat = (FLAT, dataclasses.replace(FLAT, name="softirq"))
    drawn = texts(recording_picture(diagnosis(), Recording(node="n", at="", series=flat)))

    assert "steal" in drawn
    assert "softirq" not in drawn


@pytest.mark.parametrize("series", [(), (Series(name="steal", unit="permille", seconds_ago=(), values=()),)])
def test_an_empty_recording_is_drawn_too(series: tuple[Series, ...]) -> None:
    assert recording_picture(diagnosis(), Recording(node="n", at="", series=series)).png


def test_a_ticket_says_what_was_seen_and_asks_for_what_only_the_provider_knows() -> None:
    trip = dataclasses.replace(way(0, 1, nodes=2), node="node2", peer="node1", layer="underlay", lost=3, median_us=400)
    ticket = provider_ticket(diagnosis(recordings=(RECORDING,), ways=(trip,)), "node2")

    lines = ticket.text.splitlines()
    assert lines[0] == "Evidence about the virtual machine of Kubernetes Node node2"
    assert lines[1].startswith("Observed until 2026-03-02 09:15 UTC, ")
    assert "- steal: at most 35.5 % (415 s before), mean 6.8 %" in lines
    assert "- round trip to node1: 0.4 ms, worst 21.0 ms, 3 of 20 lost" in lines
    assert lines[-1] == "Please tell what else ran on its host in this time, and whether its CPUs are shared."
    assert {"node1", "0.4 ms, worst 21.0 ms, 3 of 20 lost", "steal"} <= set(texts(ticket.picture))


def test_without_a_recording_there_is_no_ticket() -> None:
    with pytest.raises(LookupError, match="no recording of Node node9: no node helper was asked there"):
        provider_ticket(diagnosis(recordings=(RECORDING,)), "node9")
