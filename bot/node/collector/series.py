"""Rows of TCP connects to one address each: how many had to be begun again, and how long an answer takes.

The kernel sends a first packet again after a second, and counts that (TCP_INFO), so a row tells losses and refusals
apart however busy this Node is. A port that refuses answers as well as one that is open. No byte is sent.
"""

from __future__ import annotations

import errno
import select
import socket
import statistics
import struct
import time
from typing import NamedTuple

from .connect import REFUSED, SILENT, UNREACHABLE
from .read import Json

MAX_TARGETS = 24
CONNECTS = 20
SPACING_SECONDS = 0.05
# After the last one: long enough for a first packet that is sent again after 1 s, and its answer.
PATIENCE_SECONDS = 1.4
# linux/tcp.h, struct tcp_info: eight bytes, of which the sixth has the options, then numbers of four.
INFO = struct.Struct("=5xB2x24I")
SND_MSS, TOTAL_RETRANS = 3, 24
TIMESTAMPS, TIMESTAMP_BYTES = 1, 12


class Attempt(NamedTuple):
    """One connect of a row."""

    text: str
    client: socket.socket
    started: float


class End(NamedTuple):
    """How one connect ended."""

    code: int
    seconds: float
    resent: int
    """How often its first packet was sent again."""
    segment: int
    """The largest that the other side takes; 0 where it did not say."""


def series(targets: dict[str, tuple[str, int]]) -> dict[str, Json]:
    """Connect to each address several times and return, by the targets' texts, how that went."""
    ends: dict[str, list[End]] = {text: [] for text in targets}
    waiting: dict[int, Attempt] = {}
    poll = select.poll()
    first = time.monotonic()
    for turn in range(CONNECTS):
        due = first + turn * SPACING_SECONDS
        while (left := due - time.monotonic()) > 0:
            answered(poll, waiting, ends, left)
        for text, (host, port) in targets.items():
            begin(poll, waiting, ends, Attempt(text, made(host), time.monotonic()), (host, port))
            answered(poll, waiting, ends, 0)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting and (left := deadline - time.monotonic()) > 0:
        answered(poll, waiting, ends, left)
    # What was answered in time while this process had no CPU still counts.
    answered(poll, waiting, ends, 0)
    for attempt in waiting.values():
        ends[attempt.text].append(ended(attempt, errno.ETIMEDOUT))
    return {text: summary(row) for text, row in ends.items()}


def made(host: str) -> socket.socket:
    """Return a socket that does not wait."""
    client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    client.setblocking(False)
    return client


def begin(
    poll: select.poll,
    waiting: dict[int, Attempt],
    ends: dict[str, list[End]],
    attempt: Attempt,
    address: tuple[str, int],
) -> None:
    """Start one connect."""
    code = attempt.client.connect_ex(address)
    if code == errno.EINPROGRESS:
        waiting[attempt.client.fileno()] = attempt
        poll.register(attempt.client, select.POLLOUT)
    else:
        ends[attempt.text].append(ended(attempt, code))


def answered(poll: select.poll, waiting: dict[int, Attempt], ends: dict[str, list[End]], seconds: float) -> None:
    """Wait until some end, and note how."""
    for number, _event in poll.poll(seconds * 1000):
        attempt = waiting.pop(number)
        poll.unregister(number)
        code = attempt.client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        ends[attempt.text].append(ended(attempt, code))


def ended(attempt: Attempt, code: int) -> End:
    """Return how a connect ended, and close it."""
    seconds = time.monotonic() - attempt.started
    content = attempt.client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO.size)
    attempt.client.close()
    fields = INFO.unpack(content) if len(content) == INFO.size else (0,) * 25
    stamped = TIMESTAMP_BYTES if fields[0] & TIMESTAMPS else 0
    segment = fields[SND_MSS] + stamped if code == 0 else 0
    return End(code, seconds, fields[TOTAL_RETRANS], segment)


def summary(row: list[End]) -> dict[str, Json]:
    """Return a row in numbers. Times are those of connects whose first packet was answered."""
    codes = [end.code for end in row]
    times = [end.seconds for end in row if end.code not in SILENT and not end.resent]
    problem = next((code for code in codes if code and code not in REFUSED | SILENT), 0)
    return {
        "tried": len(row),
        "open": codes.count(0),
        "refused": sum(code in REFUSED for code in codes),
        "unreachable": sum(code in UNREACHABLE for code in codes),
        "silent": sum(code in SILENT for code in codes),
        "resent": sum(end.code not in SILENT and end.resent > 0 for end in row),
        "median_us": round(statistics.median(times) * 1_000_000) if times else 0,
        "worst_us": round(max(times) * 1_000_000) if times else 0,
        "segment": max((end.segment for end in row), default=0),
        "error": errno.errorcode.get(problem, str(problem)) if problem else "",
    }
