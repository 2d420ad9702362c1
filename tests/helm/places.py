"""Sockets in the network of another machine of the test bed, for servers that Pods are to reach."""

from __future__ import annotations

import ctypes
import os
import socket
from concurrent.futures import ThreadPoolExecutor

from tests.testbed import TestBed

CLONE_NEWNET = 0x40000000
"""sched.h"""


def listening_at(test_bed: TestBed, place: str, port: int) -> socket.socket:
    """Return a socket that listens at a place outside the cluster; whichever thread accepts, it stays there."""
    [machine] = [machine for machine in test_bed.status["machines"] if machine["name"] == place]
    # The namespace is a thread's: this one enters the place's, makes the socket, and ends.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_listen, machine["pid"], machine["address"], port).result()


def _listen(pid: int, host: str, port: int) -> socket.socket:
    library = ctypes.CDLL(None, use_errno=True)
    with open(f"/proc/{pid}/ns/net", "rb") as namespace:  # noqa: PTH123 - its descriptor is all that is wanted
        if library.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return socket.create_server((host, port))
