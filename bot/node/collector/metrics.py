"""What programs on this Node, or near it, say of themselves over plain HTTP, twice: their counters are growth."""

from __future__ import annotations

import time
from typing import NamedTuple

from .connect import target
from .exposition import numbers
from .proc import Problem, shown
from .read import Json

MAX_TARGETS = 8
MAX_WINDOW = 10
# A program that answers at all does so in some 10 ms; kube-proxy takes longer while it writes rules.
TIMEOUT_SECONDS = 2.5
MAX_BYTES = 16 * 1024 * 1024
# What listens on the Node's loopback by default: kube-proxy, etcd.
LOOPBACK_PORTS = (10249, 2381)
KUBE_PROXY = 10249
LONGEST_MODE = 40


def program(text: str) -> tuple[str, int]:
    """Return address and port of ``192.0.2.1:2381``, or of a known port on the loopback: ``127.0.0.1:10249``.

    Raises:
        Problem: It is something else.
    """
    host, _, port = text.rpartition(":")
    if host == "127.0.0.1":
        if port in map(str, LOOPBACK_PORTS):
            return host, int(port)
        raise Problem(f"not a port that is read on the loopback: {shown(port)}")
    return target(text)


def metrics(programs: dict[str, tuple[str, int]], seconds: int) -> dict[str, Json]:
    """Return by the programs' texts what they show at the beginning and the end of so many seconds."""
    # A quarter of this program's start, which every request pays, and only this one needs them.
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(max_workers=MAX_TARGETS) as pool:
        started = time.monotonic()
        first = list(pool.map(look, programs.values()))
        time.sleep(max(0.0, started + seconds - time.monotonic()))
        between = time.monotonic() - started
        last = list(pool.map(look, programs.values()))
    looks = zip(programs, first, last, strict=True)
    return {text: told(before, after, between) for text, before, after in looks}


class Look(NamedTuple):
    """What a program shows at one time."""

    numbers: dict[str, float]
    mode: str = ""
    error: str = ""


def told(first: Look, last: Look, seconds: float) -> Json:
    """Return two looks at one program, or why there are none."""
    if first.error or last.error:
        return {"error": first.error or last.error}
    return {"window_ms": round(seconds * 1000), "first": first.numbers, "last": last.numbers, "mode": last.mode}


def look(place: tuple[str, int]) -> Look:
    """Return the known numbers that a program shows, and of kube-proxy its mode; or in words why there are none."""
    from http.client import HTTPException  # noqa: PLC0415

    host, port = place
    try:
        found = numbers(get(host, port, "/metrics", MAX_BYTES))
        return Look(found, get(host, port, "/proxyMode", LONGEST_MODE) if port == KUBE_PROXY else "")
    except TimeoutError:
        return Look({}, error="silent")
    except ConnectionRefusedError:
        return Look({}, error="refused")
    except (OSError, HTTPException) as problem:
        return Look({}, error=f"failed: {type(problem).__name__}")


def get(host: str, port: int, path: str, most: int) -> str:
    """Return the text of an answer.

    Raises:
        HTTPException: It is not OK.
        OSError: None came.
    """
    from http.client import OK, HTTPConnection, HTTPException  # noqa: PLC0415

    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        if answer.status != OK:
            raise HTTPException(f"status {answer.status}")
        return answer.read(most).decode(errors="replace")
    finally:
        connection.close()
