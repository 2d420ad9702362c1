"""What reading a cluster costs it: requests and bytes, counted for each diagnosis apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Meter:
    """What was sent and received so far."""

    requests: int = 0
    """To the API server, those it asked to repeat included."""
    received_bytes: int = 0
    """Bodies of its answers, as they came: packed where the server packs them."""
    helper_requests: int = 0
    """Programs started in node helpers, each through the API server as well."""


_meters: ContextVar[tuple[Meter, ...]] = ContextVar("meters", default=())


@contextmanager
def metered() -> Iterator[Meter]:
    """Count what is read inside, by tasks that are started there too."""
    meter = Meter()
    token = _meters.set((*_meters.get(), meter))
    try:
        yield meter
    finally:
        _meters.reset(token)


def count(*, requests: int = 0, received_bytes: int = 0, helper_requests: int = 0) -> None:
    """Add to whoever counts."""
    for meter in _meters.get():
        meter.requests += requests
        meter.received_bytes += received_bytes
        meter.helper_requests += helper_requests
