"""``/healthz`` and ``/readyz``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

CHECK_SECONDS = 2.0
"""Longer than any healthy answer, shorter than the timeout a kubelet's readinessProbe is given (ours)."""

Check = Callable[[], Awaitable[str]]
"""Answers what is wrong; an empty text is well."""


def routes(checks: Mapping[str, Check]) -> list[web.RouteDef]:
    """Return the two endpoints: alive, and ready to work with what is not, by name."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        answers = await asyncio.gather(*map(in_time, checks.values()))
        wrong = {name: answer for name, answer in zip(checks, answers, strict=True) if answer}
        if wrong:
            return web.json_response({"status": "not ready", "wrong": wrong}, status=503)
        return web.json_response({"status": "ready"})

    return [web.get("/healthz", healthz), web.get("/readyz", readyz)]


async def in_time(check: Check) -> str:
    """Return a check's answer, or that it gave none."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return f"no answer in {CHECK_SECONDS:g} s"
