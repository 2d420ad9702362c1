"""The flight recorder: its ring, and what is read back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cluster.errors import Absent, Malformed
from bot.node.collector import recorder
from bot.node.collector.proc import Problem
from bot.node.collector.recorder import SLOT_BYTES, SLOTS, STEP_MS, Look, framed, packed, recall, slots, write
from bot.node.recording import History, unpacked
from tests.node.recordings import recording

CAPTURED = Path(__file__).parent / "captured"


def look(at: int, **values: int) -> Look:
    return {"at": at, "values": values, "missing": {}}


@pytest.fixture
def ring(tmp_path: Path) -> str:
    return str(tmp_path / "ring")


def written(ring: str, *looks: Look) -> None:
    file = recorder.opened(ring)
    for one in looks:
        write(file, one)
    os.close(file)


def test_what_was_written_is_recalled_by_age(ring: str) -> None:
    now = recorder.now_ms()
    written(ring, *(look(now - 1000 * ago, n=1000 - ago) for ago in (450, 350, 250, 150, 50)))

    found = recall(400, 100, ring)

    assert found["columns"] == {"n": [650, 100, 100]}


def test_the_ring_holds_the_last_slots_and_does_not_grow(ring: str) -> None:
    first = recorder.now_ms() - SLOTS * STEP_MS
    written(ring, *(look(first + STEP_MS * step, n=step) for step in range(SLOTS + 50)))

    content = Path(ring).read_bytes()

    assert len(content) == SLOTS * SLOT_BYTES
    assert {one["values"]["n"] for one in slots(content)} == set(range(50, SLOTS + 50))


def test_a_look_that_does_not_fit_is_left_out(ring: str) -> None:
    at = recorder.now_ms()
    written(ring, look(at, n=1), look(at + STEP_MS, **{f"name{n:04}": n for n in range(400)}))

    assert [one["values"] for one in slots(Path(ring).read_bytes())] == [{"n": 1}]


@given(place=st.integers(0, SLOT_BYTES - 1), value=st.integers(0, 255))
def test_a_slot_that_is_half_written_is_left_out(place: int, value: int) -> None:
    damaged, whole = look(1000, n=1), look(2000, n=2)
    content = bytearray(framed(damaged).ljust(SLOT_BYTES, b"\0") + framed(whole))
    content[place] = value

    assert slots(bytes(content)) in ([damaged, whole], [whole])


@given(content=st.binary(max_size=3 * SLOT_BYTES))
def test_any_bytes_are_a_ring(content: bytes) -> None:
    assert slots(content) == []


def test_no_recording_is_a_named_problem(tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere")

    with pytest.raises(Problem) as problem:
        recall(900, 0, path)

    assert str(problem.value) == f"there is no recording: {path}: ENOENT: No such file or directory"


def test_every_source_gives_totals_from_what_kernels_write() -> None:
    texts = {
        "/proc/net/dev": "net_dev",
        "/proc/net/softnet_stat": "softnet_stat",
        "/proc/stat": "stat",
        "/proc/net/stat/nf_conntrack": "nf_conntrack",
        "/proc/net/snmp": "snmp",
        "/proc/net/netstat": "netstat",
        **{f"/proc/pressure/{what}": "pressure_cpu" for what in ("cpu", "memory", "io")},
    }

    found: dict[str, int] = {}
    for path, name in texts.items():
        found |= recorder.SOURCES[path]((CAPTURED / f"{name}.txt").read_text(), frozenset({"eth0"}))

    assert set(found) == {
        *(f"net.eth0.{way}_{what}" for way in ("rx", "tx") for what in ("packets", "drop")),
        *("softnet.processed", "softnet.dropped", "softnet.squeezed", "cpu.all", "cpu.steal", "cpu.softirq"),
        *("conntrack.lost", "conntrack.insert_failed", "pressure.cpu", "pressure.memory", "pressure.io"),
        *(name.lower() for name in recorder.IP_COUNTERS),
    }


@given(values=st.lists(st.none() | st.integers(0, 2**62), min_size=1, max_size=50))
def test_a_column_is_unpacked_as_it_was_packed(values: list[int | None]) -> None:
    column: list[Any] = packed(values)

    assert unpacked("node1", column, len(values)) == values


@pytest.mark.parametrize("column", [[1, 2], [5, -6, 1], [2**62, 2**62, 2**62]])
def test_a_column_that_cannot_be_is_refused(column: list[int | None]) -> None:
    with pytest.raises(Malformed):
        unpacked("node1", column, 3)


def test_a_recording_that_has_just_begun_tells_nothing() -> None:
    with pytest.raises(Absent) as problem:
        History(recording({"n": [1] * 10}))

    assert str(problem.value) == "the flight recorder on node1 has just begun: it holds 10 seconds"


def test_growth_is_not_reckoned_over_a_gap() -> None:
    ages = [20_000, 19_000, *(1000 * age for age in range(11, -1, -1))]
    values = [0, 5, 500, *range(501, 512)]

    found = History(recording({"n": values}, ages=ages)).steps("n")

    assert found == {19_000: 5} | {1000 * age: 1 for age in range(10, -1, -1)}


def test_what_was_not_recorded_is_named_with_its_reason() -> None:
    missing = {"/proc/pressure/cpu": "ENOENT: No such file or directory"}
    history = History(recording({"n": [1] * 20}, missing=missing))

    with pytest.raises(Absent) as problem:
        history.steps("pressure.cpu")

    assert str(problem.value) == (
        "the flight recorder on node1 has no pressure.cpu (/proc/pressure/cpu: ENOENT: No such file or directory)"
    )


def test_the_longest_look_fits_its_slot() -> None:
    widest = 2**64 - 1
    longest = {
        f"net.{'x' * 13}{number:02}.{column}": widest
        for number in range(recorder.MOST_INTERFACES)
        for column in recorder.NET_COLUMNS
    }
    one = recorder.look(frozenset())
    one["values"] = dict.fromkeys(one["values"], widest) | longest

    assert len(framed(one)) <= SLOT_BYTES


def test_a_slot_of_nothing_with_the_checksum_of_nothing_is_left_out() -> None:
    assert slots(b"\n" * 7 + b"0" + b"\n" * 7 + b"0") == []
