"""The client of Slack's Web API, and whether Slack and the store answer."""

from __future__ import annotations

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.metrics import Metrics
from bot.settings import Slack as SlackSettings
from bot.slack.counted import CountedRetries
from bot.slack.health import Check
from bot.slack.identity import who_am_i
from bot.slack.ports import Store
from bot.store.records import StoreError

CALL_SECONDS = 15
"""For one call of the Web API; Slack answers within two or not at all (ours)."""
RATE_LIMIT_RETRIES = 5


def web_client(settings: SlackSettings, session: aiohttp.ClientSession, metrics: Metrics) -> AsyncWebClient:
    """Return the client of the Web API: it waits when Slack says so, and tries again when the connection breaks.

    HTTPS_PROXY is honoured by slack_sdk, SSL_CERT_FILE by OpenSSL.
    """
    return AsyncWebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=CALL_SECONDS,
        session=session,
        retry_handlers=[
            CountedRetries(AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES), "ratelimited", metrics),
            CountedRetries(AsyncConnectionErrorRetryHandler(), "unreachable", metrics),
            CountedRetries(AsyncServerErrorRetryHandler(), "failed", metrics),
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
