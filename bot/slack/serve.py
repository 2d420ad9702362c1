"""Running the bot: requests received, letters sent, and a stop that finishes what was begun."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Alerts, Settings
from bot.settings import Slack as SlackSettings
from bot.slack import alerts, health, receive
from bot.slack.alerts import AlertDesk
from bot.slack.app import Parts, assemble, build
from bot.slack.client import CALL_SECONDS, slack_check, store_check, web_client
from bot.slack.counted import counted_calls
from bot.slack.health import Check
from bot.slack.identity import who_am_i
from bot.slack.live import Pace
from bot.slack.mail import LOOK_EVERY_SECONDS, Postman
from bot.slack.ports import Backend
from bot.slack.startup import check, starting

log = logging.getLogger(__name__)

LAST_LETTER_SECONDS = 3.0
"""For the letter that is being sent when the program is told to stop; another process sends it else (ours)."""
STOP_SECONDS = 20.0
"""For what is being done when the program is told to stop: within the 30 s that Kubernetes gives a Pod."""


async def serve(settings: Settings, backend: Backend) -> None:
    """Run the bot until SIGTERM or SIGINT; then take nothing new, and finish what was begun.

    Raises:
        CannotServe: A setting is missing or refused, or Slack cannot be reached.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        async with running(settings.slack, backend, alerts=settings.alerts) as port:
            log.info("taking requests in %s mode; health on port %d", settings.slack.mode, port)
            await stop.wait()
            log.info("told to stop: taking nothing new, finishing what was begun")
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def running(
    settings: SlackSettings,
    backend: Backend,
    *,
    alerts: Alerts | None = None,
    pace: Pace | None = None,
    deliver_every_seconds: float = LOOK_EVERY_SECONDS,
    stop_seconds: float = STOP_SECONDS,
) -> AsyncIterator[int]:
    """Give the port of a bot that takes requests; afterwards what was begun is finished.

    Raises:
        CannotServe: A setting is missing or refused, or Slack cannot be reached.
    """
    alerts = alerts or Alerts()
    check(settings, alerts)
    timeout, counted = aiohttp.ClientTimeout(total=CALL_SECONDS), counted_calls(backend.metrics, settings.api_url)
    async with aiohttp.ClientSession(timeout=timeout, trace_configs=[counted]) as session:
        client = web_client(settings, session, backend.metrics)
        with starting(settings):
            identity = await who_am_i(client)
        checks = {"Slack": slack_check(client), "store": store_check(backend.store)}
        alive = dict(backend.alive)
        parts = assemble(settings, backend, identity=identity, client=client, checks=checks, pace=pace or Pace())
        app = build(parts, signing_secret=settings.signing_secret.get_secret_value())
        log.info("in workspace %s as user %s", identity.team, identity.bot_user)
        async with (
            delivering(dataclasses.replace(parts.postman, every_seconds=deliver_every_seconds)) as letters,
            parts.work.finished(within_seconds=stop_seconds),
            receiving(
                app, settings, client, checks, more=alert_routes(parts, alerts), backend=backend, alive=alive
            ) as port,
            watching(parts.carrier.watch) as plans,
            watching(parts.successor.watch) as answers,
        ):
            tasks = {"letters": letters, "plans": plans, "answers": answers}
            alive |= {name: health.goes_on(task) for name, task in tasks.items()}
            yield port


def alert_routes(parts: Parts, settings: Alerts) -> list[web.RouteDef]:
    """Return Alertmanager's endpoint, if it has a token."""
    token = settings.token.get_secret_value()
    if not token:
        return []
    store = parts.information.store
    desk = AlertDesk(channel=settings.channel, threads=store.alerts, investigator=parts.investigator)
    return alerts.routes(desk, token=token)


@asynccontextmanager
async def watching(watch: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> AsyncIterator[asyncio.Task[None]]:
    """Go on, for as long as the bot runs, with what another process left half way; gives the task."""
    stop = asyncio.Event()
    task = asyncio.create_task(watch(stop))
    try:
        yield task
    finally:
        # Not cancelled: that would cut a word with the database in two.
        stop.set()
        await task


@asynccontextmanager
async def delivering(postman: Postman) -> AsyncIterator[asyncio.Task[None]]:
    """Send what waits in the outbox while the bot runs; what is left is for the next process. Gives the task."""
    stop = asyncio.Event()
    task = asyncio.create_task(postman.work(stop))
    try:
        yield task
    finally:
        stop.set()
        # Cancelled only in a call of Slack that does not end, as that would cut a word with the database in two.
        await asyncio.wait({task}, timeout=LAST_LETTER_SECONDS)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def receiving(
    app: AsyncApp,
    settings: SlackSettings,
    client: AsyncWebClient,
    checks: dict[str, Check],
    *,
    more: list[web.RouteDef],
    backend: Backend,
    alive: dict[str, Check],
) -> AsyncIterator[int]:
    """Receive requests, and answer about the bot's health; gives the port. ``alive`` may grow meanwhile."""
    checks = {name.lower(): answers for name, answers in checks.items()}
    async with AsyncExitStack() as stack:
        routes = list(more)
        with starting(settings):
            if settings.mode == "socket":
                token = settings.app_token.get_secret_value()
                checks["slack"] = await stack.enter_async_context(
                    receive.socket_mode(app, client=client, app_token=token)
                )
            else:
                routes += receive.http_routes(app)
            about_it = health.routes(checks, alive=alive, clusters=backend.checks, metrics=backend.metrics)
            site = receive.site([*about_it, *routes], host=settings.http_host, port=settings.http_port)
            port = await stack.enter_async_context(site)
        yield port
