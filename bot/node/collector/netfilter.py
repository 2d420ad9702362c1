"""Netfilter's tables, asked of the kernel by netlink. Needs NET_ADMIN. Numbers: linux/netfilter/nfnetlink.h."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator
from typing import Protocol

from .netlink import HEADER, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, messages
from .proc import Problem
from .read import name_of

NETLINK_NETFILTER = 12
NFGENMSG = struct.Struct(">BBH")  # family, version, resource
ATTRIBUTE = struct.Struct("=HH")
NESTED = 0x8000
TIMEOUT_SECONDS = 2.0
# Of all messages of one question together: ten thousand Services are some 30 MB of rules.
LONGEST_SECONDS = 8.0
MAX_BYTES = 64 * 1024 * 1024


class Ask(Protocol):
    """A question to the kernel; see :func:`ask`."""

    def __call__(self, kind: int, *, family: int = 0, attributes: bytes = b"", dump: bool = True) -> Iterator[bytes]:
        """Yield the attributes of each message of the answer."""
        ...


def ask(kind: int, *, family: int = 0, attributes: bytes = b"", dump: bool = True) -> Iterator[bytes]:
    """Yield the attributes of each message of the answer.

    Raises:
        Problem: The kernel refuses, or the answer is too long or takes too long.
    """
    body = NFGENMSG.pack(family, 0, 0) + attributes
    flags = NLM_F_REQUEST | (NLM_F_DUMP if dump else 0)
    deadline, size = time.monotonic() + LONGEST_SECONDS, 0
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
            kernel.settimeout(TIMEOUT_SECONDS)
            kernel.send(HEADER.pack(HEADER.size + len(body), kind, flags, 1, 0) + body)
            while True:
                packet = kernel.recv(1 << 18)
                size += len(packet)
                if size > MAX_BYTES or time.monotonic() > deadline:
                    raise Problem(f"the answer is longer than {MAX_BYTES} bytes or {LONGEST_SECONDS:g} s")
                for found, content in messages(packet):
                    if found == NLMSG_DONE:
                        return
                    if found == NLMSG_ERROR:
                        raise refused(content)
                    yield content[NFGENMSG.size :]
                if not dump:
                    return
    except OSError as problem:
        raise Problem(f"nfnetlink: {name_of(problem)}") from None


def refused(content: bytes) -> Problem:
    """Return the error of a message."""
    code = -int.from_bytes(content[:4], "little" if struct.pack("=H", 1) == b"\1\0" else "big", signed=True)
    return Problem(f"nfnetlink: {name_of(OSError(code, os.strerror(code)))}")


def attribute(number: int, content: bytes, *, nested: bool = False) -> bytes:
    """Return one attribute, padded."""
    head = ATTRIBUTE.pack(ATTRIBUTE.size + len(content), number | (NESTED if nested else 0))
    return head + content + b"\0" * (-len(content) % 4)


def text(number: int, content: str) -> bytes:
    """Return an attribute that is a text."""
    return attribute(number, content.encode() + b"\0")


def each(content: bytes) -> Iterator[bytes]:
    """Yield the contents of a list's elements, in order."""
    while len(content) >= ATTRIBUTE.size:
        length, _number = ATTRIBUTE.unpack_from(content)
        if not ATTRIBUTE.size <= length <= len(content):
            raise Problem("a netlink attribute has a wrong length")
        yield content[ATTRIBUTE.size : length]
        content = content[(length + 3) & ~3 :]


def big(content: bytes) -> int:
    """Return a number in network byte order; 0 where there is none."""
    return int.from_bytes(content, "big")
