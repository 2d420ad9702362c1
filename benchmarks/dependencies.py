"""What each dependency costs: megabytes on disk with what it alone brings, seconds and megabytes to import.

Run: python -m benchmarks.dependencies
"""

from __future__ import annotations

import importlib.metadata
import statistics
import subprocess
import sys
from pathlib import Path

MODULES = {
    "aiohttp": "aiohttp",
    "aiosqlite": "aiosqlite",
    "alembic": "alembic",
    "click": "click",
    "durable_rules": "durable.engine",
    "httpx": "httpx",
    "kubernetes": "kubernetes.client",
    "msgspec": "msgspec",
    "opentelemetry-sdk": "opentelemetry.sdk.trace.export",
    "prometheus-client": "prometheus_client",
    "pydantic": "pydantic",
    "pydantic-settings": "pydantic_settings",
    "pyyaml": "yaml",
    "rapidfuzz": "rapidfuzz",
    "resvg_py": "resvg_py",
    "rich": "rich.console",
    "slack-bolt": "slack_bolt.async_app",
    "sqlalchemy": "sqlalchemy.ext.asyncio",
}
RUNS = 5
CODE = """
import resource, time
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
import {module}
print(time.perf_counter() - start, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def disk_megabytes(name: str) -> float:
    """Return the size of one distribution's own files."""
    files = importlib.metadata.files(name) or []
    paths = [Path(str(file.locate())) for file in files]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def import_cost(module: str) -> tuple[float, float]:
    """Return seconds and megabytes of an import in a fresh process: medians."""
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CODE.format(module=module)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.split()
        for _ in range(RUNS)
    ]
    return statistics.median(float(o[0]) for o in outputs), statistics.median(float(o[1]) for o in outputs)


def main() -> None:
    """Print the table of docs/dependencies.md."""
    print("| package | version | licence | MB on disk | import s | import MB |\n|---|---|---|---|---|---|")
    for name, module in MODULES.items():
        try:
            meta = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            print(f"| {name} | not installed | | | | |")
            continue
        said = [meta[field] for field in ("License-Expression", "License") if field in meta]
        licence = (*said, "see the package")[0].splitlines()[0][:40]
        seconds, megabytes = import_cost(module)
        print(
            f"| {name} | {meta['Version']} | {licence} | {disk_megabytes(name):.1f} | {seconds:.2f} | {megabytes:.0f} |"
        )


if __name__ == "__main__":
    main()
