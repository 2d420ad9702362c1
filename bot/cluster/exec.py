"""Running the node helper's one program in its Pod: the API server's exec stream over a WebSocket.

Protocol: Kubernetes ``v5.channel.k8s.io`` and ``v4.channel.k8s.io``; the first byte of a message is its channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias
from urllib.parse import quote

import aiohttp
import msgspec

from bot.cluster import errors
from bot.cluster.credentials import Credentials
from bot.cluster.redact import message
from bot.cluster.refusals import Action, error_of, words

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDOUT, STDERR, ERROR = 1, 2, 3

MAX_ANSWER_BYTES = 4 * 2**20
"""Of an answer; a sample of a Node with a thousand interfaces is below 1 MiB (ours)."""
MAX_STDERR_BYTES = 256
"""The last words of a program that failed (ours)."""
CLOSE_SECONDS = 1.0
"""How long a polite goodbye may take."""
CONNECT_SECONDS = 5.0
"""What the way to the API server may take (ours)."""

Stream: TypeAlias = aiohttp.ClientWebSocketResponse[bool]


class Refused(Exception):
    """The handshake failed with this status; 401 is worth another try with renewed credentials."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class ExitCause(msgspec.Struct, frozen=True):
    """One cause of a failure."""

    reason: str = ""
    message: str = ""


class ExitDetails(msgspec.Struct, frozen=True):
    """The causes of a failure."""

    causes: list[ExitCause] | None = None


class ExitStatus(msgspec.Struct, frozen=True):
    """How the program ended, as the error channel says it."""

    status: str = ""
    reason: str | None = None
    message: str | None = None
    details: ExitDetails | None = None

    @property
    def code(self) -> str:
        """The exit status of the program; empty if it did not even start."""
        causes = (self.details.causes if self.details else None) or []
        return next((cause.message for cause in causes if cause.reason == "ExitCode"), "")


class Failed(errors.Malformed):
    """The program ended with a status of failure; ``code`` is empty where it did not even start."""

    def __init__(self, text: str, *, code: str) -> None:
        super().__init__(text)
        self.code = code


async def run(
    credentials: Credentials,
    *,
    namespace: str,
    pod: str,
    command: tuple[str, ...],
    timeout_seconds: float,
    connect_seconds: float = CONNECT_SECONDS,
) -> bytes:
    """Return what a program in a Pod writes to its standard output.

    Raises:
        Refused: The API server turned the request down.
        ClusterError: Everything else.
    """
    start = opened(credentials, namespace=namespace, pod=pod, command=command, connect_seconds=connect_seconds)
    try:
        async with asyncio.timeout(timeout_seconds), start as stream:
            return await read(stream, who(namespace, pod))
    except TimeoutError as problem:
        raise late(namespace, pod, timeout_seconds) from problem


