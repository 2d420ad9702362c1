"""HTTP to an API server: a limit on every wait, patience with a busy server, one renewal of credentials."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import httpx

from bot import __version__
from bot.cluster import errors, meter
from bot.cluster.credentials import Credentials
from bot.cluster.refusals import Action, error_of, words


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long and how much. The numbers are ours unless they say otherwise."""

    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    """Between two pieces of an answer."""
    request_seconds: float = 30.0
    """For one whole answer, however steadily it drips."""
    retry_seconds: float = 8.0
    """All waits together that a busy server asks for (429, 503)."""
    requests_per_second: float = 50.0
    """client-go's default for kubectl."""
    burst: int = 100
    in_flight: int = 10
    body_bytes: int = 256 * 2**20
    """Of one answer, unpacked; a page of 500 large Pods is below 20 MiB."""


LIMITS = Limits()
Method: TypeAlias = Literal["GET", "POST", "DELETE"]


class Transport:
    """Requests to one API server."""

    def __init__(
        self, credentials: Credentials, *, renew: Callable[[], Awaitable[Credentials]], limits: Limits = LIMITS
    ) -> None:
        """Connect at the first request.

        Args:
            credentials: Used until the server refuses them.
            renew: Gives others; called once for each refusal.
            limits: How long and how much.
        """
        self.credentials = credentials
        self.requests = 0
        """Requests sent."""
        self._renew = renew
        self._limits = limits
        self._pace = _Pace(limits.requests_per_second, limits.burst)
        self._in_flight = asyncio.Semaphore(limits.in_flight)
        self._renewing = asyncio.Lock()
        self._client = self._new_client()
        self._retired: list[httpx.AsyncClient] = []

    async def aclose(self) -> None:
        """Close all connections."""
        for client in (self._client, *self._retired):
            await client.aclose()

    async def get(
        self, path: str, action: Action, *, params: Mapping[str, str] | None = None, failing_too: bool = False
    ) -> bytes:
        """Return the body of a successful answer; with ``failing_too`` also that of status 500.

        Raises:
            Expired: 410.
            ClusterError: Everything else that goes wrong.
        """
        return await self._ask("GET", path, action, params=params, failing_too=failing_too)

    async def post(self, path: str, action: Action, *, body: bytes) -> bytes:
        """Return the body of a successful answer to a POST."""
        return await self._ask("POST", path, action, body=body)

    async def delete(self, path: str, action: Action) -> bytes:
        """Return the body of a successful answer to a DELETE; what the object owns goes with it, in the background."""
        return await self._ask("DELETE", path, action, params={"propagationPolicy": "Background"})

    async def renewed(self, refused: Credentials) -> Credentials:
        """Return other credentials than those that were refused; several refusals at once renew once."""
        async with self._renewing:
            if self.credentials is refused:
                self.credentials = await self._renew()
                if self.credentials.material != refused.material:
                    self._retired.append(self._client)
                    self._client = self._new_client()
            return self.credentials

    async def _ask(
        self,
        method: Method,
        path: str,
        action: Action,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        failing_too: bool = False,
    ) -> bytes:
        patience, broken, refused = self._limits.retry_seconds, False, False
        while True:
            used = self.credentials
            await self._pace.turn()
            try:
                async with self._in_flight:
                    response, content = await self._send(method, path, action, params=params, body=body)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as problem:
                if broken:
                    raise errors.Unreachable(
                        f"{self._who} broke off its answer twice ({action}): {words(problem)}"
                    ) from problem
                broken = True  # a kept connection that the server closed just now looks the same
                continue
            if response.is_success or (failing_too and response.status_code == httpx.codes.INTERNAL_SERVER_ERROR):
                return content
            if response.status_code == httpx.codes.UNAUTHORIZED and not refused:
                refused = True
                await self.renewed(used)
                continue
            wait = _retry_after(response)
            if wait is not None and wait <= patience:
                patience -= max(wait, 0.1)
                await asyncio.sleep(wait)
                continue
            raise error_of(response.status_code, content, action, who=self._who, context=self.credentials.context)

    async def _send(
        self,
        method: str,
        path: str,
        action: Action,
        *,
        params: Mapping[str, str] | None,
        body: bytes | None,
    ) -> tuple[httpx.Response, bytes]:
        headers = {"authorization": self.credentials.authorization} if self.credentials.authorization else {}
        if body is not None:
            headers["content-type"] = "application/json"
        sni = {"sni_hostname": self.credentials.tls_name} if self.credentials.tls_name else {}
        self.requests += 1
        meter.count(requests=1)
        try:
            async with (
                asyncio.timeout(self._limits.request_seconds),
                self._client.stream(
                    method, path, params=params, headers=headers, content=body, extensions=sni
                ) as response,
            ):
                content = await self._body(response, action)
                meter.count(received_bytes=response.num_bytes_downloaded)
                return response, content
        except (TimeoutError, httpx.TimeoutException) as problem:
            late = "did not accept a connection" if isinstance(problem, httpx.ConnectTimeout) else "gave no answer"
            raise errors.TimedOut(
                f"{self._who} {late} in time ({action}). Is it overloaded, or a firewall between?"
            ) from problem
        except httpx.ConnectError as problem:
            raise errors.Unreachable(f"{self._who} cannot be reached: {words(problem)}") from problem
        except (httpx.DecodingError, httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.ProxyError) as problem:
            raise errors.Unreachable(f"{self._who} cannot be asked to {action}: {words(problem)}") from problem

    async def _body(self, response: httpx.Response, action: Action) -> bytes:
        content = bytearray()
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > self._limits.body_bytes:
                limit = self._limits.body_bytes // 2**20
                raise errors.Malformed(f"{self._who} answered more than {limit} MiB at once ({action})")
        return bytes(content)

    @property
    def _who(self) -> str:
        return f"The API server {self.credentials.server}"

    def _new_client(self) -> httpx.AsyncClient:
        limits = self._limits
        return httpx.AsyncClient(
            base_url=self.credentials.server,
            # A server without TLS gets a context that trusts nobody.
            verify=self.credentials.tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            proxy=self.credentials.proxy or None,
            trust_env=False,
            headers={"accept": "application/json", "user-agent": f"netmedic/{__version__}"},
            timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds, pool=limits.request_seconds),
            limits=httpx.Limits(max_connections=limits.in_flight, max_keepalive_connections=limits.in_flight),
        )


class _Pace:
    """A bucket of turns that refills steadily: no more than a burst at once, no more than a rate in the long run."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._turns = float(burst)
        self._last = 0.0

    async def turn(self) -> None:
        """Wait for one's turn."""
        now = asyncio.get_running_loop().time()
        self._turns = min(float(self._burst), self._turns + (now - self._last) * self._per_second) - 1
        self._last = now
        if self._turns < 0:
            await asyncio.sleep(-self._turns / self._per_second)


def _retry_after(response: httpx.Response) -> float | None:
    """Return how many seconds a busy server asks to wait; None if it does not."""
    if response.status_code not in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        return None
    try:
        return max(float(response.headers["retry-after"]), 0.0)
    except (KeyError, ValueError):
        return None
