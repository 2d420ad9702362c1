"""The fixed set of requests, each answered by one JSON document on stdout. Anything else ends with status 2.

version                     which collector this is
sample --seconds N [--traffic]
                            the Node's interfaces and counters, over N seconds (1 to 30); with a little traffic to
                            other Nodes meanwhile
connect IP:PORT ...         TCP connects to at most 64 addresses
reach --times N IP:PORT ... N TCP connects (1 to 8) to each of at most 32 addresses
series IP:PORT ...          20 TCP connects to each of at most 24 addresses, one after another
sizes IP ...                the largest packet that reaches each of at most 16 addresses
metrics --seconds N IP:PORT ...
                            known numbers of the metrics of at most 8 programs, twice, N seconds (1 to 10) apart
resolve IP:PORT/NAME ...    DNS queries for at most 48 names, each asked of one server, several times
recall --from A --to B      what was recorded from A to B seconds ago (at most 900)
idle                        the Pod's main process, which records; no document
"""

from __future__ import annotations

import ipaddress
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from . import netlink
from .connect import MAX_TARGETS, connect, host, target
from .idle import idle
from .metrics import MAX_TARGETS as MAX_PROGRAMS
from .metrics import MAX_WINDOW, metrics, program
from .proc import Problem, decimal, shown
from .reach import MAX_TARGETS as MAX_REACHED
from .reach import MAX_TIMES, reach
from .read import Json
from .recorder import recall
from .resolve import MAX_NAME, MAX_QUERIES, question, resolve
from .sample import sample
from .series import MAX_TARGETS as MAX_SERIES
from .series import series
from .sizes import MAX_TARGETS as MAX_SIZES
from .sizes import sizes

SCHEMA = "netmedic/helper/v1"
VERSION = 1
MAX_SECONDS = 30
MAX_AGE = 900
MAX_ARGUMENT = 64
# Requests for a list of things: how many at most, and what each has to be.
LISTS: dict[str, tuple[int, Callable[[str], object]]] = {
    "connect": (MAX_TARGETS, target),
    "series": (MAX_SERIES, target),
    "sizes": (MAX_SIZES, host),
    "resolve": (MAX_QUERIES, question),
}
USAGE = (
    "usage: version | sample --seconds N [--traffic] | connect IP:PORT ... | reach --times N IP:PORT ... "
    "| metrics --seconds N IP:PORT ... | series IP:PORT ... | sizes IP ... "
    "| resolve IP:PORT/NAME ... | recall --from A --to B | idle"
)


def main(arguments: list[str]) -> int:
    """Answer one request; return the exit status."""
    try:
        request = checked(arguments)
    except Problem as problem:
        sys.stderr.write(f"{problem}; {USAGE}\n")
        return 2
    if request[0] == "idle":
        idle()
        return 0
    # Whoever asked may be gone: nothing lives longer than the longest request.
    signal.alarm(MAX_SECONDS + 15)
    sys.stdout.write(json.dumps(document(request), separators=(",", ":")) + "\n")
    return 0


def checked(arguments: list[str]) -> list[str]:
    """Return the request if it is one of the set.

    Raises:
        Problem: It is not.
    """
    longest = MAX_ARGUMENT + MAX_NAME if arguments[:1] == ["resolve"] else MAX_ARGUMENT
    if any(len(argument) > longest for argument in arguments):
        raise Problem(f"an argument is longer than {longest} characters")
    match arguments:
        case ["version"] | ["idle"]:
            return arguments
        case ["sample", "--seconds", seconds] | ["sample", "--seconds", seconds, "--traffic"] if (
            1 <= decimal(seconds) <= MAX_SECONDS
        ):
            return arguments
        case ["recall", "--from", oldest, "--to", newest] if decimal(newest) < decimal(oldest) <= MAX_AGE:
            return arguments
        case ["reach", "--times", times, *targets] if 1 <= decimal(times) <= MAX_TIMES and all_taken(
            targets, MAX_REACHED, target
        ):
            return arguments
        case ["metrics", "--seconds", seconds, *programs] if 1 <= decimal(seconds) <= MAX_WINDOW and all_taken(
            programs, MAX_PROGRAMS, program
        ):
            return arguments
        case [name, *items] if name in LISTS and all_taken(items, *LISTS[name]):
            return arguments
    raise Problem(f"not a request: {shown(' '.join(arguments))}")


def all_taken(items: list[str], most: int, taken: Callable[[str], object]) -> bool:
    """Tell whether a list is neither empty nor too long; an item that is none of its kind is a :class:`Problem`."""
    return 1 <= len(items) <= most and all(taken(text) for text in items)


def document(request: list[str]) -> dict[str, Json]:
    """Return the answer: who answers, when, and the values or one error."""
    started = time.monotonic()
    answer: dict[str, Json] = {
        "schema": SCHEMA,
        "version": VERSION,
        "request": list(request),
        "node": os.environ.get("NODE_NAME", ""),
        "host_ip": os.environ.get("HOST_IP", ""),
        "started_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    try:
        answer |= values(request)
    except Problem as problem:
        answer["error"] = str(problem)
    answer["took_ms"] = round((time.monotonic() - started) * 1000)
    return answer


def values(request: list[str]) -> dict[str, Json]:
    """Return what the request asks for."""
    if request[0] == "version":
        return {"python": platform.python_version(), "kernel": platform.release()}
    must_be_on_the_host(os.environ.get("HOST_IP", ""))
    match request:
        case ["sample", _, seconds, *traffic]:
            return sample(int(seconds), traffic=bool(traffic))
        case ["recall", _, oldest, _, newest]:
            return {"recording": recall(int(oldest), int(newest))}
        case ["reach", _, times, *targets]:
            return {"reached": reach({text: target(text) for text in targets}, int(times))}
        case ["metrics", _, seconds, *programs]:
            return {"metrics": metrics({text: program(text) for text in programs}, int(seconds))}
    return listed(request[0], request[1:])


def listed(name: str, items: list[str]) -> dict[str, Json]:
    """Return what a request for a list of things asks for."""
    match name:
        case "connect":
            return {"connects": connect({text: target(text) for text in items})}
        case "series":
            return {"series": series({text: target(text) for text in items})}
        case "sizes":
            return {"sizes": sizes(items)}
        case _:
            return {"resolved": resolve([question(text) for text in items])}


def must_be_on_the_host(host_ip: str) -> None:
    """Refuse to read a Pod's own network namespace, where the Node's counters read 0.

    The Node's address, given by the downward API, is on an interface of the Node's namespace and of no other.
    """
    try:
        wanted = str(ipaddress.ip_address(host_ip))
    except ValueError:
        raise Problem("the Pod does not say its Node's address: HOST_IP has to come from status.hostIP") from None
    held = netlink.addresses()
    if all(one["ip"] != wanted for one in held):
        raise Problem(
            f"this is not the Node's network namespace: {wanted} is on no interface; the Pod needs hostNetwork"
        )
