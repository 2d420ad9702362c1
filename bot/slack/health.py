"""``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.metrics import CONTENT_TYPE, Metrics

CHECK_SECONDS = 2.0
"""Longer than any healthy answer, shorter than the timeout a kubelet's readinessProbe is given (ours)."""

Check = Callable[[], Awaitable[str]]
"""Answers what is wrong; an empty text is well."""


def routes(
    ready: Mapping[str, Check], *, alive: Mapping[str, Check], clusters: Mapping[str, Check], metrics: Metrics
) -> list[web.RouteDef]:
    """Return the endpoints; what is wrong is told by name.

    Clusters are no part of being ready: a bot that cannot reach one still has to say so in Slack.
    """

    async def healthz(_: web.Request) -> web.Response:
        return told("alive", await wrong_among(alive))

    async def readyz(_: web.Request) -> web.Response:
        return told("ready", await wrong_among(ready))

    async def exposed(_: web.Request) -> web.Response:
        wrong = await wrong_among({**ready, **clusters})
        answers = {name: name not in wrong for name in ready}
        text = metrics.exposition({**answers, "clusters": not wrong.keys() & clusters.keys()})
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", exposed)]


async def wrong_among(checks: Mapping[str, Check]) -> dict[str, str]:
    """Return what is wrong, by name."""
    names = list(checks)
    answers = await asyncio.gather(*(in_time(checks[name]) for name in names))
    return {name: answer for name, answer in zip(names, answers, strict=True) if answer}


def told(status: str, wrong: Mapping[str, str]) -> web.Response:
    """Return an answer to kubelet."""
    if wrong:
        return web.json_response({"status": f"not {status}", "wrong": wrong}, status=503)
    return web.json_response({"status": status})


def goes_on(task: asyncio.Task[None]) -> Check:
    """Return the check whether a task that is meant to run for ever still does."""

    async def check() -> str:
        return "it has ended" if task.done() else ""

    return check


async def in_time(check: Check) -> str:
    """Return a check's answer, or that it gave none."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return f"no answer in {CHECK_SECONDS:g} s"
