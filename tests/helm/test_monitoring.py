"""Prometheus and Grafana get what they are given in values, and nothing unless asked."""

from __future__ import annotations

import json

import pytest

from tests.helm.chart import CHART, Values, helm, one, rendered, run

pytestmark = pytest.mark.skipif(helm() is None, reason="there is no helm; `make chart` fetches it")

SLACK: Values = {"slack": {"existingSecret": "netmedic-slack"}}
ALL: Values = {
    **SLACK,
    "database": {"existingSecret": "netmedic-database"},
    "monitoring": {
        "serviceMonitor": {"enabled": True, "interval": "15s", "from": [{"namespaceSelector": {}}]},
        "alerts": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": True},
    },
}
OPERATOR = {"ServiceMonitor", "PrometheusRule"}


def test_nothing_needs_the_operator_unless_asked() -> None:
    assert not OPERATOR & {each["kind"] for each in rendered(SLACK)}


def test_the_strictest_lint_has_nothing_to_say() -> None:
    done = run("lint", "--strict", str(CHART), values=ALL)

    assert done.returncode == 0, done.stdout


def test_the_bot_is_scraped_through_a_service_that_selects_it() -> None:
    objects = rendered(ALL)

    monitor = one(objects, "ServiceMonitor")
    service = one(objects, "Service")
    assert monitor["spec"]["endpoints"] == [{"port": "http", "path": "/metrics", "interval": "15s"}]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert "http" in {port["name"] for port in service["spec"]["ports"]}


def test_the_network_policy_lets_prometheus_in() -> None:
    policy = one(rendered(ALL), "NetworkPolicy", "nm-netmedic-metrics")

    assert policy["spec"]["ingress"] == [
        {"ports": [{"port": "http", "protocol": "TCP"}], "from": [{"namespaceSelector": {}}]}
    ]


def test_alerts_and_dashboard_are_those_of_the_chart() -> None:
    objects = rendered(ALL)

    rule = one(objects, "PrometheusRule")
    [group] = rule["spec"]["groups"]
    dashboard = one(objects, "ConfigMap", "nm-netmedic-dashboard")
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    assert "NetmedicPlanNeedsHand" in {alert["alert"] for alert in group["rules"]}
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(dashboard["data"]["netmedic.json"])["title"] == "netmedic"
