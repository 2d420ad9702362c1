"""What the Pod does between requests: nothing, until it is told to end."""

from __future__ import annotations

import os
import signal


def idle() -> None:
    """Wait for the end. As process 1 of its container it also takes leave of orphans."""
    signals = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    while signal.sigwait(signals) == signal.SIGCHLD:
        while orphaned():
            pass


def orphaned() -> bool:
    """Reap one ended child; tell whether there was one."""
    try:
        pid, _status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return pid != 0
