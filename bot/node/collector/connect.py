"""TCP connects: does somebody answer there, and how soon. No byte is sent on them."""

from __future__ import annotations

import errno
import ipaddress
import os
import select
import socket
import time
from typing import NamedTuple

from .proc import Problem, decimal, shown
from .read import Json

MAX_TARGETS = 64
# A first packet that is lost is sent again after 1 s; the second must have its chance, or loss would look like silence.
TIMEOUT_SECONDS = 2.5
REFUSED = {errno.ECONNREFUSED}
# An ICMP error of the network, or the Node's own routing and firewall.
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EPERM, errno.EACCES, errno.ECONNRESET}
SILENT = {errno.ETIMEDOUT}
MAX_PORT = 65535
# A server that takes one connection at a time listens in between alone: what is refused is tried again after these.
PAUSES_SECONDS = (0.1, 0.3)


def target(text: str) -> tuple[str, int]:
    """Return address and port of ``192.0.2.1:80`` or ``[2001:db8::1]:80``; names are not looked up.

    Raises:
        Problem: It is something else, or an address that connects make no sense for.
    """
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        address = ipaddress.ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        raise Problem(f"not IP:PORT: {shown(text)}") from None
    if not colon or (address.version == 6) != bracketed or "%" in host:  # noqa: PLR2004 - IPv6
        raise Problem(f"not IP:PORT: {shown(text)}")
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        raise Problem(f"not an address of another host: {shown(text)}")
    number = decimal(port)
    if not 1 <= number <= MAX_PORT:
        raise Problem(f"not a port: {shown(port)}")
    return str(address), number


def host(text: str) -> str:
    """Return an address, as :func:`target` takes it.

    Raises:
        Problem: It is something else.
    """
    return target(f"[{text}]:1" if ":" in text else f"{text}:1")[0]


def connect(targets: dict[str, tuple[str, int]]) -> dict[str, Json]:
    """Connect to all addresses at once and return, by the targets' texts, what happened within the time limit."""
    found: dict[str, Json] = {}
    waiting: dict[int, Attempt] = {}
    poll = select.poll()
    for text, (host, port) in targets.items():
        attempt = begin(text, host, port)
        if isinstance(attempt, Attempt):
            waiting[attempt.client.fileno()] = attempt
            poll.register(attempt.client, select.POLLOUT)
        else:
            found[text] = attempt
        # Those that answer at once are timed before others are begun.
        found |= finished(poll, waiting, 0)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while waiting and (left := deadline - time.monotonic()) > 0:
        found |= finished(poll, waiting, left)
    # What was answered in time while this process had no CPU still counts.
    found |= finished(poll, waiting, 0)
    for attempt in waiting.values():
        found[attempt.text] = result(errno.ETIMEDOUT, TIMEOUT_SECONDS)
        attempt.client.close()
    return found


def connect_surely(targets: dict[str, tuple[str, int]]) -> dict[str, Json]:
    """Return the same; ``refused`` is only what was refused several times."""
    found = connect(targets)
    for pause in PAUSES_SECONDS:
        refused = {text: place for text, place in targets.items() if is_refused(found[text])}
        if refused:
            time.sleep(pause)
            found |= connect(refused)
    return found


def is_refused(end: Json) -> bool:
    """Tell whether a connect ended so."""
    return isinstance(end, dict) and end["result"] == "refused"


class Attempt(NamedTuple):
    """A connect that waits for its answer."""

    text: str
    client: socket.socket
    started: float


def begin(text: str, host: str, port: int) -> Attempt | dict[str, Json]:
    """Start one connect; return it, or its result where that is known at once."""
    started = time.monotonic()
    try:
        client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as problem:
        return result(problem.errno or 0, 0)
    client.setblocking(False)
    code = client.connect_ex((host, port))
    if code == errno.EINPROGRESS:
        return Attempt(text, client, started)
    client.close()
    return result(code, time.monotonic() - started)


def finished(poll: select.poll, waiting: dict[int, Attempt], seconds: float) -> dict[str, Json]:
    """Wait until some are answered; return their results and forget them."""
    found: dict[str, Json] = {}
    for number, _event in poll.poll(seconds * 1000):
        attempt = waiting.pop(number)
        code = attempt.client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        found[attempt.text] = result(code, time.monotonic() - attempt.started)
        poll.unregister(number)
        attempt.client.close()
    return found


def result(code: int, seconds: float) -> dict[str, Json]:
    """Return a connect's end in words. ``failed``: this Node could not even try, for instance for want of a port."""
    if code in SILENT:
        return {"result": "silent", "us": 0}
    us = max(1, round(seconds * 1_000_000))
    if code == 0:
        return {"result": "open", "us": us}
    word = "refused" if code in REFUSED else "unreachable" if code in UNREACHABLE else "failed"
    return {"result": word, "us": us, "error": f"{errno.errorcode.get(code, str(code))}: {os.strerror(code)}"}
