"""A bot in a process of its own, which never comes to answer. See test_left.py."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.slack.conftest import Bot
from tests.slack.fakes import FakeStore


async def main(url: str, database: Path) -> None:
    """Run a bot until it is killed."""
    edge: Any = SimpleNamespace(url=url, app_url="")
    bot = Bot(edge, store=FakeStore(database))
    bot.diagnose.may_answer.clear()
    async with bot.runs():
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
