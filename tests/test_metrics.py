"""What Prometheus is told."""

from __future__ import annotations

import pytest

from bot.beside import beside
from bot.cluster.meter import Meter, count, metered
from bot.course import followed, note_unknown, phase
from bot.diagnosis.measurements import Recording, Series
from bot.metrics import Metrics


def lines(of: Metrics) -> set[str]:
    """Return what is exposed, line by line."""
    return set(of.exposition({}).decode().splitlines())


def recording(*seconds_ago: int) -> Recording:
    steal = Series(name="steal", unit="permille", seconds_ago=seconds_ago, values=(0,) * len(seconds_ago))
    return Recording(node="node1", at="2026-03-02T09:15:00Z", series=(steal,))


def test_every_metric_that_is_described_is_exposed() -> None:
    counted = Metrics()

    families = {line.split()[2] for line in lines(counted) if line.startswith("# TYPE netmedic_")}
    assert {each.name for each in counted.described} == families


def test_a_diagnosis_is_counted_by_outcome_and_first_cause() -> None:
    counted = Metrics()
    with followed() as course:
        pass

    counted.diagnosed("found", cause="service-target-port-closed", seconds=2.4, course=course)

    assert {
        'netmedic_diagnoses_total{cause="service-target-port-closed",outcome="found"} 1.0',
        'netmedic_diagnosis_seconds_bucket{le="1.0"} 0.0',
        'netmedic_diagnosis_seconds_bucket{le="2.5"} 1.0',
        "netmedic_diagnosis_seconds_sum 2.4",
    } <= lines(counted)


def test_phases_and_what_stayed_unknown_are_counted_also_where_the_work_failed() -> None:
    counted = Metrics()
    with followed() as course:
        note_unknown("forbidden")
        note_unknown("forbidden")
        with pytest.raises(ZeroDivisionError), phase("rules"):
            raise ZeroDivisionError

    counted.went(course)

    assert {
        'netmedic_unknown_facts_total{reason="forbidden"} 2.0',
        'netmedic_phase_seconds_count{phase="rules"} 1.0',
    } <= lines(counted)


def test_what_nobody_follows_is_not_noted() -> None:
    with followed() as course:
        pass
    note_unknown("timeout")
    with phase("names"):
        pass

    assert (course.phases, course.unknown) == ([], {})


def test_requests_are_those_of_the_meter() -> None:
    meter = Meter(requests=2)
    counted = Metrics(meter)
    meter.requests += 1
    meter.received_bytes, meter.helper_requests = 2048, 4

    assert {
        "netmedic_api_requests_total 3.0",
        "netmedic_api_received_bytes_total 2048.0",
        "netmedic_helper_requests_total 4.0",
    } <= lines(counted)


def test_a_diagnosis_and_the_process_count_the_same_requests() -> None:
    with metered() as process:
        with metered() as diagnosis:
            count(requests=1)
        count(requests=1)

    assert (process.requests, diagnosis.requests) == (2, 1)


def test_the_recorder_that_is_furthest_behind_and_the_shortest_are_told() -> None:
    counted = Metrics()
    with followed() as course:
        pass

    counted.diagnosed(
        "found", cause="x", seconds=1, course=course, recordings=[recording(900, 450, 0), recording(600, 35)]
    )

    assert {"netmedic_recorder_age_seconds 35.0", "netmedic_recorder_reach_seconds 600.0"} <= lines(counted)


def test_a_diagnosis_without_recordings_leaves_their_age_as_it_was() -> None:
    counted = Metrics()
    with followed() as course:
        counted.diagnosed("found", cause="x", seconds=1, course=course, recordings=[recording(60, 5)])
        counted.diagnosed("not_found", cause="", seconds=1, course=course, recordings=[])

    assert "netmedic_recorder_age_seconds 5.0" in lines(counted)


def test_what_answers_is_one_and_what_does_not_is_zero() -> None:
    shown = Metrics().exposition({"slack": True, "store": False}).decode().splitlines()

    assert {'netmedic_ready{part="slack"} 1.0', 'netmedic_ready{part="store"} 0.0'} <= set(shown)


async def test_requests_from_the_second_loop_are_counted_too() -> None:
    async def request() -> None:
        count(requests=1)

    with metered() as process, beside() as second:
        await second.run(request)

    assert process.requests == 1
