"""What a node helper can be asked, and how a recording answers. Below :mod:`bot.cluster`, which carries the bytes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
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

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding JSON of unknown origin raises."""


def sample_request(seconds: int = WINDOW_SECONDS) -> Request:
    """Ask for interfaces and counters over a window, with a little traffic between the Nodes that are asked."""
    return ("sample", "--seconds", str(seconds), "--traffic")


def recall_request(oldest: int = RECORDED_SECONDS, newest: int = 0) -> Request:
    """Ask for what was recorded between two ages, in seconds."""
    return ("recall", "--from", str(oldest), "--to", str(newest))


def connect_requests(targets: Iterable[str]) -> list[Request]:
    """Ask for TCP connects, in as few requests as it takes; the same targets make the same requests."""
    ordered = sorted(set(targets))
    return [("connect", *ordered[start : start + MAX_TARGETS]) for start in range(0, len(ordered), MAX_TARGETS)]


def target(ip: str, port: int) -> str:
    """Return an address and a port as the collector takes them.

    Raises:
        ValueError: It is not an address.
    """
    address = ipaddress.ip_address(ip)
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"  # noqa: PLR2004 - IPv6


class _Connects(msgspec.Struct, frozen=True):
    connects: dict[str, msgspec.Raw] = {}


def answer_from(recorded: Mapping[Request, bytes], request: Request) -> bytes | None:
    """Return the answer to a request from those recorded, or None where they do not hold it.

    A window of another length answers for a sample, and another stretch of time for a recording. Any connects whose
    targets were recorded are answered, even where they were asked for in other company; their envelope is that of one
    recorded answer.
    """
    if request in recorded:
        return recorded[request]
    alike = {key: answer for key, answer in recorded.items() if key[:1] == request[:1]}
    match request:
        case ("sample" | "recall", *_) if alike:
            return alike[max(alike)]
        case ("connect", *targets) if alike:
            return _connects_from(alike, targets)
    return None


def _connects_from(recorded: Mapping[Request, bytes], targets: list[str]) -> bytes | None:
    found: dict[str, msgspec.Raw] = {}
    envelope: dict[str, msgspec.Raw] = {}
    for answer in recorded.values():
        try:
            found |= msgspec.json.decode(answer, type=_Connects).connects
            envelope = msgspec.json.decode(answer, type=dict[str, msgspec.Raw])
        except UNDECODABLE:
            continue
    if not set(targets) <= set(found):
        return None
    asked = msgspec.json.encode(["connect", *targets])
    chosen = msgspec.json.encode({text: found[text] for text in targets})
    return msgspec.json.encode(envelope | {"request": msgspec.Raw(asked), "connects": msgspec.Raw(chosen)})
