"""Running the node helper's one program in its Pod: the API server's exec stream over a WebSocket.

Protocol: Kubernetes ``v5.channel.k8s.io`` and ``v4.channel.k8s.io``; the first byte of a message is its channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
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


async def run(
    credentials: Credentials,
    *,
    namespace: str,
    pod: str,
    command: tuple[str, ...],
    timeout_seconds: float,
    connect_seconds: float = 5.0,
) -> bytes:
    """Return what a program in a Pod writes to its standard output.

    Raises:
        Refused: The API server turned the request down.
        ClusterError: Everything else.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _run(credentials, namespace, pod, command, connect_seconds)
    except TimeoutError as problem:
        raise errors.TimedOut(f"{_who(namespace, pod)} gave no whole answer within {timeout_seconds:g} s") from problem
    except aiohttp.WSServerHandshakeError as problem:
        raise Refused(problem.status) from problem
    except (aiohttp.ClientError, OSError) as problem:
        raise errors.Unreachable(f"{_who(namespace, pod)} cannot be asked: {words(problem)}") from problem


async def _run(
    credentials: Credentials, namespace: str, pod: str, command: tuple[str, ...], connect_seconds: float
) -> bytes:
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/exec"
    query = [("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command)]
    headers = {"authorization": credentials.authorization} if credentials.authorization else {}
    timeout = aiohttp.ClientTimeout(total=None, connect=connect_seconds, sock_connect=connect_seconds)
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
            raise errors.Malformed(f"{_who(namespace, pod)}: the API server speaks another exec protocol")
        try:
            return await _read(stream, _who(namespace, pod))
        finally:
            await _hang_up(stream)


async def _hang_up(stream: aiohttp.ClientWebSocketResponse[bool]) -> None:
    """Say goodbye, and end the connection whether or not the other side does; TLS would wait for it half a minute."""
    line: socket.socket | None = stream.get_extra_info("socket")
    try:
        await stream.close()
    finally:
        with contextlib.suppress(OSError):  # it is closed already, as it should be
            if line is not None:
                line.shutdown(socket.SHUT_RDWR)


async def _read(stream: aiohttp.ClientWebSocketResponse[bool], who: str) -> bytes:
    out, err = bytearray(), bytearray()
    async for frame in stream:
        if frame.type is aiohttp.WSMsgType.ERROR:
            raise errors.Malformed(f"{who} broke the exec protocol: {words(frame.data)}")
        if frame.type is not aiohttp.WSMsgType.BINARY or not frame.data:
            continue
        channel, content = frame.data[0], frame.data[1:]
        if channel == STDOUT:
            out += content
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
    said = message(err.decode(errors="replace")) or message(status.message or "") or "no reason given"
    ended = f"ended with status {status.code}" if status.code else "could not be run"
    raise errors.Malformed(f"{who}: the program {ended}: {said}")


def refusal(problem: Refused, *, namespace: str, pod: str, credentials: Credentials) -> Exception:
    """Return the error that a failed handshake means."""
    # Which verb is asked of an exec by WebSocket depends on the server's version: get before 1.35, then create.
    action = Action(verb="create", permission="pods/exec", namespace=namespace, name=pod)
    if problem.status == 404:  # noqa: PLR2004 - the handshake carries no body that would say what is missing
        return errors.NotFound(f"there is no Pod {namespace}/{pod}")
    who = f"The API server {credentials.server}"
    return error_of(problem.status, b"", action, who=who, context=credentials.context)


def _who(namespace: str, pod: str) -> str:
    return f"The node helper {namespace}/{pod}"
