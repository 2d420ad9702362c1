"""A bot in a process of its own, whose environment leads to Slack over a proxy. See test_proxy.py."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

from tests.slack.conftest import Bot


async def main(url: str) -> None:
    """Run a bot until the standard input ends."""
    edge: Any = SimpleNamespace(url=url, app_url="")
    async with Bot(edge).runs():
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
