"""How many files the processes of a Pod have open, and how many each may: two numbers, of the one nearest to its limit.

Needs the Node's processes (hostPID); all rights but SYS_PTRACE are given up first. Which files are open is not looked
at: the kernel tells their number as the size of /proc/PID/fd since Linux 6.2; before, its entries are counted.
"""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

from . import rights
from .inside import processes_of
from .proc import Problem
from .read import Json, name_of, text_of

MOST_PROCESSES = 64  # of a Pod
MOST_FILES = 65_536  # that are counted one by one; whoever has more is told to have so many
# Programs that shut themselves in set 0 or 1, with more open already: the sandbox of OpenSSH does.
LEAST_LIMIT = 16
LIMIT = re.compile(r"^Max open files +([0-9]+) ", re.MULTILINE)


def files(pods: list[str]) -> dict[str, Json]:
    """Return, by the Pods' uids, the files that are open and their limit, or why that cannot be told."""
    rights.must_reach(3)
    rights.keep(frozenset({rights.SYS_PTRACE}))
    return {pod: of_pod(pod) for pod in pods}


def of_pod(pod: str) -> dict[str, Json]:
    """Return the two numbers of that process of a Pod which is nearest to its limit."""
    reason = "no process of the Pod runs on this Node"
    seen: list[tuple[int, int]] = []
    for process in itertools.islice(processes_of(pod), MOST_PROCESSES):
        try:
            seen.append((opened(f"/proc/{process}/fd"), limit_in(text_of(f"/proc/{process}/limits"))))
        except Problem as problem:
            reason = str(problem)
    bound = [(count, limit) for count, limit in seen if limit >= LEAST_LIMIT]
    if not bound:
        return {"error": reason}
    count, limit = max(bound, key=lambda one: one[0] / one[1])
    return {"open": count, "limit": limit}


def opened(folder: str) -> int:
    """Return how many files a process has open.

    Raises:
        Problem: It has ended, or is another user's on an older kernel.
    """
    try:
        if size := Path(folder).stat().st_size:
            return size
        with os.scandir(folder) as entries:
            return sum(1 for _ in itertools.islice(entries, MOST_FILES))
    except OSError as problem:
        raise Problem(f"open files cannot be counted: {name_of(problem)}") from None


def limit_in(text: str) -> int:
    """Return the soft limit of open files, which is the one that counts."""
    found = LIMIT.search(text)
    if not found:
        raise Problem("no limit of open files is told")
    return int(found[1])
