"""DNS queries over UDP, for addresses of names (A and AAAA), each asked several times over a second.

Only what the question is about is read of an answer: its code and the IPv4 addresses in it. RFC 1035.
"""

from __future__ import annotations

import ipaddress
import os
import re
import select
import socket
import struct
import time
from typing import NamedTuple

from .connect import target
from .proc import Problem, shown
from .read import Json

MAX_QUERIES = 48
TRIES = 5
STEP_SECONDS = 0.2
# After the last try. A resolver that waits for a server beyond it gives up after 2 s (CoreDNS forward, dnsmasq: more).
TIMEOUT_SECONDS = 2.5
MAX_ADDRESSES = 4
MAX_NAME = 253
MAX_BYTES = 4096
MAX_JUMPS = 32
LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
TYPES = {"A": 1, "AAAA": 28}
HEADER = struct.Struct("!HHHHHH")
RECORD = struct.Struct("!HHIH")
RECURSION_DESIRED = 0x0100
RESPONSE = 0x8000
CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


class Question(NamedTuple):
    """One name asked of one server."""

    text: str
    server: tuple[str, int]
    name: str


def question(text: str) -> Question:
    """Return what ``192.0.2.53:53/name.example`` asks.

    Raises:
        Problem: It is something else.
    """
    server, slash, name = text.partition("/")
    labels = name.rstrip(".").split(".")
    if not slash or len(name) > MAX_NAME or not all(LABEL.fullmatch(label) for label in labels):
        raise Problem(f"not IP:PORT/NAME: {shown(text)}")
    return Question(text, target(server), ".".join(labels))


class Tally:
    """How one question of one type was answered."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.asked = 0
        self.times_us: list[int] = []
        self.codes: dict[str, int] = {}
        self.addresses: list[str] = []
        self.error = ""

    def json(self) -> dict[str, Json]:
        """Return it as the answer holds it."""
        return {
            "asked": self.asked,
            "times_us": list(self.times_us),
            "codes": dict(self.codes),
            "addresses": list(self.addresses),
            "error": self.error,
        }


def resolve(questions: list[Question]) -> dict[str, Json]:
    """Ask all, and return by the questions' texts and types how they were answered within the time limit."""
    tallies = {(one, kind): Tally() for one in questions for kind in TYPES}
    with Asking() as asking:
        started = time.monotonic()
        for turn in range(TRIES):
            for (one, kind), tally in tallies.items():
                asking.send(one, kind, tally)
                asking.receive(0)
            due = started + (turn + 1) * STEP_SECONDS
            asking.receive_until(due)
            time.sleep(max(0.0, due - time.monotonic()))
        asking.receive_until(time.monotonic() + TIMEOUT_SECONDS)
    return {one.text: {kind: tallies[one, kind].json() for kind in TYPES} for one in questions}


class Waiting(NamedTuple):
    """A query that waits for its answer."""

    tally: Tally
    kind: str
    sent: float


class Asking:
    """One connected socket per try and server, so that each try is a connection of its own to the kernel's tables."""

    def __init__(self) -> None:
        """Ask nothing yet."""
        self._poll = select.poll()
        self._sockets: dict[int, socket.socket] = {}
        self._open: dict[tuple[tuple[str, int], int], socket.socket] = {}
        self._waiting: dict[tuple[int, int], Waiting] = {}

    def send(self, asked: Question, kind: str, tally: Tally) -> None:
        """Send one query; why it could not be sent is kept."""
        tally.asked += 1
        try:
            client = self._socket(asked.server, tally.asked)
            number = int.from_bytes(os.urandom(2))
            while (client.fileno(), number) in self._waiting:
                number = (number + 1) % 2**16
            sent = time.monotonic()
            client.send(query(number, asked.name, TYPES[kind]))
            self._waiting[client.fileno(), number] = Waiting(tally, kind, sent)
        except OSError as problem:
            tally.error = tally.error or (problem.strerror or type(problem).__name__)

    def receive_until(self, deadline: float) -> None:
        """Take answers until a time, or until none is due."""
        while self._waiting and (left := deadline - time.monotonic()) > 0:
            self.receive(left)

    def receive(self, seconds: float) -> None:
        """Take the answers that come within a time; a refusal (ICMP) ends the waiting for that server's tries."""
        for number, _event in self._poll.poll(seconds * 1000):
            try:
                content = self._sockets[number].recv(MAX_BYTES)
            except OSError as problem:
                self._failed(number, problem.strerror or type(problem).__name__)
                continue
            self._answered(number, content)

    def _socket(self, server: tuple[str, int], turn: int) -> socket.socket:
        if (server, turn) not in self._open:
            client = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
            self._sockets[client.fileno()] = self._open[server, turn] = client
            client.setblocking(False)
            client.connect(server)
            self._poll.register(client, select.POLLIN)
        return self._open[server, turn]

    def _failed(self, number: int, why: str) -> None:
        for key in [key for key in self._waiting if key[0] == number]:
            self._waiting.pop(key).tally.error = why

    def _answered(self, number: int, content: bytes) -> None:
        if len(content) < HEADER.size:
            return
        query_number, flags, *_counts = HEADER.unpack_from(content)
        waiting = self._waiting.get((number, query_number))
        if waiting is None or not flags & RESPONSE:
            return
        del self._waiting[number, query_number]
        code = CODES.get(flags & 0xF, str(flags & 0xF))
        waiting.tally.times_us.append(max(1, round((time.monotonic() - waiting.sent) * 1_000_000)))
        waiting.tally.codes[code] = waiting.tally.codes.get(code, 0) + 1
        for address in addresses(content, TYPES[waiting.kind]):
            if address not in waiting.tally.addresses and len(waiting.tally.addresses) < MAX_ADDRESSES:
                waiting.tally.addresses.append(address)

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._sockets.values():
            client.close()


def query(number: int, name: str, kind: int) -> bytes:
    """Return the bytes of a query for a name, as it stands: no search list is applied."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
    return HEADER.pack(number, RECURSION_DESIRED, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def addresses(content: bytes, kind: int) -> list[str]:
    """Return the addresses in an answer; none of what is cut off or malformed."""
    found: list[str] = []
    try:
        _number, _flags, questions, answers, *_rest = HEADER.unpack_from(content)
        at = HEADER.size
        for _ in range(min(questions, 1)):
            at = after_name(content, at) + 4
        for _ in range(min(answers, MAX_JUMPS)):
            at = after_name(content, at)
            type_, _class, _ttl, length = RECORD.unpack_from(content, at)
            at += RECORD.size
            if type_ == kind and at + length <= len(content) and length in (4, 16):
                found.append(str(ipaddress.ip_address(content[at : at + length])))
            at += length
    except (struct.error, IndexError, ValueError):
        pass
    return found


def after_name(content: bytes, at: int) -> int:
    """Return where a name ends: at its zero, or behind a pointer.

    Raises:
        ValueError: It does not end.
    """
    for _ in range(MAX_NAME):
        length = content[at]
        if length >= 0xC0:  # noqa: PLR2004 - RFC 1035 section 4.1.4, a pointer
            return at + 2
        if not length:
            return at + 1
        at += 1 + length
    raise ValueError("a name does not end")
