"""Past incidents, diagnosed again from their recordings."""

from __future__ import annotations

import pytest

from tests.scenarios import replay

ROWS = replay.table()
MAX_BYTES = 120_000
"""A quarter of an hour of two Nodes takes most of it."""


def test_every_recording_has_its_row_and_every_row_its_recording() -> None:
    assert {file.name for file in replay.BUNDLES.glob("*")} == {f"{name}.json.gz" for name in ROWS}


@pytest.mark.parametrize("name", ROWS)
def test_a_past_incident_is_diagnosed_as_the_table_says(name: str) -> None:
    file, row = replay.BUNDLES / f"{name}.json.gz", ROWS[name]

    assert replay.causes(file, row["symptom"]) == row["causes"]
    assert file.stat().st_size <= MAX_BYTES
