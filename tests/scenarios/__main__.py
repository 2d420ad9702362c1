"""Make incidents on the test cluster, ask netmedic about each, and have its answers judged.

Run: python -m tests.scenarios [--third] [--seconds N] [ID ...], or with --record to have the bundles of
:mod:`tests.scenarios.replay` written anew. The laboratory is ``../shared/cases``; NETMEDIC_TEST_CASES names another.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from tests import testbed
from tests.scenarios import replay
from tests.testbed import REPOSITORY, TestBed

Run: TypeAlias = dict[str, Any]
"""What the laboratory says of one incident."""

CASES = Path(os.environ.get("NETMEDIC_TEST_CASES") or REPOSITORY.parent / "shared" / "cases")
LEAST_SHARE = 0.95
"""Of the answers that have to be right in everything; of the traps, all."""
NETMEDIC = f"{sys.executable} -m bot diagnose {{symptom}} -o json"
TRAPS = ("no-fault", "not-network")
UNDO_SECONDS = 180
"""What undoing the incident at hand takes at most."""
AGAIN_SECONDS = 120
"""For each incident that is made once more, also where the time is over: a slow machine is no wrong answer."""
AT_ONCE = 5
"""Incidents recorded before what was recorded is kept."""
THIRD = (
    # Of each category one,
    "AL-noop",
    "CO-kube-proxy-down",
    "CO-node-delay",
    "CO-readiness-port",
    "HG-12",
    "HG-25",
    "HG-84",
    "KI-125467",
    "KI-cidr-overlap",
    "KI-etp-nodeport",
    "KI-rollout-502",
    "KI-udp-8472",
    "KS-mtu-1400",
    "SEED-noisy-neighbour",
    "SEED-rx-drops",
    "SG-coredns-template-one",
    "SG-cpu-throttling",
    "SG-target-port",
    "SG-webhook-tls",
    "TRAP-oom",
    # and a second one where there are many.
    "KS-route-deleted",
    "SEED-mtu-blackhole",
    "SEED-oslo",
    "SG-selector-extra-key",
    "TRAP-quota-pods",
)


def main() -> None:
    """Run them, and end with 1 where too many answers are wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these, or all of a category")
    parser.add_argument("--third", action="store_true", help="a third, of each category at least one")
    parser.add_argument("--seconds", type=float, default=math.inf, help="end then; those that are left do not count")
    parser.add_argument(
        "--record", action="store_true", help="record each as a bundle, to be replayed without a cluster"
    )
    asked = parser.parse_args()
    wanted = asked.ids or (THIRD if asked.third else ())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the cluster is removed
    if not (CASES / "score").is_file():
        print(f"netmedic: no incidents: there is no laboratory at {CASES}; NETMEDIC_TEST_CASES names another")
        return
    try:
        with testbed.running() as bed:
            # Some faults show from inside a Pod alone.
            bed.install_helper(tier=3)
            if asked.record:
                record(bed, wanted)
            else:
                sys.exit(judged(bed, wanted, ends_at=time.monotonic() + asked.seconds, twice=asked.third))
    except testbed.CannotStart as problem:
        print(f"netmedic: no incidents: {problem}")


def judged(bed: TestBed, ids: Sequence[str], *, ends_at: float, twice: bool) -> int:
    """Have netmedic answer, and return the exit status; ``twice``: what is wrong has to be wrong again."""
    runs = score(bed, NETMEDIC, ids, ends_at=ends_at)
    if twice and (missed := wrong(runs)):
        print(f"netmedic: once more, those that were wrong: {', '.join(run['id'] for run in missed)}", flush=True)
        enough = time.monotonic() + AGAIN_SECONDS * len(missed)
        again = score(bed, NETMEDIC, [run["id"] for run in missed], ends_at=max(ends_at, enough))
        told = {run["id"] for run in again if run["status"] == "ok"}
        runs = [run for run in runs if run["id"] not in told] + again
    return verdict(runs, out_of_time=time.monotonic() >= ends_at)


def score(bed: TestBed, command: str, ids: Sequence[str], *, ends_at: float = math.inf) -> list[Run]:
    """Have incidents made and judged, and return what is said of each; where the time is over, of those so far."""
    left = ends_at - time.monotonic()
    if left <= 0:
        return []
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "score.json"
        only = ("--only", ",".join(ids)) if ids else ()
        laboratory = subprocess.Popen(
            [sys.executable, str(CASES / "score"), "--netmedic", command, "--json", str(result), *only],
            env={**os.environ, **bed.environment},
            cwd=REPOSITORY,
        )
        try:
            laboratory.wait(None if math.isinf(left) else left)
        except subprocess.TimeoutExpired:
            print("netmedic: the time is over; the others are left out", flush=True)
        finally:
            laboratory.terminate()  # it undoes what it did
            laboratory.wait(UNDO_SECONDS)
        runs: list[Run] = json.loads(result.read_text())["runs"] if result.is_file() else []
        return runs


def wrong(runs: Sequence[Run]) -> list[Run]:
    """Return those whose answer was not right in everything."""
    return [run for run in runs if run["status"] == "ok" and run["score"]["full"] != 1]


def verdict(runs: Sequence[Run], *, out_of_time: bool) -> int:
    """Say how many answers were right, and return the exit status."""
    counted, missed = [run for run in runs if run["status"] == "ok"], wrong(runs)
    print(f"netmedic: {len(counted) - len(missed)} of {len(counted)} incidents answered right in everything")
    for run in missed:
        causes = [f"{cause['rule']} {cause['subject']}" for cause in (run["answer"] or {}).get("causes", ())]
        print(f"  {run['id']}: {'; '.join(causes) or 'no cause'}; {run['symptom']}")
    if not counted:
        return 0 if out_of_time else 1
    trapped = any(run["category"] in TRAPS for run in missed)
    return 1 if trapped or len(missed) > (1 - LEAST_SHARE) * len(counted) else 0


def record(bed: TestBed, ids: Sequence[str]) -> None:
    """Have incidents made, and keep what was recorded of each."""
    listing = [sys.executable, str(CASES / "score"), "--list"]
    listed = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    wanted = ids or [line.split()[0] for line in listed]
    for start in range(0, len(wanted), AT_ONCE):
        with tempfile.TemporaryDirectory() as folder:
            recorder = f"{sys.executable} -m tests.scenarios.record {folder} {{symptom}}"
            for run in score(bed, recorder, wanted[start : start + AT_ONCE]):
                if run["status"] == "ok" and (file := replay.place(Path(folder), run["symptom"])).is_file():
                    replay.keep(file, scenario=run["id"], category=run["category"], symptom=run["symptom"])


if __name__ == "__main__":
    main()
