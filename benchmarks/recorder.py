"""What the node helper's flight recorder costs its Node: CPU of a look, memory, size and time of a recall.

Run: ``python -m benchmarks.recorder``. Looks are made as fast as they go; the recorder makes one a second. The
process has nothing loaded but the collector, as in the helper Pod.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
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


def main() -> None:
    """Print what it costs, and the limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--looks", type=int, default=600)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.looks)))
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
