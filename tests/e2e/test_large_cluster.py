"""A large cluster is read narrowly: what a diagnosis takes of its API server, and of the machine it runs on."""

from __future__ import annotations

import sys

import pytest

from benchmarks.scale import NARROW, WIDE, large_cluster, run
from bot import __version__
from bot.cluster.transport import LIMITS


@pytest.mark.parametrize(
    ("symptom", "megabytes_read", "megabytes_of_memory"),
    [(NARROW, 4, 200), (WIDE, 150, 500)],
    ids=["one namespace", "the whole cluster"],
)
def test_a_diagnosis_takes_little(symptom: str, megabytes_read: int, megabytes_of_memory: int) -> None:
    # A budget that a busy machine keeps to as well: what is not read within it would not count.
    command = [sys.executable, "-m", "bot", "diagnose", symptom, "-o", "json", "--budget", "300"]
    with large_cluster() as (port, kubeconfig):
        found = run(command, port=port, kubeconfig=kubeconfig)

    assert found.measured["bytes"] < megabytes_read * 1e6
    assert found.peak_mb < megabytes_of_memory
    assert found.measured["most_in_a_second"] <= LIMITS.burst + LIMITS.requests_per_second
    assert found.measured["agents"] == [f"netmedic/{__version__}"]
