"""What Prometheus is told; the only importer of its library.

A label's value is a word of ours, a rule's id or a method of Slack. Nothing that is called something in the cluster, or
by a person, ever is one: its number would have no bound, and who may read metrics may not read the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from bot import __version__
from bot.cluster.meter import Meter
from bot.course import Course
from bot.diagnosis.measurements import Recording
from bot.facts.base import Reason
from bot.store.records import PlanState

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0)
"""Upper ends of buckets: a recording takes a tenth of a second, the default budget is 20 s, helper Pods as much."""

Outcome: TypeAlias = Literal["found", "not_found", "not_checked", "question", "not_understood", "unreachable", "broken"]
Decision: TypeAlias = Literal["approved", "rejected", "denied"]
CallOutcome: TypeAlias = Literal["answered", "ratelimited", "failed", "unreachable"]


@dataclass(frozen=True)
class Described:
    """One metric, for people."""

    name: str
    type: str
    labels: tuple[str, ...]
    text: str


class Metrics:
    """What is counted in one process."""

    def __init__(self, meter: Meter | None = None) -> None:
        """Begin at zero; ``meter`` counts what is sent to API servers, from anywhere in the process."""
        # When a series began is a series of its own otherwise: twice as many, for nobody.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.described: list[Described] = []
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._diagnoses = self._counter(
            "netmedic_diagnoses",
            "Diagnoses by outcome (found, not_found, not_checked, question, not_understood, unreachable, broken) and "
            "by the rule of the first cause.",
            "outcome",
            "cause",
        )
        self._seconds = self._histogram("netmedic_diagnosis_seconds", "Seconds of a whole diagnosis.")
        self._phases = self._histogram(
            "netmedic_phase_seconds",
            "Seconds of a phase: names, helpers (starting them), probes, rules (also while probes run), plans.",
            "phase",
        )
        self._unknown = self._counter(
            "netmedic_unknown_facts", "Facts that probes could not read, by reason.", "reason"
        )
        self._decisions = self._counter(
            "netmedic_decisions", "Clicks on plans: approved, rejected, denied (the click did not count).", "decision"
        )
        self._moves = self._counter(
            "netmedic_plan_moves",
            "What became of approved plans, by the state they reached: applying, confirming, confirmed, restoring, "
            "restored, stale, failed, needs_hand.",
            "state",
        )
        self._slack_calls = self._counter(
            "netmedic_slack_calls",
            "Requests to Slack's Web API by method and outcome (answered, ratelimited, failed, unreachable).",
            "method",
            "outcome",
        )
        self._slack_retries = self._counter(
            "netmedic_slack_retries", "Requests to Slack that were sent again, by reason.", "reason"
        )
        self._recorder_age = self._gauge(
            "netmedic_recorder_age_seconds",
            "Age of the newest entry in the flight recorder that is furthest behind, when a diagnosis last read any; "
            "steps of 5 s.",
        )
        self._recorder_reach = self._gauge(
            "netmedic_recorder_reach_seconds", "How far back the shortest of them goes; steps of 5 s."
        )
        self._ready = self._gauge(
            "netmedic_ready", "1 if the part answers, else 0: slack, store, clusters (every one).", "part"
        )
        self._gauge("netmedic_build_info", "Always 1; the version is the label.", "version").labels(__version__).set(1)
        self._begin_at_zero()
        self._registry.register(_Metered(meter or Meter(), self.described))

    def _begin_at_zero(self) -> None:
        """Make the series that alerts watch: Prometheus sees no growth in one that begins at 1."""
        for outcome in get_args(Outcome):
            self._diagnoses.labels(outcome, "")
        for decision in get_args(Decision):
            self._decisions.labels(decision)
        for state in PlanState:
            self._moves.labels(state)
        for reason in Reason:
            self._unknown.labels(reason)
        for retry in ("ratelimited", "unreachable", "failed"):
            self._slack_retries.labels(retry)

    def diagnosed(
        self, outcome: Outcome, *, cause: str, seconds: float, course: Course, recordings: Iterable[Recording] = ()
    ) -> None:
        """Count a diagnosis; ``cause`` is the id of the first cause's rule."""
        self._diagnoses.labels(outcome, cause).inc()
        self._seconds.observe(seconds)
        self.went(course)
        spans = [[age for series in each.series for age in series.seconds_ago] for each in recordings]
        if spans := [ages for ages in spans if ages]:
            self._recorder_age.set(max(min(ages) for ages in spans))
            self._recorder_reach.set(min(max(ages) for ages in spans))

    def went(self, course: Course) -> None:
        """Count the phases of some work, and what stayed unknown in it."""
        for phase in course.phases:
            self._phases.labels(phase.name).observe(phase.seconds)
        for reason, number in course.unknown.items():
            self._unknown.labels(reason).inc(number)

    def decided(self, decision: Decision) -> None:
        """Count a click on a plan."""
        self._decisions.labels(decision).inc()

    def moved(self, state: str) -> None:
        """Count a move of a plan; ``state`` is a value of :class:`bot.store.records.PlanState`."""
        self._moves.labels(state).inc()

    def called_slack(self, method: str, outcome: CallOutcome) -> None:
        """Count a request to Slack."""
        self._slack_calls.labels(method, outcome).inc()

    def retried_slack(self, reason: str) -> None:
        """Count a request that is sent again."""
        self._slack_retries.labels(reason).inc()

    def exposition(self, ready: Mapping[str, bool]) -> bytes:
        """Return everything in Prometheus' text format; ``ready`` says of each part whether it answers now."""
        for part, answers in ready.items():
            self._ready.labels(part).set(answers)
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        self.described.append(Described(f"{name}_total", "counter", labels, text))
        return Counter(name, text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        self.described.append(Described(name, "histogram", labels, text))
        return Histogram(name, text, labels, registry=self._registry, buckets=SECONDS)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        self.described.append(Described(name, "gauge", labels, text))
        return Gauge(name, text, labels, registry=self._registry)


class _Metered(Collector):
    """What a meter counted."""

    def __init__(self, meter: Meter, described: list[Described]) -> None:
        self._meter = meter
        self._texts = {
            "netmedic_api_requests": "Requests to API servers, those that were repeated included.",
            "netmedic_api_received_bytes": "Bodies of their answers, as they came.",
            "netmedic_helper_requests": "Questions to node helpers, each through an API server as well.",
        }
        described += [Described(f"{name}_total", "counter", (), text) for name, text in self._texts.items()]

    def collect(self) -> Iterator[Metric]:
        values = (self._meter.requests, self._meter.received_bytes, self._meter.helper_requests)
        for (name, text), value in zip(self._texts.items(), values, strict=True):
            yield CounterMetricFamily(name, text, value=value)
