"""What this process may do, and giving up what a request does not need.

Tier 1 of the helper has no capability. Tier 2 has NET_ADMIN and NET_RAW, tier 3 also SYS_ADMIN and SYS_PTRACE and sees
the Node's processes. Numbers: linux/capability.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

from .proc import Problem

NET_ADMIN, NET_RAW, SYS_PTRACE, SYS_ADMIN = 12, 13, 19, 21
RULES = frozenset({NET_ADMIN, NET_RAW})
ENTER = KNOWN = RULES | {SYS_ADMIN, SYS_PTRACE}
# _LINUX_CAPABILITY_VERSION_3: two words of 32 bits for each of the three sets.
HEADER, SETS = struct.pack("=Ii", 0x20080522, 0), struct.Struct("=6I")


def effective() -> int:
    """Return the capabilities that are in effect, one bit each."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1], 16) for line in status if line.startswith("CapEff:")), 0)


def held() -> frozenset[int]:
    """Return the capabilities that are in effect, of those this program knows."""
    mask = effective()
    return frozenset(number for number in KNOWN if mask >> number & 1)


def keep(wanted: frozenset[int]) -> None:
    """Give up every capability but these, for good."""
    kept = sum(1 << number for number in held() & wanted)
    if kept == effective():
        return
    sets = SETS.pack(kept, kept, 0, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(HEADER, sets) != 0:
        raise Problem(f"capabilities cannot be given up: {os.strerror(ctypes.get_errno())}")


def sees_processes() -> bool:
    """Tell whether the Node's processes are seen (hostPID): the first one is not this Pod's own program."""
    try:
        first = Path("/proc/1/cmdline").read_bytes()
    except OSError:
        return False
    return b"/netmedic\0idle" not in first


def tier() -> int:
    """Return what this helper may do, as a tier."""
    rights = held()
    if rights >= ENTER and sees_processes():
        return 3
    return 2 if rights >= RULES else 1


def must_reach(wanted: int) -> None:
    """Refuse what takes a higher tier, in words that :mod:`bot.node.answers` knows."""
    have = tier()
    if have < wanted:
        raise Problem(f"tier {wanted} is needed, and this helper has tier {have}")
