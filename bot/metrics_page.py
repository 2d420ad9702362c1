"""The page that lists metrics and alerts.

``python -m bot.metrics_page --write`` writes ``docs/metrics.md``; ``--check`` only tells whether it is fresh.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from bot.metrics import Metrics

PAGE = Path("docs/metrics.md")
ALERTS = Path("helm/netmedic/files/alerts.yaml")
HEAD = """\
<!-- Written by `python -m bot.metrics_page --write` from bot/metrics.py and helm/netmedic/files/alerts.yaml. -->
# Metrics and alerts

The bot serves its metrics at `/metrics` of its port; [operations](operations.md) says how to collect them.
No label carries a name of the cluster or of a person.
Besides them there are the `process_*` metrics of the Prometheus library: memory, CPU, open files, start.

## Metrics

| metric | type | labels | what it is |
| --- | --- | --- | --- |
"""
ALERTS_HEAD = """
## Alerts

`monitoring.alerts.enabled` of the chart makes a PrometheusRule of them.

| alert | severity | what happened | why it matters | what to do |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """Return the documentation of all metrics and alerts."""
    metrics = [
        f"| `{each.name}` | {each.type} | {', '.join(f'`{label}`' for label in each.labels)} | {each.text} |"
        for each in Metrics().described
    ]
    alerts = []
    for alert in yaml.safe_load(ALERTS.read_text(encoding="utf-8")):
        said = alert["annotations"]
        summary = said["summary"].replace("{{ $labels.part }}", "Slack or store")
        alerts.append(
            f"| {alert['alert']} | {alert['labels']['severity']} | {summary} | {said['reason']} | {said['action']} |"
        )
    return HEAD + "\n".join(metrics) + "\n" + ALERTS_HEAD + "\n".join(alerts) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page, compare it or print it; return the exit status."""
    if "--write" in arguments:
        PAGE.write_text(page(), encoding="utf-8")
    elif "--check" not in arguments:
        sys.stdout.write(page())
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page():
        sys.stderr.write(f"{PAGE} is out of date: run `python -m bot.metrics_page --write`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
