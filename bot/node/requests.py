"""What a node helper can be asked, and how a recording answers. Below :mod:`bot.cluster`, which carries the bytes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

Request: TypeAlias = tuple[str, ...]

HELPER_COMMAND = ("python3", "-I", "-S", "-B", "/netmedic")
"""What is executed in the helper Pod; a request's words follow. No shell is between."""

WINDOW_SECONDS = 3
"""How long counters are watched (ours): long enough for a few packets a second, short enough for people who wait."""
RECORDED_SECONDS = 900
"""How far back the flight recorder goes."""
MAX_TARGETS = 64
"""Targets of one connect request, as the collector allows."""
MAX_REACHED = 32
"""Targets of one reach request, likewise."""
REACH_TIMES = 4
"""Connects to one address (ours): that one of two backends is dead shows in all but one of eight cases."""
MAX_SERIES = 24
"""Targets of one series request, likewise."""
MAX_SIZES = 16
"""Targets of one sizes request, likewise."""
MAX_PROGRAMS = 8
"""Programs of one metrics request, likewise."""
MAX_PACKETS = 32
"""Packets of one translate request, likewise."""
MAX_TRACKED = 16
"""Addresses of one entries request, likewise."""
MAX_PINGED = 16
"""Targets of one ping request, likewise."""
MAX_SENT = 16
"""Packets of one masquerade request, likewise."""
MAX_RESOLVERS = 8
"""Pods of one resolver or files request, likewise."""
MAX_QUESTIONS = 24
"""Questions of one resolve request (ours): they travel in a URL."""

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding JSON of unknown origin raises."""


def sample_request(seconds: int = WINDOW_SECONDS) -> Request:
    """Ask for interfaces and counters over a window, with a little traffic between the Nodes that are asked."""
    return ("sample", "--seconds", str(seconds), "--traffic")


def recall_request(oldest: int = RECORDED_SECONDS, newest: int = 0) -> Request:
    """Ask for what was recorded between two ages, in seconds."""
    return ("recall", "--from", str(oldest), "--to", str(newest))


def clock_request(turn: str, asked: datetime) -> Request:
    """Ask for the time of a Node's clock, telling the asker's; the turn is ``first`` or ``second``."""
    return ("clock", turn, str(round(asked.timestamp() * 1000)))


def connect_requests(targets: Iterable[str]) -> list[Request]:
    """Ask for TCP connects, in as few requests as it takes; the same targets make the same requests."""
    return [("connect", *part) for part in parts(targets, MAX_TARGETS)]


def reach_requests(targets: Iterable[str]) -> list[Request]:
    """Ask for several TCP connects to each address, in as few requests as it takes."""
    return [("reach", "--times", str(REACH_TIMES), *part) for part in parts(targets, MAX_REACHED)]


def series_requests(targets: Iterable[str]) -> list[Request]:
    """Ask for a row of TCP connects to each address, in as few requests as it takes."""
    return [("series", *part) for part in parts(targets, MAX_SERIES)]


def sizes_requests(hosts: Iterable[str]) -> list[Request]:
    """Ask for the largest packet that reaches each address, in as few requests as it takes."""
    return [("sizes", *part) for part in parts(hosts, MAX_SIZES)]


def metrics_requests(programs: Iterable[str]) -> list[Request]:
    """Ask for the metrics of programs over a window, in as few requests as it takes."""
    return [("metrics", "--seconds", str(WINDOW_SECONDS), *part) for part in parts(programs, MAX_PROGRAMS)]


def translate_requests(packets: Iterable[str]) -> list[Request]:
    """Ask where packets are sent, in as few requests as it takes; they are written as :func:`packet` does."""
    return [("translate", *part) for part in parts(packets, MAX_PACKETS)]


def entries_requests(packets: Iterable[str]) -> list[Request]:
    """Ask for the tracked connections to addresses, likewise."""
    return [("entries", *part) for part in parts(packets, MAX_TRACKED)]


def flows_requests(addresses: Iterable[str]) -> list[Request]:
    """Ask for the tracked connections that addresses answer, likewise."""
    return [("flows", *part) for part in parts(addresses, MAX_TRACKED)]


def ping_requests(hosts: Iterable[str]) -> list[Request]:
    """Ask for ICMP echoes to addresses, in as few requests as it takes."""
    return [("ping", *part) for part in parts(hosts, MAX_PINGED)]


def resolve_requests(questions: Iterable[str]) -> list[Request]:
    """Ask names of DNS servers, in as few requests as it takes; a question is written as :func:`question` does."""
    return [("resolve", *part) for part in parts(questions, MAX_QUESTIONS)]


def masquerade_requests(packets: Iterable[str]) -> list[Request]:
    """Ask whether packets of Pods get another source, likewise; they are written as :func:`packet_from` does."""
    return [("masquerade", *part) for part in parts(packets, MAX_SENT)]


def resolver_requests(uids: Iterable[str]) -> list[Request]:
    """Ask whom Pods with these uids ask for names, likewise."""
    return [("resolver", *part) for part in parts(uids, MAX_RESOLVERS)]


def files_requests(uids: Iterable[str]) -> list[Request]:
    """Ask how many files Pods with these uids have open, likewise."""
    return [("files", *part) for part in parts(uids, MAX_RESOLVERS)]


def inside(uid: str, ip: str, request: Request) -> Request:
    """Ask the same from the network namespace of the Pod with this uid and address."""
    return ("inside", uid, ip, *request)


def items_of(request: Request) -> tuple[str, ...]:
    """Return the targets or questions of a request for many things."""
    if request[:1] == ("inside",):
        return items_of(request[3:])
    return request[3:] if request[:1] in (("reach",), ("metrics",)) else request[1:]


def in_order(request: Request) -> Request:
    """Return a request for many things with them in the order that :func:`parts` gives them; others stay as they are.

    Names and addresses that were replaced have another order than before.
    """
    name = request[3:4] if request[:1] == ("inside",) else request[:1]
    if not set(name) & set(ITEMS):
        return request
    items = items_of(request)
    return (*request[: len(request) - len(items)], *sorted(items))


def parts(texts: Iterable[str], most: int) -> list[list[str]]:
    """Return texts in order, each once, in lists of at most so many."""
    ordered = sorted(set(texts))
    return [ordered[start : start + most] for start in range(0, len(ordered), most)]


def question(server: str, name: str) -> str:
    """Return a name asked of a server, which is written as :func:`target` does."""
    return f"{server}/{name.rstrip('.')}"


def target(ip: str, port: int) -> str:
    """Return an address and a port as the collector takes them.

    Raises:
        ValueError: It is not an address.
    """
    address = ipaddress.ip_address(ip)
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"  # noqa: PLR2004 - IPv6


def packet(protocol: str, ip: str, port: int) -> str:
    """Return a connection's first packet as the collector takes it: ``udp/192.0.2.1:53``.

    Raises:
        ValueError: It is not an address.
    """
    return f"{protocol.lower()}/{target(ip, port)}"


def packet_from(source: str, protocol: str, ip: str, port: int) -> str:
    """Return the same with its source: ``10.244.1.7,udp/192.0.2.1:53``.

    Raises:
        ValueError: One of them is not an address.
    """
    return f"{ipaddress.ip_address(source)},{packet(protocol, ip, port)}"


VERSION_REQUEST: Request = ("version",)
FIREWALL_REQUEST: Request = ("firewall",)
DROPS_REQUEST: Request = ("drops", "--seconds", str(WINDOW_SECONDS))
SOCKETS_REQUEST: Request = ("sockets",)
ITEMS = {
    "connect": "connects",
    "entries": "entries",
    "files": "files",
    "flows": "flows",
    "masquerade": "masqueraded",
    "metrics": "metrics",
    "ping": "pings",
    "reach": "reached",
    "resolve": "resolved",
    "resolver": "resolvers",
    "series": "series",
    "sizes": "sizes",
    "translate": "translated",
}
"""Requests for many things at once, and where their answers are."""


def answer_from(recorded: Mapping[Request, bytes], request: Request) -> bytes | None:
    """Return the answer to a request from those recorded, or None where they do not hold it.

    A window of another length answers for a sample, another stretch of time for a recording, and the question of
    another time for a clock. Connects and
    questions that were recorded are answered, even where they were asked in other company; their envelope is that of
    one recorded answer.
    """
    if request in recorded:
        return recorded[request]
    # From inside a Pod: the same Pod, and the same kind of question.
    named_by, asked = (4, request[3:]) if request[:1] == ("inside",) else (1, request)
    alike = {key: answer for key, answer in recorded.items() if key[:named_by] == request[:named_by]}
    match asked:
        case ("sample" | "recall" | "drops", *_) if alike:
            return alike[max(alike)]
        case ("clock", turn, _):
            return next((answer for key, answer in alike.items() if key[1:2] == (turn,)), None)
        case (name, *_) if name in ITEMS and alike:
            return _items_from(alike, request, ITEMS[name])
    return None


def _items_from(recorded: Mapping[Request, bytes], request: Request, place: str) -> bytes | None:
    items = items_of(request)
    found: dict[str, msgspec.Raw] = {}
    envelope: dict[str, msgspec.Raw] = {}
    for answer in recorded.values():
        try:
            document = msgspec.json.decode(answer, type=dict[str, msgspec.Raw])
            found |= msgspec.json.decode(document.get(place, b"{}"), type=dict[str, msgspec.Raw])
        except UNDECODABLE:
            continue
        envelope = document
    if not found and "error" in envelope:
        # The helper could not look, and would not have been able to look for these.
        return msgspec.json.encode(envelope | {"request": msgspec.Raw(msgspec.json.encode(list(request)))})
    if not set(items) <= set(found):
        return None
    chosen = msgspec.json.encode({text: found[text] for text in items})
    asked = msgspec.json.encode(list(request))
    return msgspec.json.encode(envelope | {"request": msgspec.Raw(asked), place: msgspec.Raw(chosen)})