@contextlib.asynccontextmanager
async def opened(
    credentials: Credentials,
    *,
    namespace: str,
    pod: str,
    command: tuple[str, ...],
    stdin: bool = False,
    connect_seconds: float = CONNECT_SECONDS,
) -> AsyncIterator[Stream]:
    """Start a program in a Pod, and give the stream that it writes to, which ends with the block.

    Raises:
        Refused: The API server turned the request down.
        ClusterError: Everything else, also while the stream is used.
    """
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/exec"
    given = [("stdin", "true")] if stdin else []
    query = [*given, ("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command)]
    headers = {"authorization": credentials.authorization} if credentials.authorization else {}
    timeout = aiohttp.ClientTimeout(total=None, connect=connect_seconds, sock_connect=connect_seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.ws_connect(
                credentials.server + path,
                params=query,
                headers=headers,
                protocols=PROTOCOLS,
                ssl=credentials.tls or True,
                server_hostname=credentials.tls_name or None,
                proxy=credentials.proxy or None,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                max_msg_size=MAX_ANSWER_BYTES + 1,
            ) as stream,
        ):
            if stream.protocol not in PROTOCOLS:
                raise errors.Malformed(f"{who(namespace, pod)}: the API server speaks another exec protocol")
            try:
                yield stream
            finally:
                await _hang_up(stream)
    except aiohttp.WSServerHandshakeError as problem:
        raise Refused(problem.status) from problem
    except (aiohttp.ClientError, ConnectionError) as problem:
        raise broken(namespace, pod, problem) from problem


async def _hang_up(stream: Stream) -> None:
    """Say goodbye, and end the connection whether or not the other side does; TLS would wait for it half a minute."""
    line: socket.socket | None = stream.get_extra_info("socket")
    try:
        await stream.close()
    finally:
        with contextlib.suppress(OSError):  # it is closed already, as it should be
            if line is not None:
                line.shutdown(socket.SHUT_RDWR)


async def read(stream: Stream, who: str, *, each_line: Callable[[bytes], None] | None = None) -> bytes:
    """Return what the program writes before it ends; with ``each_line`` lines are handed over as they come.

    Raises:
        ClusterError: It failed, wrote too much (with ``each_line``, in a line), or the connection broke.
    """
    out, err = bytearray(), bytearray()
    async for frame in stream:
        if frame.type is aiohttp.WSMsgType.ERROR:
            raise errors.Malformed(f"{who} broke the exec protocol: {words(frame.data)}")
        if frame.type is not aiohttp.WSMsgType.BINARY or not frame.data:
            continue
        channel, content = frame.data[0], frame.data[1:]
        if channel == STDOUT:
            out += content
            if each_line:
                *lines, out = out.split(b"\n") if b"\n" in content else [out]
                for line in lines:
                    each_line(bytes(line))
            if len(out) > MAX_ANSWER_BYTES:
                raise errors.Malformed(f"{who} answered more than {MAX_ANSWER_BYTES // 2**20} MiB")
        elif channel == STDERR:
            err = (err + content)[-MAX_STDERR_BYTES:]
        elif channel == ERROR:
            return _ended(content, bytes(out), bytes(err), who)
    raise errors.Unreachable(f"{who}: the connection broke off before the program ended")


def _ended(content: bytes, out: bytes, err: bytes, who: str) -> bytes:
    try:
        status = msgspec.json.decode(content, type=ExitStatus)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise errors.Malformed(f"{who}: the API server's word on how the program ended is no Status") from problem
    if status.status == "Success":
        return out
    said = err.decode(errors="replace") if err.strip() else status.message or ""
    raise failed(who, said, code=status.code)


def failed(who: str, said: str, *, code: str) -> Failed:
    """Return the error of a program that ended with a status, with what it said."""
    ended = f"ended with status {code}" if code else "could not be run"
    return Failed(f"{who}: the program {ended}: {message(said) or 'no reason given'}", code=code)


def refusal(problem: Refused, *, namespace: str, pod: str, credentials: Credentials) -> Exception:
    """Return the error that a failed handshake means."""
    # Which verb is asked of an exec by WebSocket depends on the server's version: get before 1.35, then create.
    action = Action(verb="create", permission="pods/exec", namespace=namespace, name=pod)
    if problem.status == 404:  # noqa: PLR2004 - the handshake carries no body that would say what is missing
        return errors.NotFound(f"there is no Pod {namespace}/{pod}")
    who = f"The API server {credentials.server}"
    return error_of(problem.status, b"", action, who=who, context=credentials.context)


def late(namespace: str, pod: str, seconds: float) -> errors.TimedOut:
    """Return the error of a program that is not done in time."""
    return errors.TimedOut(f"{who(namespace, pod)} gave no whole answer within {seconds:g} s")


def broken(namespace: str, pod: str, problem: Exception) -> errors.Unreachable:
    """Return the error of a connection that broke."""
    return errors.Unreachable(f"{who(namespace, pod)} cannot be asked: {words(problem)}")


def who(namespace: str, pod: str) -> str:
    """Return how messages call a helper."""
    return f"The node helper {namespace}/{pod}"
