"""An API server on loopback that says what a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.cluster.credentials import Credentials
from bot.cluster.live import LiveCluster
from bot.cluster.transport import Limits, Transport

LABELS = "app=helper"

PATIENT = Limits(connect_seconds=20, read_seconds=20, request_seconds=30, retry_seconds=2, requests_per_second=10**6)
"""Generous enough for a busy machine: only a test that fails waits so long."""

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """Answers by path: the scripted ones in turn, the last of them from then on; else 404 as an API server words it."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[web.Request] = []
        self._scripts: dict[str, list[Answer]] = defaultdict(list)

    def on(self, path: str, *answers: Answer) -> None:
        self._scripts[path] += answers

    @property
    def asked(self) -> list[str]:
        """Paths with queries, in the order they were asked for."""
        return [request.path_qs for request in self.requests]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        script = self._scripts.get(request.path)
        if not script:
            return web.Response(status=404, text="404 page not found\n")
        return await (script.pop(0) if len(script) > 1 else script[0])(request)

    def cluster(self, *, limits: Limits = PATIENT, **credentials: Any) -> LiveCluster:
        """Return a cluster behind this server; refused credentials are renewed to a token ``renewed``."""
        first = Credentials(**{"context": "test", "server": self.url, **credentials})

        async def renew() -> Credentials:
            return Credentials(context="test", server=self.url, authorization="Bearer renewed")

        transport = Transport(first, renew=renew, limits=limits)
        return LiveCluster(transport, helper_namespace="netmedic", helper_labels=LABELS)


@contextlib.asynccontextmanager
async def serve(tls: ssl.SSLContext | None = None) -> AsyncIterator[Api]:
    api = Api()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(application, shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port = runner.addresses[0][1]
        api.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        yield api
    finally:
        await runner.cleanup()


def says(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Answer with JSON, or with text or bytes as they are."""

    async def answer(_: web.Request) -> web.StreamResponse:
        content = (
            body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        )
        return web.Response(status=status, body=content, content_type="application/json", headers=headers)

    return answer


def status(code: int, text: str = "", *, name: str = "", headers: dict[str, str] | None = None) -> Answer:
    """Answer with a Status object of the API."""
    body = {"kind": "Status", "status": "Failure", "code": code, "message": text, "details": {"name": name}}
    return says(body, status=code, headers=headers)


def page(*names: str, more: str = "", **fields: Any) -> Answer:
    """Answer with one page of objects that have these names in namespace shop."""
    items = [{"metadata": {"name": name, "namespace": "shop"}, **fields} for name in names]
    return says({"kind": "List", "metadata": {"continue": more}, "items": items})


async def hangs(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def drips(request: web.Request) -> web.StreamResponse:
    """Begin an answer and never end it."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b'{"items": [')
    await asyncio.Event().wait()
    raise AssertionError


async def breaks_off(request: web.Request) -> web.StreamResponse:
    """Close the connection in the middle of an answer."""
    response = web.StreamResponse(headers={"content-length": "1000"})
    await response.prepare(request)
    await response.write(b'{"items": [')
    assert request.transport is not None
    request.transport.close()
    return response
