"""What the chart's alerts and dashboard ask Prometheus for is there to be asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml

from bot import metrics_page
from bot.course import PhaseName
from bot.facts.base import Reason
from bot.metrics import Decision, Metrics, Outcome
from bot.store.records import PlanState

ROOT = Path(__file__).parent.parent
ALERTS = yaml.safe_load((ROOT / metrics_page.ALERTS).read_text(encoding="utf-8"))
DASHBOARD = json.loads((ROOT / "helm/netmedic/files/dashboard.json").read_text(encoding="utf-8"))
DESCRIBED = {each.name: each for each in Metrics().described}
OF_SCRAPING = {"namespace", "le"}
VALUES = {
    "outcome": set(get_args(Outcome)),
    "decision": set(get_args(Decision)),
    "state": set(PlanState),
    "reason": set(Reason),
    "phase": set(get_args(PhaseName)),
    "part": {"slack", "store", "clusters"},
    "cause": {""},
    "namespace": {"$namespace"},
}


def expressions() -> Iterator[str]:
    yield from (alert["expr"] for alert in ALERTS)
    yield from (target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"])


def metric_of(name: str) -> str:
    """Return the metric that a series belongs to."""
    base = re.sub("_(bucket|sum|count)$", "", name)
    return base if base in DESCRIBED and DESCRIBED[base].type == "histogram" else name


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_metric_label_and_value_that_is_asked_for_exists(expression: str) -> None:
    asked = re.findall(r"(netmedic_\w+)(?:{([^}]*)})?", expression)

    assert asked
    for name, selector in asked:
        assert metric_of(name) in DESCRIBED
        for label, value in re.findall(r'(\w+)(?:!=|=~|=)"([^"]*)"', selector):
            assert label in {*DESCRIBED[metric_of(name)].labels, *OF_SCRAPING}
            assert value in VALUES[label]
    grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")}
    assert grouped <= OF_SCRAPING.union(*(DESCRIBED[metric_of(name)].labels for name, _ in asked))


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_says_what_why_and_what_to_do(alert: dict[str, dict[str, str]]) -> None:
    assert set(alert["annotations"]) == {"summary", "reason", "action"}
    assert alert["labels"]["severity"] in {"info", "warning", "critical"}
    assert all(text.endswith(".") for text in alert["annotations"].values())


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_a_counter_that_an_alert_watches_is_there_from_the_start(alert: dict[str, str]) -> None:
    """Prometheus sees no growth in a series that begins at 1."""
    shown = Metrics().exposition({}).decode()

    for name, selector in re.findall(r"(netmedic_\w+_total){([^}]*)}", alert["expr"]):
        assert re.search(rf"^{name}{{.*{re.escape(selector)}.*}} 0.0$", shown, re.MULTILINE)


def test_the_page_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert Path(metrics_page.PAGE).read_text(encoding="utf-8") == metrics_page.page()
