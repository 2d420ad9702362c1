"""Looking from inside a Pod: this process goes to the Pod's network namespace, and answers from there.

Needs the Node's processes (hostPID), SYS_PTRACE to open another process' namespace and SYS_ADMIN to enter it; both are
given up once it is inside. It stays in its own mount namespace: no file of the Pod is seen (resolver.py reads one).
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import re
from collections.abc import Iterator
from pathlib import Path

from . import netlink, rights
from .proc import Problem
from .read import name_of

CLONE_NEWNET = 0x40000000
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")
"""Of a Pod; that of a static Pod is a hash."""


def uid(text: str) -> str:
    """Return a Pod's uid.

    Raises:
        Problem: It is something else.
    """
    if not UID.fullmatch(text):
        raise Problem("not the uid of a Pod")
    return text


def enter(pod: str, address: str) -> None:
    """Go to a Pod's network namespace.

    Raises:
        Problem: It is not here, has the Node's own network, or does not hold the address.
    """
    rights.must_reach(3)
    own = Path("/proc/self/ns/net").stat().st_ino
    try:
        namespace = os.open(f"/proc/{process_of(pod)}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as problem:
        raise Problem(f"the Pod's network namespace cannot be opened: {name_of(problem)}") from None
    try:
        if os.fstat(namespace).st_ino == own:
            raise Problem("the Pod has the Node's own network (hostNetwork)")
        if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET) != 0:
            raise Problem(f"the Pod's network namespace cannot be entered: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(namespace)
    rights.keep(rights.RULES)
    wanted = str(ipaddress.ip_address(address))
    if all(one["ip"] != wanted for one in netlink.addresses()):
        raise Problem(f"this is not the Pod's network namespace: {wanted} is on no interface")


def process_of(pod: str) -> int:
    """Return a process of a Pod."""
    for process in processes_of(pod):
        return process
    raise Problem("no process of the Pod runs on this Node")


def processes_of(pod: str) -> Iterator[int]:
    """Yield the processes of a Pod, by the name of their control group."""
    # The systemd driver writes a Pod's uid with underscores.
    names = (f"pod{pod}".encode(), f"pod{pod.replace('-', '_')}".encode())
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            group = (entry / "cgroup").read_bytes()
        except OSError:
            continue
        if any(name in group for name in names):
            yield int(entry.name)
