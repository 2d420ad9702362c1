"""What the node helper's flight recorder costs its Node: CPU of a look, memory, size and time of a recall.

Run: ``python -m benchmarks.recorder``. Looks are made as fast as they go; the recorder makes one a second. The
process has nothing loaded but the collector, as in the helper Pod.

With ``--live NAMESPACE`` it watches the helper Pods of tier 1 in the cluster of KUBECONFIG for some minutes instead.
Results: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LIMIT_MB, LIMIT_PERCENT = 32, 1.0
"""What it may take, all in all."""


def measure(looks: int) -> dict[str, float]:
    """Return milliseconds of CPU a look, megabytes resident, and the recall of a full ring."""
    from bot.node.collector import netlink, recorder  # noqa: PLC0415 - measured without the rest of this program

    with tempfile.TemporaryDirectory() as folder:
        ring = str(Path(folder, "ring"))
        file = recorder.opened(ring)
        watched = frozenset(str(link["name"]) for link in netlink.links()[: recorder.MOST_INTERFACES])
        began = time.process_time()
        for _ in range(looks):
            recorder.write(file, recorder.look(watched))
        cpu_ms = (time.process_time() - began) / looks * 1e3
        status = Path("/proc/self/status").read_text()
        resident_mb = int(status.split("VmHWM:")[1].split()[0]) / 1024
        now, one = recorder.now_ms(), recorder.look(watched)
        for ago in range(recorder.SLOTS):
            recorder.write(file, one | {"at": now - ago * recorder.STEP_MS})
        os.close(file)
        began = time.perf_counter()
        answer = json.dumps(recorder.recall(recorder.SLOTS, 0, ring))
        recall_ms = (time.perf_counter() - began) * 1e3
        ring_mb = Path(ring).stat().st_size / 1024 / 1024
    return {
        "cpu_ms": cpu_ms,
        "resident_mb": resident_mb,
        "ring_mb": ring_mb,
        "recall_ms": recall_ms,
        "recall_kb": len(answer) / 1000,
    }


@dataclass(frozen=True)
class Cost:
    """What the main process of a helper Pod has used so far."""

    cpu_seconds: float
    resident_mb: float
    peak_mb: float
    ring_mb: float
    up_seconds: float


def cost(namespace: str, pod: str) -> Cost:
    """Return what a Pod's main process has used; it asks inside the Pod, where that is process 1."""
    show = (
        "cat /proc/uptime /proc/1/stat; grep VmRSS /proc/1/status; grep VmHWM /proc/1/status; "
        "stat -c %b /run/netmedic/ring"
    )
    uptime, stat, resident, peak, blocks = kubectl("-n", namespace, "exec", pod, "--", "sh", "-c", show).splitlines()
    fields = stat.rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return Cost(
        cpu_seconds=(int(fields[11]) + int(fields[12])) / ticks,
        resident_mb=int(resident.split()[1]) / 1024,
        peak_mb=int(peak.split()[1]) / 1024,
        ring_mb=int(blocks) * 512 / 2**20,
        up_seconds=float(uptime.split()[0]),
    )


def kubectl(*arguments: str) -> str:
    """Return what kubectl writes."""
    return subprocess.run(["kubectl", *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def live(namespace: str, minutes: float) -> None:
    """Print what the helper Pods used over some minutes."""
    items = json.loads(kubectl("-n", namespace, "get", "pods", "-o", "json"))["items"]
    pods = {item["metadata"]["name"]: item["spec"]["nodeName"] for item in items}
    before = {pod: cost(namespace, pod) for pod in pods}
    time.sleep(minutes * 60)
    print("| Node | minutes | CPU, % of one core | resident, MB | peak, MB | ring, MB |\n|---|---|---|---|---|---|")
    for pod, node in sorted(pods.items(), key=lambda pair: pair[1]):
        one, two = before[pod], cost(namespace, pod)
        seconds = two.up_seconds - one.up_seconds
        percent = 100 * (two.cpu_seconds - one.cpu_seconds) / seconds
        memory = f"{two.resident_mb:.1f} | {two.peak_mb:.1f} | {two.ring_mb:.1f}"
        print(f"| {node} | {seconds / 60:.1f} | {percent:.2f} | {memory} |")
    print(f"It may take {LIMIT_PERCENT:g} % of one core, and {LIMIT_MB} MB resident with the ring.")


def main() -> None:
    """Print what it costs, and the limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--looks", type=int, default=600)
    parser.add_argument("--live", metavar="NAMESPACE", help="watch the helper Pods there")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.looks)))
        return
    if options.live:
        live(options.live, options.minutes)
        return
    command = [sys.executable, "-m", "benchmarks.recorder", "--measure", "--looks", str(options.looks)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    # One look a second: milliseconds of CPU in a thousand.
    print(
        f"CPU: {found['cpu_ms']:.2f} ms a look, {found['cpu_ms'] / 10:.2f} % of one core (may be {LIMIT_PERCENT:g} %)"
    )
    whole = found["resident_mb"] + found["ring_mb"]
    print(f"memory: {whole:.1f} MB, of which the ring {found['ring_mb']:.1f} MB (may be {LIMIT_MB} MB)")
    print(f"recall of 15 minutes: {found['recall_ms']:.0f} ms, at most {found['recall_kb']:.0f} kB")


if __name__ == "__main__":
    main()
