"""How long each picture takes, from a diagnosis to its PNG: drawn, and made into pixels by a process of its own.

Wanted: below a second each. Run with ``python -m benchmarks.pictures``.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
from collections.abc import Callable

from bot.diagnosis.report import Diagnosis
from bot.pictures.path import path_picture
from bot.pictures.picture import Picture
from bot.pictures.reasoning import reasoning_picture
from bot.pictures.recording import recording_picture
from bot.pictures.ticket import provider_ticket
from bot.pictures.ways import ways_picture
from tests.diagnosis_fixtures import diagnosis, noisy_neighbour, wrong_port
from tests.pictures.samples import RECORDING, ways

RUNS = 5
LARGEST_MAP = 60
"""Nodes of the largest heat map; beyond that it is by zone."""
MANY = 200
WANTED_SECONDS = 1.0


def pictures() -> dict[str, Callable[[], Picture]]:
    """Return each picture by its name, yet to be drawn."""
    recorded = diagnosis(recordings=(RECORDING,))
    return {
        "path": lambda: path_picture(wrong_port()),
        "reasoning": lambda: reasoning_picture(noisy_neighbour(), noisy_neighbour().causes[0]),
        "recording": lambda: recording_picture(recorded, RECORDING),
        "ticket": lambda: provider_ticket(recorded, RECORDING.node).picture,
        f"heat map of {LARGEST_MAP} Nodes": heat_map(LARGEST_MAP),
        f"heat map of {MANY} Nodes, by zone": heat_map(MANY),
    }


def heat_map(nodes: int) -> Callable[[], Picture]:
    """Return a heat map, yet to be drawn."""
    measured: Diagnosis = diagnosis(ways=ways(nodes))
    return lambda: ways_picture(measured)


def cpu_seconds() -> float:
    """Return the CPU time that this process and those it waited for have had."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in spent)


async def seconds(made: Callable[[], Picture]) -> tuple[float, float]:
    """Return the time a picture takes until it is a PNG, and the CPU time."""
    started, spent = time.monotonic(), cpu_seconds()
    await made().rendered()
    return time.monotonic() - started, cpu_seconds() - spent


def main() -> None:
    """Print the table."""
    print("| picture | median s | slowest s | CPU s |\n|---|---|---|---|")
    for name, made in pictures().items():
        runs = [asyncio.run(seconds(made)) for _ in range(RUNS)]
        whole, cpu = (sorted(run[part] for run in runs) for part in (0, 1))
        late = "" if whole[-1] < WANTED_SECONDS else " (late)"
        print(f"| {name} | {statistics.median(whole):.2f} | {whole[-1]:.2f}{late} | {statistics.median(cpu):.2f} |")


if __name__ == "__main__":
    main()
