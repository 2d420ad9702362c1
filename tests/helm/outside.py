"""Slack outside the cluster, where Pods can reach it, in a thread that answers whatever the tests wait for."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeVar

import aiohttp

from tests.helm.places import listening_at
from tests.slack.edge import Edge
from tests.slack.emulate import Emulate
from tests.testbed import TestBed

T = TypeVar("T")
PLACE, PORT = "oslo", 443
"""The chart's NetworkPolicy lets the bot reach this port anywhere."""
LIMIT_SECONDS = 400


@dataclass(frozen=True)
class Outside:
    """Slack, and the loop it lives in."""

    edge: Edge
    loop: asyncio.AbstractEventLoop

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Do something in Slack, and return what comes of it."""
        return asyncio.run_coroutine_threadsafe(doing, self.loop).result(LIMIT_SECONDS)

    def deliver(self, delivery: Awaitable[Any]) -> None:
        """Deliver something. Its acknowledgement may be late: on a busy machine that is no fault."""

        async def delivered() -> None:
            with contextlib.suppress(TimeoutError):
                await delivery

        self.run(delivered())


@contextmanager
def slack_outside(test_bed: TestBed, emulate_url: str) -> Iterator[Outside]:
    """Give Slack with an empty channel."""
    loop, stack = asyncio.new_event_loop(), AsyncExitStack()

    async def begin() -> Edge:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        workspace = await Emulate.with_new_channel(emulate_url, http)
        return await stack.enter_async_context(Edge(workspace, listening=listening_at(test_bed, PLACE, PORT)))

    thread = Thread(target=loop.run_forever, name="slack", daemon=True)
    thread.start()
    try:
        yield Outside(asyncio.run_coroutine_threadsafe(begin(), loop).result(LIMIT_SECONDS), loop)
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(LIMIT_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LIMIT_SECONDS)
        loop.close()


async def relay(listening: socket.socket, path: str) -> asyncio.Server:
    """Pass connections on to a Unix socket of this machine."""

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(path)
        await asyncio.gather(_copied(reader, there[1]), _copied(there[0], writer))

    return await asyncio.start_server(passed, sock=listening)


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
