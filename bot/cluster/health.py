"""What an API server says of itself, beside its objects: its checks, and known numbers of its metrics."""

from __future__ import annotations

import asyncio
import re

from bot.cluster.errors import Malformed
from bot.cluster.port import METRICS, READYZ
from bot.cluster.refusals import Action
from bot.cluster.transport import Transport
from bot.node.collector.exposition import numbers

Numbers = dict[str, float]
"""By name, see :mod:`bot.node.collector.exposition`."""

_CHECK = re.compile(r"^\[([+-])\]([A-Za-z0-9._/-]{1,100}) ", re.MULTILINE)
MOST_CHECKS = 200
"""Of one server (ours); there are some thirty."""


async def checks(transport: Transport) -> dict[str, bool]:
    """Return each check of ``/readyz`` and whether it passes. A server that is not ready says so with status 500.

    Raises:
        ClusterError: It cannot be read.
    """
    action = Action(verb="get", permission=READYZ)
    content = await transport.get(READYZ, action, params={"verbose": ""}, failing_too=True)
    found = of_text(content.decode(errors="replace"))
    if not found:
        raise Malformed(f"{transport.credentials.server} does not list its checks at {READYZ}")
    return found


def of_text(text: str) -> dict[str, bool]:
    """Return the checks in an answer of ``/readyz?verbose``."""
    return {match[2]: match[1] == "+" for match in list(_CHECK.finditer(text))[:MOST_CHECKS]}


async def metrics(transport: Transport, seconds: float) -> tuple[Numbers, Numbers]:
    """Return the known numbers of ``/metrics`` at the beginning and the end of so many seconds.

    Behind a balancer two API servers may answer: then a counter can seem to shrink.

    Raises:
        ClusterError: They cannot be read.
    """
    first = await _numbers(transport)
    await asyncio.sleep(seconds)
    return first, await _numbers(transport)


async def _numbers(transport: Transport) -> Numbers:
    content = await transport.get(METRICS, Action(verb="get", permission=METRICS))
    # Tens of megabytes on a large cluster.
    return await asyncio.to_thread(lambda: numbers(content.decode(errors="replace")))
