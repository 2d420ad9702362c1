"""The Pod's main process: it records, and otherwise waits until it is told to end."""

from __future__ import annotations

import os
import signal
import time

from . import recorder
from .proc import Problem

# Interfaces come and go with Pods; uplinks and overlays rarely do.
INTERFACES_EVERY = 30
SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})


def idle() -> None:
    """Record once a second until the end. Without a place for the recording it only waits.

    As process 1 of its container it also takes leave of orphans.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        file = recorder.opened()
    except OSError:
        file = -1
    host_ip = os.environ.get("HOST_IP", "")
    watched: frozenset[str] = frozenset()
    step = 0
    due = time.monotonic()
    while ended_before(due) is False:
        if file >= 0:
            if step % INTERFACES_EVERY == 0:
                watched = interfaces(host_ip, watched)
            recorder.write(file, recorder.look(watched))
        step += 1
        # After a pause of the whole machine there is nothing to catch up on.
        due = max(due + 1, time.monotonic())


def interfaces(host_ip: str, before: frozenset[str]) -> frozenset[str]:
    """Return the interfaces to watch; those of before where the kernel does not say."""
    try:
        return recorder.interfaces(host_ip)
    except Problem:
        return before


def ended_before(due: float) -> bool:
    """Wait until a time; tell whether the end came first."""
    while (left := due - time.monotonic()) > 0:
        came = signal.sigtimedwait(SIGNALS, left)
        if came is None:
            continue
        if came.si_signo != signal.SIGCHLD:
            return True
        while orphaned():
            pass
    return False


def orphaned() -> bool:
    """Reap one ended child; tell whether there was one."""
    try:
        pid, _status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return pid != 0
