"""Requests to Slack's Web API, counted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler

from bot.metrics import CallOutcome, Metrics


class CountedRetries(AsyncRetryHandler):
    """Another handler's retries."""

    def __init__(self, handler: AsyncRetryHandler, reason: str, metrics: Metrics) -> None:
        super().__init__(handler.max_retry_count, handler.interval_calculator)
        self._handler = handler
        self._reason = reason
        self._metrics = metrics

    async def _can_retry_async(self, **told: Any) -> bool:
        return await self._handler._can_retry_async(**told)  # noqa: SLF001 - the part of the interface that decides

    async def prepare_for_next_attempt_async(self, **told: Any) -> None:
        """Count it, and wait as the other handler does."""
        self._metrics.retried_slack(self._reason)
        await self._handler.prepare_for_next_attempt_async(**told)


def counted_calls(metrics: Metrics, api_url: str) -> aiohttp.TraceConfig:
    """Return what has the requests of a session counted, each when its answer begins.

    Files go to addresses that Slack makes up: one method, ``upload``.
    """

    def method_of(url: object) -> str:
        text = str(url)
        return text.removeprefix(api_url).partition("?")[0] if text.startswith(api_url) else "upload"

    async def answered(_: object, __: object, told: aiohttp.TraceRequestEndParams) -> None:
        metrics.called_slack(method_of(told.url), outcome_of(told.response.status))

    async def broken(_: object, __: object, told: aiohttp.TraceRequestExceptionParams) -> None:
        metrics.called_slack(method_of(told.url), "unreachable")

    config = aiohttp.TraceConfig()
    config.on_request_end.append(answered)
    config.on_request_exception.append(broken)
    return config


def outcome_of(status: int) -> CallOutcome:
    """Return how a request ended, by its HTTP status; an error in Slack's own words comes with 200."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "ratelimited"
    return "failed" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "answered"
