"""Cold start, and one diagnosis from a bundle and (where KUBECONFIG leads to a cluster) live.

Baselines: a Python that starts and ends, for the cold start; `kubectl get pods -A` for the live diagnosis,
what a person would type first instead.

Run: python -m benchmarks.diagnosis [--namespace NAME] [SYMPTOM]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 7
BUNDLE = Path(__file__).parent.parent / "tests" / "bundles" / "wrong-target-port.json.gz"
SYMPTOM = "storefront cannot reach cart in namespace shop: connection refused"


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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("symptom", nargs="?", default="is anything wrong?")
    parser.add_argument("--namespace", default="")
    asked = parser.parse_args()
    netmedic = (sys.executable, "-m", "bot")
    print(f"medians of {RUNS} whole processes\n\n| what | s | baseline | s | ratio |\n|---|---|---|---|---|")
    python = median_seconds(sys.executable, "-c", "pass")
    row("netmedic --version", median_seconds(*netmedic, "--version"), "python -c pass", python)
    bundled = median_seconds(*netmedic, "diagnose", SYMPTOM, "--from", str(BUNDLE), "-o", "json")
    row("diagnosis from a bundle", bundled, "python -c pass", python)
    if "KUBECONFIG" in os.environ and (kubectl := shutil.which("kubectl")):
        listing = median_seconds(kubectl, "get", "pods", "-A")
        where = ("--namespace", asked.namespace) if asked.namespace else ()
        live = median_seconds(*netmedic, "diagnose", asked.symptom, *where, "-o", "json")
        row("diagnosis live (3 s of it are the sampling window)", live, "kubectl get pods -A", listing)
    else:
        print("live: skipped, KUBECONFIG is not set or there is no kubectl")


if __name__ == "__main__":
    main()
