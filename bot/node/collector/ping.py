"""ICMP echoes to other hosts. Needs NET_RAW."""

from __future__ import annotations

import os
import select
import socket
import struct
import time

from . import rights
from .read import Json, name_of

MAX_TARGETS = 16
TIMES = 5
# One every tenth of a second, and the last is waited for.
STEP_SECONDS, TIMEOUT_SECONDS = 0.1, 1.0
ECHO = struct.Struct("!BBHHH8s")
REQUEST, REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
PAYLOAD = b"netmedic"


def ping(hosts: list[str]) -> dict[str, Json]:
    """Return how many of some echoes to each address were answered, and how soon."""
    rights.must_reach(2)
    found: dict[str, Json] = {}
    for version in (4, 6):
        chosen = [host for host in hosts if (":" in host) == (version == 6)]  # noqa: PLR2004 - IP version
        if chosen:
            try:
                found |= Echoes(chosen, version).measured()
            except OSError as problem:
                found |= {host: {"sent": 0, "error": name_of(problem)} for host in chosen}
    return found


class Echoes:
    """Echoes to addresses of one IP version."""

    def __init__(self, hosts: list[str], version: int) -> None:
        """Send nothing yet."""
        self.hosts, self.version = hosts, version
        # Answers to others' echoes come here too.
        self.identifier = int.from_bytes(os.urandom(2), "big")
        self.sent: dict[int, tuple[str, float]] = {}
        self.took: dict[str, list[int]] = {host: [] for host in hosts}
        self.errors: dict[str, str] = {}

    def measured(self) -> dict[str, Json]:
        """Send, wait, and return the results by address."""
        family = socket.AF_INET if self.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IP version
        protocol = socket.IPPROTO_ICMP if self.version == 4 else socket.IPPROTO_ICMPV6  # noqa: PLR2004
        with socket.socket(family, socket.SOCK_RAW, protocol) as client:
            client.setblocking(False)
            for _ in range(TIMES):
                for host in self.hosts:
                    self.send(client, host)
                self.receive(client, time.monotonic() + STEP_SECONDS)
            self.receive(client, time.monotonic() + TIMEOUT_SECONDS)
        return {host: self.result(host) for host in self.hosts}

    def send(self, client: socket.socket, host: str) -> None:
        """Send one echo."""
        number = len(self.sent) + 1
        packet = ECHO.pack(REQUEST[self.version], 0, 0, self.identifier, number, PAYLOAD)
        if self.version == 4:  # noqa: PLR2004 - for IPv6 the kernel fills in the sum
            packet = ECHO.pack(REQUEST[4], 0, checksum(packet), self.identifier, number, PAYLOAD)
        self.sent[number] = (host, time.monotonic())
        try:
            client.sendto(packet, (host, 0))
        except OSError as problem:
            self.errors[host] = name_of(problem)

    def receive(self, client: socket.socket, until: float) -> None:
        """Take answers until a time, or until there are no more to come."""
        poll = select.poll()
        poll.register(client, select.POLLIN)
        while (left := until - time.monotonic()) > 0 and sum(map(len, self.took.values())) < len(self.sent):
            if not poll.poll(left * 1000):
                return
            content, sender = client.recvfrom(2048)
            self.take(content, str(sender[0]))

    def take(self, content: bytes, sender: str) -> None:
        """Note an answer to one of these echoes; anything else is another's."""
        if self.version == 4:  # noqa: PLR2004 - IP version
            content = content[(content[0] & 0xF) * 4 :] if content else b""
        if len(content) < ECHO.size:
            return
        kind, _code, _sum, identifier, number, payload = ECHO.unpack_from(content)
        if (kind, identifier, payload) != (REPLY[self.version], self.identifier, PAYLOAD):
            return
        host, started = self.sent.get(number, ("", 0.0))
        if host == sender:
            self.took[host].append(max(1, round((time.monotonic() - started) * 1_000_000)))

    def result(self, host: str) -> Json:
        """Return how one address did."""
        took = sorted(self.took[host])
        return {
            "sent": TIMES,
            "answered": len(took),
            "median_us": took[len(took) // 2] if took else 0,
            "worst_us": took[-1] if took else 0,
            "error": "" if took else self.errors.get(host, ""),
        }


def checksum(packet: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
