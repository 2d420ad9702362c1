"""The bot under load: how soon it acknowledges and says something, and its memory at rest.

Commands go in over Socket Mode of a Slack on this machine; diagnoses are of a recording, so nothing but CPU holds the
bot up. Run with ``python -m benchmarks.slack``.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.slack.edge import Edge
from tests.slack.fake_slack import FakeWorkspace

RUNNING, AT_ONCE = 20, 200
"""Diagnoses that run, and commands that come at once while they do."""
SYMPTOM = "storefront cannot reach cart in namespace shop"
WANTED = {"acknowledged p99": 0.5, "first message": 1.0, "memory at rest": 150.0}
"""Seconds, seconds, megabytes."""
SETTLE_SECONDS = 3.0


@asynccontextmanager
async def bot(edge: Edge, folder: Path) -> AsyncIterator[int]:
    """Run a bot in a process of its own; gives its process id."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.slack_bot", edge.url, str(folder / "state.db")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    try:
        yield process.pid
    finally:
        process.kill()
        await process.wait()


def megabytes(pid: int) -> float:
    """Return the resident memory of a process."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


async def first_message(edge: Edge, text: str) -> float:
    """Return the seconds from a command until its thread has its first message."""
    begun = time.monotonic()
    await edge.slash(text)
    await edge.until(lambda: any(text in str(call.arguments.get("text")) for call in edge.of("chat.postMessage")))
    opening = next(call for call in edge.of("chat.postMessage") if text in str(call.arguments.get("text")))
    ts = opening.answer["ts"]
    await edge.until(lambda: any(call.arguments.get("thread_ts") == ts for call in edge.of("chat.postMessage")))
    return time.monotonic() - begun


async def measure() -> dict[str, float]:
    """Return what was measured, by name."""
    with tempfile.TemporaryDirectory() as folder:
        async with Edge(FakeWorkspace()) as edge, bot(edge, Path(folder)) as pid:
            await asyncio.sleep(SETTLE_SECONDS)
            at_rest = megabytes(pid)
            alone = await first_message(edge, f"{SYMPTOM} alone")
            await asyncio.gather(*(first_message(edge, f"{SYMPTOM} before {number}") for number in range(RUNNING)))
            acks = await asyncio.gather(*(edge.slash(f"{SYMPTOM} {number}") for number in range(AT_ONCE)))
            seconds = sorted(ack.seconds for ack in acks)
            return {
                "memory at rest": at_rest,
                "memory under load": megabytes(pid),
                "first message": alone,
                "acknowledged median": statistics.median(seconds),
                "acknowledged p99": seconds[int(0.99 * len(seconds))],
            }


def main() -> None:
    """Print the table."""
    for name, value in asyncio.run(measure()).items():
        unit = "MB" if name.startswith("memory") else "s"
        wanted = f"  (wanted: below {WANTED[name]:g} {unit})" if name in WANTED else ""
        print(f"{name:<22} {value:8.3f} {unit}{wanted}")


if __name__ == "__main__":
    main()
