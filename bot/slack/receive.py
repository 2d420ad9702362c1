"""The two ways Slack's requests come in: a WebSocket that we open, or HTTP that Slack sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.health import Check

EVENTS_PATH = "/slack/events"
CONNECT_SECONDS = 20.0
PING_SECONDS = 10.0
"""How often the WebSocket is tried; after four times without an answer it is opened anew."""


@asynccontextmanager
async def socket_mode(app: AsyncApp, *, client: AsyncWebClient, app_token: str) -> AsyncIterator[Check]:
    """Receive over a WebSocket; gives the check whether it stands. It is opened anew by itself when it breaks.

    Raises:
        SlackApiError: The app token is refused.
        TimeoutError: The WebSocket cannot be opened.
    """
    handler = AsyncSocketModeHandler(app, app_token, web_client=client, ping_interval=PING_SECONDS)
    connection = handler.client
    try:
        # Asked for here because connect() alone would ask for ever, also with a token that is refused.
        connection.wss_uri = await connection.issue_new_wss_url()
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.connect()  # type: ignore[no-untyped-call]

        async def is_connected() -> str:
            return "" if await connection.is_connected() else "the WebSocket to Slack is down"

        yield is_connected
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


def http_routes(app: AsyncApp) -> list[web.RouteDef]:
    """Return the endpoint that Slack sends to; Bolt checks signature and age of every request."""

    async def events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return [web.post(EVENTS_PATH, events)]


@asynccontextmanager
async def site(routes: list[web.RouteDef], *, host: str, port: int) -> AsyncIterator[int]:
    """Serve HTTP; gives the port, which for port 0 is one that was free.

    Raises:
        OSError: The address is in use or not ours.
    """
    application = web.Application()
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
