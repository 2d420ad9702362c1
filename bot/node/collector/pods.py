"""What the Pods' own network namespaces count: a listen queue that overflows is counted in the Pod's, not the Node's.

Any user may read /proc/PID/net of any process that it sees, which takes the Node's PID namespace (tier 3).
"""

from __future__ import annotations

import re
from pathlib import Path

from . import proc, rights
from .proc import Problem
from .read import Json, text_of

# kubelet's names of a Pod's cgroup: .../pod<uid>/... (cgroupfs), ...-pod<uid_with_underscores>.slice (systemd).
POD = re.compile(
    r"pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})(?:[/.]|$)", re.MULTILINE
)
MOST_PROCESSES = 20_000
MOST_PODS = 512
COUNTERS = frozenset(
    [
        *("TcpExt.ListenOverflows", "TcpExt.ListenDrops", "TcpExt.TCPBacklogDrop", "TcpExt.TCPTimeouts"),
        *("Tcp.OutSegs", "Tcp.RetransSegs", "Udp.RcvbufErrors", "Udp.InDatagrams"),
    ]
)
UNSEEN = "tier 3 is needed to see the processes of Pods"


def processes() -> dict[str, str]:
    """Return one process of each Pod, by the Pod's UID.

    Raises:
        Problem: None is visible.
    """
    if not rights.sees_processes():
        raise Problem(UNSEEN)
    found: dict[str, str] = {}
    for pid in numbers():
        try:
            named = POD.search(text_of(f"/proc/{pid}/cgroup"))
        except Problem:
            continue  # it has just ended
        if named:
            # The lowest number is the oldest process, which holds the Pod's namespaces.
            found.setdefault(named[1].replace("_", "-"), pid)
    if len(found) > MOST_PODS:
        raise Problem(f"{len(found)} Pods are too many for an answer")
    return found


def numbers() -> list[str]:
    """Return the processes that are visible, the lowest numbers first."""
    found = sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return [str(pid) for pid in found[:MOST_PROCESSES]]


def counters() -> dict[str, Json]:
    """Return what each Pod's network namespace counted, by the Pod's UID; host network Pods show the Node's."""
    found: dict[str, Json] = {}
    for uid, pid in processes().items():
        try:
            found[uid] = counted(f"/proc/{pid}/net")
        except Problem:
            continue  # it ended between the looks
    return found


def counted(folder: str) -> dict[str, int]:
    """Return the counters of one namespace.

    Not /proc/net/tcp, which has the queues themselves: each look walks through the table of all the Node's connections.
    """
    values = proc.snmp(text_of(f"{folder}/snmp")) | proc.snmp(text_of(f"{folder}/netstat"))
    return {name: value for name, value in values.items() if name in COUNTERS}
