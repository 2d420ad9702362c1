"""A request, answered by one JSON document on stdout. Anything else ends with status 2."""

from __future__ import annotations

import ipaddress
import json
import os
import platform
import signal
import sys
import time
from datetime import UTC, datetime

from . import netlink, rights
from .connect import connect_surely, target
from .conntrack import entries, flows
from .drops import drops
from .files import files
from .firewall import firewall
from .idle import idle
from .inside import enter
from .masquerade import masquerade
from .metrics import metrics, program
from .ping import ping
from .proc import Problem
from .reach import reach
from .read import Json
from .recorder import recall
from .request import MAX_SECONDS, NEEDS, USAGE, checked
from .resolve import question, resolve
from .resolver import resolver
from .sample import sample
from .series import series
from .session import Session
from .sizes import sizes
from .sockets import sockets
from .translate import translate

SCHEMA = "netmedic/helper/v1"
VERSION = 1


def main(arguments: list[str]) -> int:
    """Answer one request, or a session of them; return the exit status."""
    if arguments == ["idle"]:
        rights.keep(frozenset())
        idle()
        return 0
    if arguments == ["session"]:
        return session()
    status, text = answered(arguments)
    (sys.stderr if status else sys.stdout).write(text + "\n")
    return status


def session() -> int:
    """Answer what is asked on stdin, until nobody asks any more."""
    try:
        Session(answered).run()
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    return 0


def answered(arguments: list[str]) -> tuple[int, str]:
    """Return the exit status and the document of one request, or what is wrong with it; each in one line."""
    try:
        request = checked(arguments)
    except Problem as problem:
        return 2, f"{problem}; {USAGE}"
    tier = rights.tier()
    rights.keep(NEEDS.get(request[0], frozenset()))
    # Whoever asked may be gone: nothing lives longer than the longest request.
    signal.alarm(MAX_SECONDS + 15)
    return 0, json.dumps(document(request, tier=tier), separators=(",", ":"))


def document(request: list[str], *, tier: int = 1) -> dict[str, Json]:
    """Return the answer: who answers, with which tier, when, and the values or one error."""
    started = time.monotonic()
    answer: dict[str, Json] = {
        "schema": SCHEMA,
        "version": VERSION,
        "tier": tier,
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
    if request[0] == "clock":
        return {}
    if request[0] == "version":
        return {"python": platform.python_version(), "kernel": platform.release()}
    must_be_on_the_host(os.environ.get("HOST_IP", ""))
    if request[0] == "inside":
        enter(request[1], request[2])
        return looked(request[3:], inside=True)
    return looked(request)


def looked(request: list[str], *, inside: bool = False) -> dict[str, Json]:  # noqa: PLR0911 - one of each kind
    """Return what is seen from the network namespace this process is in."""
    match request:
        case ["sample", _, seconds, *traffic]:
            return sample(int(seconds), traffic=bool(traffic))
        case ["recall", _, oldest, _, newest]:
            return {"recording": recall(int(oldest), int(newest))}
        case ["reach", _, times, *targets]:
            return {"reached": reach({text: target(text) for text in targets}, int(times))}
        case ["metrics", _, seconds, *programs]:
            return {"metrics": metrics({text: program(text) for text in programs}, int(seconds))}
        case ["firewall" | "sockets" | "drops" as name, *rest]:
            if name == "drops":
                return {name: drops(int(rest[1]))}
            return {name: firewall() if name == "firewall" else sockets()}
    return listed(request[0], request[1:], inside=inside)


def listed(name: str, items: list[str], *, inside: bool) -> dict[str, Json]:
    """Return what a request for a list of things asks for."""
    answer: dict[str, Json] = {}
    match name:
        case "connect":
            answer = {"connects": connect_surely({text: target(text) for text in items})}
        case "series":
            answer = {"series": series({text: target(text) for text in items})}
        case "sizes":
            answer = {"sizes": sizes(items)}
        case "resolve":
            answer = {"resolved": resolve([question(text) for text in items])}
        case "translate":
            answer = {"translated": translate(items, inside=inside)}
        case "entries":
            answer = {"entries": entries(items)}
        case "flows":
            answer = {"flows": flows(items)}
        case "masquerade":
            answer = {"masqueraded": masquerade(items)}
        case "ping":
            answer = {"pings": ping(items)}
        case "resolver":
            answer = {"resolvers": resolver(items)}
        case "files":
            answer = {"files": files(items)}
    return answer


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
