"""The bot that benchmarks/slack.py measures: all of it but the live cluster, whose place a recording takes."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot import serve as _whole_program  # noqa: F401 - its memory is what is measured
from bot.__main__ import Netmedic
from bot.beside import beside
from bot.cluster.bundle import load
from bot.sites import DiagnoseAnywhere, Site
from bot.slack.clusters import Clusters, KnownCluster
from bot.slack.pictures import DrawnPictures
from bot.slack.ports import Backend
from bot.slack.serve import running
from bot.store.store import Store
from tests.slack.conftest import settings_for
from tests.slack.fakes import FakeRemedies

BUNDLE = Path(__file__).parents[1] / "tests" / "bundles" / "wrong-target-port.json.gz"


async def main(url: str, database: str) -> None:
    """Run until the standard input ends."""
    program = Netmedic()
    store = await Store.open(f"sqlite+aiosqlite:///{database}")
    edge: Any = SimpleNamespace(url=url)
    nothing: Any = None
    recording: Any = load(BUNDLE)
    site = Site(name="shop", cluster=recording, diagnose=program.diagnoser(), remedy=nothing, channels=())
    stack = ExitStack()
    backend = Backend(
        diagnose=DiagnoseAnywhere(stack.enter_context(beside()), {"shop": site}),
        remedies=FakeRemedies(),
        store=store,
        pictures=DrawnPictures(),
        clusters=Clusters((KnownCluster(name="shop", context="shop"),)),
        rules=program.rule_book().rules,
        checks={},
    )
    try:
        async with running(settings_for(edge, "socket"), backend, stop_seconds=1.0):
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.read)
    finally:
        stack.close()
        await store.close()
        program.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(main(*sys.argv[1:]))
