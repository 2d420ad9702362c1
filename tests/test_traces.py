"""Phases of a diagnosis as spans."""

from __future__ import annotations

import sys

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.course import Course, Phase
from bot.traces import CannotTrace, Traces


def test_phases_are_spans_below_their_diagnosis() -> None:
    exporter = InMemorySpanExporter()
    traces = Traces(exporter)
    course = Course(
        phases=[Phase(name="names", began=1000.0, seconds=0.5), Phase(name="probes", began=1000.5, seconds=2)]
    )

    traces.told(course, began=1000.0, seconds=2.75, outcome="found", cause="service-target-port-closed", incident="a1")
    traces.close()

    names, probes, whole = exporter.get_finished_spans()
    assert [span.name for span in (names, probes, whole)] == ["names", "probes", "diagnosis"]
    assert {names.parent.span_id, probes.parent.span_id} == {whole.context.span_id}  # type: ignore[union-attr]
    assert (probes.start_time, probes.end_time) == (1_000_500_000_000, 1_002_500_000_000)
    assert (whole.start_time, whole.end_time) == (1_000_000_000_000, 1_002_750_000_000)
    assert dict(whole.attributes or {}) == {
        "outcome": "found",
        "cause": "service-target-port-closed",
        "incident": "a1",
    }


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(CannotTrace, match=r"pip install 'netmedic\[traces\]'"):
        Traces.to("http://127.0.0.1:4318/v1/traces")
