"""Whom a Pod asks for names: the known lines of its /etc/resolv.conf, read through /proc/PID/root.

Needs the Node's processes (hostPID) and SYS_PTRACE, which opens another process' root; all else is given up first. A
Pod arranges its files as it likes: no link of it is followed, nothing but a regular file is opened for reading, little
is read of it, and nothing is told but addresses, domains and a number.
"""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import os
import re
import stat
from pathlib import Path

from . import rights
from .inside import processes_of
from .proc import Problem
from .read import Json, name_of

MOST_PODS = 8
# Of a Pod: one whose root has no such file, or has just ended, says nothing of the next.
MOST_PROCESSES = 8
MAX_BYTES = 16 * 1024
# resolv.conf(5): MAXNS, and ndots where it is not set; at most 32 domains since Kubernetes 1.22.
MOST_SERVERS, MOST_DOMAINS, NDOTS = 3, 32, 1
ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}")
DOMAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z0-9_-]{1,63}){0,30}\.?|\.")
NDOTS_OPTION = re.compile(r"ndots:([0-9]{1,2})")


def resolver(pods: list[str]) -> dict[str, Json]:
    """Return, by the Pods' uids, whom they ask, or why that cannot be told."""
    rights.must_reach(3)
    rights.keep(frozenset({rights.SYS_PTRACE}))
    return {pod: of_pod(pod) for pod in pods}


def of_pod(pod: str) -> dict[str, Json]:
    """Return whom one Pod asks, by the first of its processes whose file can be read."""
    reason = "no process of the Pod runs on this Node"
    # The sandbox has a file of its own, which a container may have another one over.
    for process in sorted(itertools.islice(processes_of(pod), MOST_PROCESSES), key=is_sandbox):
        try:
            return parsed(text_in(f"/proc/{process}/root"))
        except Problem as problem:
            reason = str(problem)
    return {"error": reason}


def is_sandbox(process: int) -> bool:
    """Tell whether a process is that of a Pod's sandbox, which does nothing but hold its namespaces."""
    try:
        return Path(f"/proc/{process}/comm").read_bytes().strip() == b"pause"
    except OSError:
        return True


def text_in(root: str) -> str:
    """Return the text of /etc/resolv.conf below a root.

    Raises:
        Problem: It is a link, no regular file, too long, or cannot be read.
    """
    with contextlib.ExitStack() as stack:

        def opened(path: str, flags: int, folder: int | None = None) -> int:
            file = os.open(path, flags | os.O_CLOEXEC, dir_fd=folder)
            stack.callback(os.close, file)
            return file

        try:
            folder = opened(root, os.O_PATH | os.O_DIRECTORY)
            etc = opened("etc", os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, folder)
            # O_PATH opens nothing yet: a device or a pipe would notice.
            file = opened("resolv.conf", os.O_PATH | os.O_NOFOLLOW, etc)
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise Problem("the Pod's /etc/resolv.conf is no regular file")
            content = os.read(opened(f"/proc/self/fd/{file}", os.O_RDONLY | os.O_NONBLOCK), MAX_BYTES + 1)
        except OSError as problem:
            raise Problem(f"the Pod's /etc/resolv.conf cannot be read: {name_of(problem)}") from None
    if len(content) > MAX_BYTES:
        raise Problem(f"the Pod's /etc/resolv.conf is longer than {MAX_BYTES} bytes")
    return content.decode(errors="replace")


def parsed(text: str) -> dict[str, Json]:
    """Return the servers, the search list and ndots; of several search lists the last one counts."""
    servers: list[str] = []
    search: list[str] = []
    ndots = NDOTS
    for line in text.splitlines():
        match line.split():
            case ["nameserver", server, *_] if ADDRESS.fullmatch(server):
                with contextlib.suppress(ValueError):
                    servers.append(str(ipaddress.ip_address(server)))
            case ["search", *domains]:
                search = [domain for domain in domains if DOMAIN.fullmatch(domain)]
            case ["options", *options]:
                told = [int(found[1]) for option in options if (found := NDOTS_OPTION.fullmatch(option))]
                ndots = told[-1] if told else ndots
    return {"nameservers": servers[:MOST_SERVERS], "search": search[:MOST_DOMAINS], "ndots": ndots}
