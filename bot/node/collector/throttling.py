"""How often the kernel held containers back at their CPU limit: cgroup v1 and v2.

A container sees its own cgroup only. Those of others are read below the root of the Node's first process, which takes
the Node's PID namespace and SYS_PTRACE (tier 3).
"""

from __future__ import annotations

import os
import re

from . import proc, rights
from .pods import POD, numbers
from .proc import Problem
from .read import Json, text_of

ROOT = "/proc/1/root/sys/fs/cgroup"
# The last part of a container's cgroup, with what container runtimes put around the id: cri-containerd-<id>.scope.
CONTAINER = re.compile(r"[-/:]([0-9a-f]{64})(?:\.scope)?$")
MOST_CONTAINERS = 2000


def throttling() -> dict[str, Json]:
    """Return by container id how many periods of its limit there were, and in how many it was held back."""
    if not (rights.sees_processes() and os.access(ROOT, os.R_OK | os.X_OK)):
        raise Problem("tier 3 is needed to see the cgroups of containers")
    found: dict[str, Json] = {}
    why = ""
    for pid in numbers():
        try:
            place = cgroup_of(text_of(f"/proc/{pid}/cgroup"))
        except Problem:
            continue  # it has just ended
        named = CONTAINER.search(place)
        if not named or not POD.search(place) or named[1] in found:
            continue
        if len(found) >= MOST_CONTAINERS:
            raise Problem(f"more than {MOST_CONTAINERS} containers are too many for an answer")
        try:
            found[named[1]] = periods(text_of(f"{ROOT}{place}/cpu.stat"))
        except Problem as problem:
            why = str(problem)  # it has just ended, or none can be read
    if why and not found:
        raise Problem(why)
    return found


def cgroup_of(text: str) -> str:
    """Return where a process is in the hierarchy that limits CPU, below its mount. From /proc/PID/cgroup."""
    unified = ""
    for line in proc.lines_of(text):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if ".." in path.split("/") or "\\" in path:
            raise Problem(f"a cgroup outside of what is seen: {proc.shown(path)}")
        if "cpu" in controllers.split(","):
            return f"/{'cpu,cpuacct' if 'cpuacct' in controllers.split(',') else 'cpu'}{path}"
        if number == "0" and not controllers:
            unified = path
    return unified


def periods(text: str) -> dict[str, int]:
    """Return the periods and those in which it was held back. From cpu.stat of either version."""
    values = dict(line.split(" ", 1) for line in proc.lines_of(text) if line.count(" ") == 1)
    if not {"nr_periods", "nr_throttled"} <= set(values):
        return {"periods": 0, "throttled": 0}  # without a limit, version 2 counts nothing
    return {"periods": proc.decimal(values["nr_periods"]), "throttled": proc.decimal(values["nr_throttled"])}
