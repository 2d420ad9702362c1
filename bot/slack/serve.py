"""Running the bot: settings checked, requests received, and a stop that finishes what was begun."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from bot.settings import Slack as SlackSettings
from bot.slack import health, receive
from bot.slack.api import Slack
from bot.slack.app import build
from bot.slack.carry_out import Carrier
from bot.slack.errors import CannotServe
from bot.slack.health import Check
from bot.slack.identity import who_am_i
from bot.slack.live import Pace
from bot.slack.ports import Diagnose, Remedies, Store
from bot.slack.work import Work
from bot.store.records import StoreError

log = logging.getLogger(__name__)

CALL_SECONDS = 15
"""For one call of the Web API; Slack answers within two or not at all (ours)."""
RATE_LIMIT_RETRIES = 5
STOP_SECONDS = 20.0
"""For what is being done when the program is told to stop: within the 30 s that Kubernetes gives a Pod."""


async def serve(settings: Settings, *, diagnose: Diagnose, remedies: Remedies, store: Store) -> None:
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
        async with running(settings.slack, diagnose=diagnose, remedies=remedies, store=store) as port:
            log.info("taking requests in %s mode; health on port %d", settings.slack.mode, port)
            await stop.wait()
            log.info("told to stop: taking nothing new, finishing what was begun")
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def running(
    settings: SlackSettings,
    *,
    diagnose: Diagnose,
    remedies: Remedies,
    store: Store,
    pace: Pace | None = None,
    stop_seconds: float = STOP_SECONDS,
) -> AsyncIterator[int]:
    """Give the port of a bot that takes requests; afterwards what was begun is finished.

    Raises:
        CannotServe: A setting is missing or refused, or Slack cannot be reached.
    """
    check(settings)
    work = Work()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS)) as session:
        client = web_client(settings, session)
        with starting(settings):
            identity = await who_am_i(client)
        pace = pace or Pace()
        carrier = Carrier(slack=Slack(client=client), remedies=remedies, work=work, pace=pace)
        app = build(
            identity=identity,
            signing_secret=settings.signing_secret.get_secret_value(),
            work=work,
            carrier=carrier,
            answer_with=diagnose,
            remedies=remedies,
            store=store,
            pace=pace,
        )
        log.info("in workspace %s as user %s", identity.team, identity.bot_user)
        async with work.finished(within_seconds=stop_seconds), receiving(app, settings, client, store) as port:
            work.start(carrier.take_up())
            yield port


@asynccontextmanager
async def receiving(app: AsyncApp, settings: SlackSettings, client: AsyncWebClient, store: Store) -> AsyncIterator[int]:
    """Receive requests, and answer about the bot's health; gives the port."""
    checks = {"slack": slack_check(client), "store": store_check(store)}
    async with AsyncExitStack() as stack:
        routes = []
        with starting(settings):
            if settings.mode == "socket":
                token = settings.app_token.get_secret_value()
                checks["slack"] = await stack.enter_async_context(
                    receive.socket_mode(app, client=client, app_token=token)
                )
            else:
                routes = receive.http_routes(app)
            site = receive.site([*health.routes(checks), *routes], host=settings.http_host, port=settings.http_port)
            port = await stack.enter_async_context(site)
        yield port


def web_client(settings: SlackSettings, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Return the client of the Web API: it waits when Slack says so, and tries again when the connection breaks.

    HTTPS_PROXY is honoured by slack_sdk, SSL_CERT_FILE by OpenSSL.
    """
    return AsyncWebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=CALL_SECONDS,
        session=session,
        retry_handlers=[
            AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES),
            AsyncConnectionErrorRetryHandler(),
            AsyncServerErrorRetryHandler(),
        ],
    )


def slack_check(client: AsyncWebClient) -> Check:
    """Return the check whether Slack answers and takes the token."""

    async def answers() -> str:
        try:
            await who_am_i(client)
        except SlackApiError as problem:
            return f"Slack refuses: {problem.response['error']}"
        except aiohttp.ClientError as problem:
            return f"Slack cannot be reached: {type(problem).__name__}"
        return ""

    return answers


def store_check(store: Store) -> Check:
    """Return the check whether the store can be read."""

    async def answers() -> str:
        try:
            await store.incident("")
        except StoreError as problem:
            return str(problem)
        return ""

    return answers


def check(settings: SlackSettings) -> None:
    """Check that the mode has the secrets it needs.

    Raises:
        CannotServe: One is missing, or is in the place of another.
    """
    bot, app = settings.bot_token.get_secret_value(), settings.app_token.get_secret_value()
    if not bot:
        raise CannotServe(missing("bot_token", "the token that begins with xoxb-, under “OAuth & Permissions”"))
    if bot.startswith("xapp-"):
        raise CannotServe("slack.bot_token holds an app-level token (xapp-); it wants the one of the bot (xoxb-).")
    if settings.mode == "socket" and not app:
        raise CannotServe(
            missing("app_token", "the token that begins with xapp-, under “Basic Information”, “App-Level Tokens”")
        )
    if settings.mode == "http" and not settings.signing_secret.get_secret_value():
        raise CannotServe(missing("signing_secret", "the “Signing Secret”, under “Basic Information”"))


def missing(setting: str, what: str) -> str:
    """Return that a setting is missing, and where in the Slack app it is found."""
    name = f"NETMEDIC_SLACK__{setting.upper()}"
    return f"{name} is not set (slack.{setting} in the settings file): {what} of the Slack app. See docs/slack.md."


@contextmanager
def starting(settings: SlackSettings) -> Iterator[None]:
    """Say in words what keeps the bot from starting.

    Raises:
        CannotServe: With those words.
    """
    try:
        yield
    except SlackApiError as problem:
        setting = "app_token" if "apps.connections.open" in problem.response.api_url else "bot_token"
        raise CannotServe(f"Slack refuses slack.{setting}: {problem.response['error']}.") from problem
    except (aiohttp.ClientError, TimeoutError) as problem:
        raise CannotServe(
            f"Slack cannot be reached at {settings.api_url} ({type(problem).__name__}). "
            "Check the network, HTTPS_PROXY and SSL_CERT_FILE."
        ) from problem
    except OSError as problem:
        raise CannotServe(
            f"Port {settings.http_port} of {settings.http_host} cannot be used ({problem.strerror}): "
            "set slack.http_port to another."
        ) from problem
