"""Phases of diagnoses as spans of OpenTelemetry; the only importer of its library, that of the extra ``traces``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import __version__
from bot.course import Course

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

NANOSECONDS = 1_000_000_000
FLUSH_SECONDS = 3
"""For one batch with its repeats, also for the last when the bot stops: it is the last thing it does (ours)."""


class CannotTrace(Exception):
    """Traces are wanted, and the library for them is missing."""


class Traces:
    """Sends spans. As in metrics, no attribute carries a name of the cluster or of a person."""

    def __init__(self, exporter: SpanExporter) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - most bots send no traces
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        about = Resource({"service.name": "netmedic", "service.version": __version__})
        self._provider = TracerProvider(resource=about, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("netmedic")

    @classmethod
    def to(cls, endpoint: str) -> Traces:
        """Return what sends to a collector: the URL of its OTLP over HTTP, ``http://collector:4318/v1/traces``.

        Raises:
            CannotTrace: The library is not installed.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        except ImportError as missing:
            raise CannotTrace(
                "traces_endpoint (NETMEDIC_TRACES_ENDPOINT) is set, and the library for traces is not installed: "
                "pip install 'netmedic[traces]'."
            ) from missing
        return cls(OTLPSpanExporter(endpoint=endpoint, timeout=FLUSH_SECONDS))

    def told(self, course: Course, *, began: float, seconds: float, **attributes: str) -> None:
        """Send a diagnosis as a span, its phases below it; ``began`` in seconds since 1970."""
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415

        whole = self._tracer.start_span("diagnosis", start_time=int(began * NANOSECONDS), attributes=attributes)
        inside = set_span_in_context(whole)
        for phase in course.phases:
            start = int(phase.began * NANOSECONDS)
            span = self._tracer.start_span(phase.name, context=inside, start_time=start)
            span.end(start + int(phase.seconds * NANOSECONDS))
        whole.end(int((began + seconds) * NANOSECONDS))

    def close(self) -> None:
        """Send what is not sent yet, as far as that goes in a short time."""
        self._provider.force_flush(FLUSH_SECONDS * 1000)
        self._provider.shutdown()
