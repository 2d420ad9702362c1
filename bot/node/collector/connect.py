"""TCP connects: does somebody answer there, and how soon. No byte is sent on them."""

from __future__ import annotations

import errno
import ipaddress
import os
import selectors
import socket
import time

from .proc import Problem, decimal, shown
from .read import Json

MAX_TARGETS = 64
TIMEOUT_SECONDS = 1.0
REFUSED = {errno.ECONNREFUSED}
# An ICMP error of the network, or the Node's own routing and firewall.
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EPERM, errno.EACCES, errno.ECONNRESET}
SILENT = {errno.ETIMEDOUT}
MAX_PORT = 65535


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


def connect(targets: list[str]) -> dict[str, Json]:
    """Connect to all at once and return per target, as it was given, what happened within the time limit."""
    found: dict[str, Json] = {}
    with selectors.DefaultSelector() as waiting:
        for text in dict.fromkeys(targets):
            begin(waiting, text, found)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while waiting.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                text, started = key.data
                answered = time.monotonic()
                assert isinstance(key.fileobj, socket.socket)  # noqa: S101 - for the type checker; only sockets wait
                code = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                found[text] = result(code, answered - started)
                waiting.unregister(key.fileobj)
                key.fileobj.close()
        for key in list(waiting.get_map().values()):
            found[key.data[0]] = result(errno.ETIMEDOUT, TIMEOUT_SECONDS)
            assert isinstance(key.fileobj, socket.socket)  # noqa: S101 - as above
            key.fileobj.close()
    return found


def begin(waiting: selectors.BaseSelector, text: str, found: dict[str, Json]) -> None:
    """Start one connect; it then waits, or its result is known at once."""
    host, port = target(text)
    started = time.monotonic()
    try:
        client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as problem:
        found[text] = result(problem.errno or 0, 0)
        return
    client.setblocking(False)
    code = client.connect_ex((host, port))
    if code == errno.EINPROGRESS:
        waiting.register(client, selectors.EVENT_WRITE, (text, started))
    else:
        client.close()
        found[text] = result(code, time.monotonic() - started)


def result(code: int, seconds: float) -> dict[str, Json]:
    """Return a connect's end in words. ``failed``: this Node could not even try, for instance for want of a port."""
    if code in SILENT:
        return {"result": "silent", "us": 0}
    us = max(1, round(seconds * 1_000_000))
    if code == 0:
        return {"result": "open", "us": us}
    word = "refused" if code in REFUSED else "unreachable" if code in UNREACHABLE else "failed"
    return {"result": word, "us": us, "error": f"{errno.errorcode.get(code, str(code))}: {os.strerror(code)}"}
