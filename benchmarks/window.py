"""How long it takes to sample all Nodes at once, beyond the sampling window itself.

Run: ``python -m benchmarks.window`` with KUBECONFIG of a cluster with the node helper. Wanted: the window and at
most one second more. Results: benchmarks/README.md.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time

from bot.cluster.connect import connect
from bot.cluster.errors import ClusterError
from bot.node.client import samples
from bot.node.requests import WINDOW_SECONDS

RUNS = 7


async def measure() -> None:
    """Print one row."""
    async with await connect() as cluster:
        nodes = list(await cluster.helper_nodes())[:10]
        seconds = []
        for _ in range(RUNS):
            started = time.perf_counter()
            answers = await samples(cluster, nodes, seconds=WINDOW_SECONDS)
            seconds.append(time.perf_counter() - started)
            for answer in answers.values():
                if isinstance(answer, ClusterError):
                    raise answer
    print("| Nodes | window, s | median, s | slowest, s |\n|---|---|---|---|")
    print(f"| {len(nodes)} | {WINDOW_SECONDS} | {statistics.median(seconds):.2f} | {max(seconds):.2f} |")


def main() -> None:
    """Measure, where there is a cluster."""
    if "KUBECONFIG" not in os.environ:
        print("skipped, KUBECONFIG is not set")
        return
    asyncio.run(measure())


if __name__ == "__main__":
    main()
