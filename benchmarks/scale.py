"""Diagnoses of a large cluster: 5,000 Nodes, 160,000 Pods, 10,000 Services, behind a server on loopback.

Baselines: the lists a person would read instead, by the generated models of the ``kubernetes`` package, and by kubectl
where there is one. Each is a process of its own, of which wall-clock seconds and the peak of memory are told; requests
and bytes are those that the server counted.

Run: python -m benchmarks.scale [--only narrow,wide] [--repeat 3]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NARROW = "app-03 cannot reach app-07 in namespace team-123: connection refused"
WIDE = "is anything wrong in the cluster?"
READ = ("services", "pods", "endpoint_slices", "deployments")
"""What the generated client lists: what any look at a Service needs."""
KUBECONFIG = """apiVersion: v1
kind: Config
clusters: [{{name: large, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
contexts: [{{name: large, context: {{cluster: large, user: nobody}}}}]
users: [{{name: nobody, user: {{}}}}]
current-context: large
"""


@dataclass(frozen=True)
class Run:
    """One process."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    measured: dict[str, Any]


@contextmanager
def large_cluster() -> Iterator[tuple[int, Path]]:
    """Start the server; give its port and a kubeconfig."""
    command = [sys.executable, "-m", "benchmarks.large_cluster"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, tempfile.TemporaryDirectory() as home:
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            kubeconfig = Path(home) / "kubeconfig"
            kubeconfig.write_text(KUBECONFIG.format(port=port))
            yield port, kubeconfig
        finally:
            server.terminate()


def measured(port: int) -> dict[str, Any]:
    """Return what the server was asked since the last time."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_measured", timeout=30) as answer:
        told: dict[str, Any] = json.loads(answer.read())
    return told


LAUNCHER = """
import json, resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as told:
    json.dump([status, used.ru_utime + used.ru_stime, used.ru_maxrss], told)
"""
"""A small process between: Linux counts what a process was forked from into its peak of memory, also after exec."""


def run(command: Sequence[str], *, port: int, kubeconfig: Path) -> Run:
    """Run a process and measure it.

    Raises:
        SystemExit: It failed.
    """
    measured(port)
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said, tempfile.NamedTemporaryFile() as told:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", LAUNCHER, told.name, *command],
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, "KUBECONFIG": str(kubeconfig)},
            check=True,
        )
        seconds = time.perf_counter() - started
        status, cpu_seconds, peak_kib = json.load(told)
        good = (0, 1, 2) if "diagnose" in command else (0,)
        if status not in good:
            said.seek(0)
            sys.exit(f"{' '.join(command)} ended with {status}: {said.read().decode()[-500:]}")
    return Run(seconds, cpu_seconds, peak_kib / 1024, measured(port))


def with_models(namespace: str) -> None:
    """Read with the generated client models, page by page, keeping all."""
    from kubernetes import client, config  # noqa: PLC0415 - each process imports what it measures

    config.load_kube_config()  # type: ignore[no-untyped-call]
    core, apps, discovery = client.CoreV1Api(), client.AppsV1Api(), client.DiscoveryV1Api()
    apis = {"services": core, "pods": core, "endpoint_slices": discovery, "deployments": apps}
    kept: list[Any] = []
    for plural in READ:
        one = plural.removesuffix("s")
        name = f"list_namespaced_{one}" if namespace else f"list_{one}_for_all_namespaces"
        more = ""
        while True:
            where = (namespace,) if namespace else ()
            page = getattr(apis[plural], name)(*where, limit=500, **({"_continue": more} if more else {}))
            kept += page.items
            more = getattr(page.metadata, "_continue", None) or ""
            if not more:
                break
    print(len(kept), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)


def commands(namespace: str, symptom: str) -> dict[str, list[str]]:
    """Return what is compared, by name."""
    found = {"netmedic diagnose": [sys.executable, "-m", "bot", "diagnose", symptom, "-o", "json"]}
    models = [sys.executable, "-W", "ignore", "-m", "benchmarks.scale", "--models"]
    found["kubernetes package, models"] = [*models, namespace or "-"]
    if kubectl := shutil.which("kubectl"):
        where = ["-n", namespace] if namespace else ["-A"]
        found["kubectl get"] = [kubectl, "get", "services,pods,endpointslices,deployments", *where, "-o", "json"]
    return found


def row(name: str, runs: Sequence[Run]) -> None:
    """Print the medians."""

    def median(values: Sequence[float]) -> float:
        return statistics.median(values)

    print(
        f"| {name} | {median([each.seconds for each in runs]):.1f} "
        f"| {median([each.cpu_seconds for each in runs]):.1f} | {median([each.peak_mb for each in runs]):.0f} "
        f"| {runs[0].measured['requests']} | {max(each.measured['most_in_a_second'] for each in runs)} "
        f"| {runs[0].measured['bytes'] / 1e6:.1f} | {runs[0].measured['bytes_sent'] / 1e6:.1f} |",
        flush=True,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="narrow,wide")
    parser.add_argument("--netmedic", action="store_true", help="leave the baselines out")
    parser.add_argument("--paths", action="store_true", help="print what was asked")
    parser.add_argument("--models", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.models:
        return with_models(options.models.strip("-"))
    with large_cluster() as (port, kubeconfig):
        for what, namespace, symptom in (("narrow", "team-123", NARROW), ("wide", "", WIDE)):
            if what not in options.only.split(","):
                continue
            print(f"\n{what}: {symptom}; medians of {options.repeat}\n")
            print("| what | s | CPU s | peak MB | requests | most in 1 s | MB unpacked | MB sent |")
            print("|---|---|---|---|---|---|---|---|")
            for name, command in commands(namespace, symptom).items():
                if options.netmedic and name != "netmedic diagnose":
                    continue
                runs = [run(command, port=port, kubeconfig=kubeconfig) for _ in range(options.repeat)]
                row(name, runs)
                if options.paths:
                    print("\n".join(runs[0].measured["paths"]))
    return None


if __name__ == "__main__":
    main()
