"""Cold start, and one diagnosis from a bundle and (where KUBECONFIG leads to a cluster) live.

Baselines: a Python that starts and ends, for the cold start; `kubectl get pods -A` for the live diagnosis,
what a person would type first instead. For the live ones a namespace is made, and deleted: a Service that selects no
Pods, asked about once as unreachable, which the Service alone explains, and once as slow, which needs the Nodes.

Run: python -m benchmarks.diagnosis
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

RUNS = 7
BUNDLE = Path(__file__).parent.parent / "tests" / "bundles" / "wrong-target-port.json.gz"
SYMPTOM = "storefront cannot reach cart in namespace shop: connection refused"

MISDIRECTED = """
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: "testbed/busybox:1", command: [sleep, "3600"]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: {namespace}}}
spec: {{selector: {{app: wep}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: till, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: till}}}}
  template:
    metadata: {{labels: {{app: till}}}}
    spec: {{containers: [{{name: till, image: "testbed/busybox:1", command: [sleep, "3600"]}}]}}
"""


def median_seconds(*command: str) -> float:
    """Return the median wall-clock seconds of a whole process, after one run that warms the caches."""
    seconds = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, timeout=120)
        seconds.append(time.perf_counter() - start)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode()[-300:]}")
    return statistics.median(seconds[1:])


def row(what: str, seconds: float, baseline: str, baseline_seconds: float) -> None:
    """Print one measurement."""
    print(f"| {what} | {seconds:.2f} | {baseline} | {baseline_seconds:.2f} | {seconds / baseline_seconds:.1f} |")


@contextlib.contextmanager
def misdirected(kubectl: str) -> Iterator[str]:
    """Give a namespace with a client and a Service whose selector matches none of its Pods; delete it afterwards."""
    name = f"netmedic-bench-{os.getpid()}"
    manifest = MISDIRECTED.format(namespace=name)
    try:
        subprocess.run((kubectl, "apply", "-f", "-"), input=manifest, text=True, capture_output=True, check=True)
        for deployment in ("web", "till"):
            ready = (kubectl, "rollout", "status", f"deployment/{deployment}", "-n", name, "--timeout=180s")
            subprocess.run(ready, capture_output=True, check=True)
        yield name
    finally:
        subprocess.run((kubectl, "delete", "namespace", name, "--wait=false"), capture_output=True, check=False)


def live(kubectl: str) -> None:
    """Measure on the cluster that KUBECONFIG leads to; without a node helper there is no window to wait for."""
    netmedic = (sys.executable, "-m", "bot", "diagnose", "-o", "json")
    listing = median_seconds(kubectl, "get", "pods", "-A")
    with misdirected(kubectl) as namespace:
        for words, what in (
            ("cannot reach", "an object proves the cause"),
            ("is slow to reach", "Nodes are sampled for 3 s"),
        ):
            took = median_seconds(*netmedic, f"till {words} web in {namespace}")
            row(f"diagnosis live, {what}", took, "kubectl get pods -A", listing)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    netmedic = (sys.executable, "-m", "bot")
    print(f"medians of {RUNS} whole processes\n\n| what | s | baseline | s | ratio |\n|---|---|---|---|---|")
    python = median_seconds(sys.executable, "-c", "pass")
    row("netmedic --version", median_seconds(*netmedic, "--version"), "python -c pass", python)
    bundled = median_seconds(*netmedic, "diagnose", SYMPTOM, "--from", str(BUNDLE), "-o", "json")
    row("diagnosis from a bundle", bundled, "python -c pass", python)
    if "KUBECONFIG" in os.environ and (kubectl := os.environ.get("KUBECTL") or shutil.which("kubectl")):
        live(kubectl)
    else:
        print("live: skipped, KUBECONFIG is not set or there is no kubectl")


if __name__ == "__main__":
    main()
