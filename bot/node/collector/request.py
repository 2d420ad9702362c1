"""The fixed set of requests, and the checks of their arguments; nothing else is taken.

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
clock TURN MS               nothing but the envelope, whose times tell how far two clocks are apart: first or second
                            turn, and the asker's milliseconds since 1970
sockets                     which ports wait for others, and who is connected to them by TCP
recall --from A --to B      what was recorded from A to B seconds ago (at most 900)

With NET_ADMIN and NET_RAW (tier 2):
firewall                    the tables of rules, their sizes and policies
drops --seconds N           the rules that dropped or refused packets over N seconds (1 to 10), by their counters
translate PROTO/IP:PORT ... where the Node's rules send the first packet to each of at most 32 addresses (what IPVS does
                            with it is told without them)
entries PROTO/IP:PORT ...   the tracked connections to each of at most 16 addresses
flows IP ...                the tracked connections that each of at most 16 addresses answers
masquerade IP,PROTO/IP:PORT ...
                            whether the Node's rules give the first packet from each of at most 16 Pods' addresses to an
                            address another source
ping IP ...                 ICMP echoes to at most 16 addresses

With SYS_ADMIN, SYS_PTRACE and the Node's processes (tier 3):
resolver UID ...            the servers, search list and ndots in /etc/resolv.conf of at most 8 Pods with these uids
files UID ...               how many files at most 8 Pods with these uids have open, and their limit
inside UID IP REQUEST ...   one of sample, connect, reach, series, sizes, resolve, sockets, firewall, drops, translate
                            and ping, from the network namespace of the Pod with this uid and address

Not requests, and answered with no document of their own:
session                     many requests, asked on stdin
idle                        the Pod's main process, which records
"""

from __future__ import annotations

from collections.abc import Callable

from . import rights
from .connect import MAX_TARGETS, host, target
from .conntrack import MAX_PACKETS as MAX_TRACKED
from .drops import MAX_SECONDS as MAX_WATCHED
from .inside import uid
from .masquerade import MAX_PACKETS as MAX_SENT
from .metrics import MAX_TARGETS as MAX_PROGRAMS
from .metrics import MAX_WINDOW, program
from .packet import followed, sent, wanted
from .ping import MAX_TARGETS as MAX_PINGED
from .proc import Problem, decimal, shown
from .reach import MAX_TARGETS as MAX_REACHED
from .reach import MAX_TIMES
from .resolve import MAX_NAME, MAX_QUERIES, question
from .resolver import MOST_PODS
from .series import MAX_TARGETS as MAX_SERIES
from .sizes import MAX_TARGETS as MAX_SIZES
from .translate import MAX_PACKETS

MAX_SECONDS = 30
MAX_AGE = 900
MAX_ARGUMENT = 64
# By how much words of some requests may be longer: by a name, by an address.
LONGER = {"resolve": MAX_NAME, "masquerade": 40}
# Requests for a list of things: how many at most, and what each has to be.
LISTS: dict[str, tuple[int, Callable[[str], object]]] = {
    "connect": (MAX_TARGETS, target),
    "series": (MAX_SERIES, target),
    "sizes": (MAX_SIZES, host),
    "resolve": (MAX_QUERIES, question),
    "translate": (MAX_PACKETS, followed),
    "entries": (MAX_TRACKED, wanted),
    "flows": (MAX_TRACKED, host),
    "masquerade": (MAX_SENT, sent),
    "ping": (MAX_PINGED, host),
    "resolver": (MOST_PODS, uid),
    "files": (MOST_PODS, uid),
}
INSIDE = frozenset(
    {"sample", "connect", "reach", "series", "sizes", "resolve", "firewall", "drops", "translate", "ping", "sockets"}
)
# What a request keeps of the helper's capabilities; all others keep none.
NEEDS = dict.fromkeys(("firewall", "drops", "translate", "entries", "flows", "masquerade", "ping"), rights.RULES) | {
    "inside": rights.ENTER,
    "resolver": rights.ENTER,
    "files": rights.ENTER,
    # To see the control groups of containers.
    "sample": frozenset({rights.SYS_PTRACE}),
}
USAGE = (
    "usage: version | sample --seconds N [--traffic] | connect IP:PORT ... | reach --times N IP:PORT ... "
    "| clock TURN MS | metrics --seconds N IP:PORT ... | series IP:PORT ... | sizes IP ... "
    "| resolve IP:PORT/NAME ... | recall --from A --to B | firewall | drops --seconds N "
    "| translate PROTO/IP:PORT ... "
    "| entries PROTO/IP:PORT ... | flows IP ... | masquerade IP,PROTO/IP:PORT ... | ping IP ... | resolver UID ... "
    "| files UID ... | sockets | inside UID IP REQUEST ... | session | idle"
)


def checked(arguments: list[str]) -> list[str]:
    """Return the request if it is one of the set.

    Raises:
        Problem: It is not.
    """
    longest = MAX_ARGUMENT + LONGER.get(arguments[0] if arguments else "", 0)
    if any(len(argument) > longest for argument in arguments):
        raise Problem(f"an argument is longer than {longest} characters")
    if arguments[:1] == ["inside"]:
        return inside(arguments)
    if not taken(arguments):
        raise Problem(f"not a request: {shown(' '.join(arguments))}")
    return arguments


def inside(arguments: list[str]) -> list[str]:
    """Return a request that is answered from a Pod.

    Raises:
        Problem: It is none.
    """
    match arguments:
        case [_, pod, address, name, *words] if name in INSIDE:
            return ["inside", uid(pod), host(address), *checked([name, *words])]
    raise Problem(f"not a request: {shown(' '.join(arguments))}")


def taken(arguments: list[str]) -> bool:
    """Tell whether these are the words of a request."""
    found = False
    match arguments:
        case ["version"] | ["firewall"] | ["sockets"]:
            found = True
        case ["sample", "--seconds", seconds] | ["sample", "--seconds", seconds, "--traffic"]:
            found = 1 <= decimal(seconds) <= MAX_SECONDS
        case ["drops", "--seconds", seconds]:
            found = 1 <= decimal(seconds) <= MAX_WATCHED
        case ["clock", "first" | "second", asked]:
            found = bool(decimal(asked))
        case ["recall", "--from", oldest, "--to", newest]:
            found = decimal(newest) < decimal(oldest) <= MAX_AGE
        case ["reach", "--times", times, *targets]:
            found = 1 <= decimal(times) <= MAX_TIMES and all_are(targets, MAX_REACHED, target)
        case ["metrics", "--seconds", seconds, *programs]:
            found = 1 <= decimal(seconds) <= MAX_WINDOW and all_are(programs, MAX_PROGRAMS, program)
        case [name, *items] if name in LISTS:
            found = all_are(items, *LISTS[name])
    return found


def all_are(items: list[str], most: int, kind: Callable[[str], object]) -> bool:
    """Tell whether a list is neither empty nor too long; an item that is none of its kind is a :class:`Problem`."""
    return 1 <= len(items) <= most and all(kind(text) for text in items)
