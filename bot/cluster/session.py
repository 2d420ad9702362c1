"""Many requests to one node helper over one exec stream; :mod:`bot.node.collector.session` is the other end.

Starting the helper's program takes a fifth of a second of its Node's CPU, which is a Node in trouble: once is enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TypeVar

import aiohttp
import msgspec

from bot.cluster import errors, exec  # noqa: A004 - the subject's own name
from bot.cluster.credentials import Credentials

T = TypeVar("T")

STDIN = b"\x00"


class Session:
    """A program in a helper Pod that answers until it is not asked any more. Belongs to one event loop."""

    def __init__(self, credentials: Credentials, *, namespace: str, pod: str, command: tuple[str, ...]) -> None:
        """Start it; what goes wrong is told to those who ask."""
        self._namespace, self._pod = namespace, pod
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self._stream: asyncio.Future[exec.Stream] = _future()
        start = exec.opened(credentials, namespace=namespace, pod=pod, command=command, stdin=True)
        self._task = asyncio.create_task(self._talk(start))
        self._rest: asyncio.TimerHandle | None = None

    @property
    def over(self) -> bool:
        """Whether it cannot be asked any more."""
        return self._task.done() or self._task.cancelling() > 0

    async def ask(self, request: tuple[str, ...], *, timeout_seconds: float) -> bytes:
        """Return the answer to one request.

        Raises:
            Refused: The API server turned the session down.
            ClusterError: Everything else.
        """
        if self._rest:
            self._rest.cancel()
        number = next(self._numbers)
        answer = self._answers[number] = _future()
        line = msgspec.json.encode([number, *request]) + b"\n"
        try:
            async with asyncio.timeout(timeout_seconds):
                stream = await asyncio.shield(self._stream)
                with contextlib.suppress(aiohttp.ClientError, ConnectionError):  # reading tells why it ended
                    await stream.send_bytes(STDIN + line)
                return await answer
        except TimeoutError as problem:
            raise exec.late(self._namespace, self._pod, timeout_seconds) from problem
        finally:
            del self._answers[number]

    def rest(self, seconds: float) -> None:
        """End it in so many seconds, if nobody waits for an answer or asks before."""
        if not self._answers and not self.over:
            self._rest = asyncio.get_running_loop().call_later(seconds, self._task.cancel)

    async def aclose(self) -> None:
        """End it."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _talk(self, start: contextlib.AbstractAsyncContextManager[exec.Stream]) -> None:
        who = exec.who(self._namespace, self._pod)
        end: Exception = errors.Unreachable(f"{who}: the session is over")
        try:
            async with start as stream:
                self._stream.set_result(stream)
                await exec.read(stream, who, each_line=self._hear)
        except (errors.ClusterError, exec.Refused) as problem:
            end = problem
        except TimeoutError as problem:
            end = exec.broken(self._namespace, self._pod, problem)
        finally:
            if not self._stream.done():
                self._stream.set_exception(end)
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(end)

    def _hear(self, line: bytes) -> None:
        """Give an answer to whoever asked, and may have gone."""
        who = exec.who(self._namespace, self._pod)
        try:
            number, status, text = line.split(b" ", 2)
            answer = self._answers.get(int(number))
            code = int(status)
        except ValueError as problem:
            raise errors.Malformed(f"{who} answered what is no answer") from problem
        if answer is None or answer.done():
            return
        if code:
            answer.set_exception(exec.failed(who, text.decode(errors="replace"), code=str(code)))
        else:
            answer.set_result(text)


def _future() -> asyncio.Future[T]:
    """Return a future whose error may stay unheard: whoever asked can have gone."""
    made: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    made.add_done_callback(lambda done: done.cancelled() or done.exception())
    return made
