"""The flight recorder: the last 15 minutes of the counters that matter, one look a second, in a ring of slots.

The ring is a file in memory (an emptyDir) that the Pod's main process writes and a `recall` reads. A slot holds one
look as JSON behind its length and checksum, so that a reader who meets the writer halfway leaves the slot out.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Callable, Mapping
from typing import TypedDict

from . import netlink, proc
from .proc import Problem
from .read import Json, name_of, text_of

RING = "/run/netmedic/ring"
SLOTS = 900
SLOT_BYTES = 4096
PREFIX = 16  # eight hexadecimal digits each: length and checksum
STEP_MS = 1000
# So many fit a slot, however long their names and numbers; uplinks, bridges and overlays are few. Pods' are left out.
MOST_INTERFACES = 12
POD_KINDS = frozenset({"veth", "netkit"})
LOOPBACK = 772
NET_COLUMNS = {name: proc.NET_DEV_COLUMNS.index(name) for name in ("rx_packets", "rx_drop", "tx_packets", "tx_drop")}
IP_COUNTERS = (
    *("Tcp.OutSegs", "Tcp.RetransSegs", "Tcp.EstabResets", "Udp.RcvbufErrors", "Ip.OutNoRoutes"),
    *("TcpExt.ListenOverflows", "TcpExt.TCPTimeouts", "TcpExt.IPReversePathFilter", "IpExt.InNoRoutes"),
)
NETFILTER = "/proc/sys/net/netfilter/nf_conntrack"


class Look(TypedDict):
    """One look: totals since boot by name, and the reasons of what could not be read."""

    at: int
    values: dict[str, int]
    missing: dict[str, str]


def now_ms() -> int:
    """Return the machine's time since boot, which all processes share and nobody sets."""
    return time.monotonic_ns() // 1_000_000


def interfaces(host_ip: str) -> frozenset[str]:
    """Return the interfaces to watch: the one with the Node's address, and those that are not a Pod's."""
    holder = {address["index"] for address in netlink.addresses() if address["ip"] == host_ip}
    links = netlink.links()
    uplinks = [link["name"] for link in links if link["index"] in holder]
    others = [link["name"] for link in links if link["kind"] not in POD_KINDS and link["arp_type"] != LOOPBACK]
    return frozenset(str(name) for name in dict.fromkeys([*uplinks, *others][:MOST_INTERFACES]))


def look(watched: frozenset[str]) -> Look:
    """Look at all sources once."""
    values: dict[str, int] = {}
    missing: dict[str, str] = {}
    for path, parse in SOURCES.items():
        try:
            values |= parse(text_of(path), watched)
        except Problem as problem:
            missing[path] = str(problem)[:80]
    return {"at": now_ms(), "values": values, "missing": missing}


def net_dev(text: str, watched: frozenset[str]) -> dict[str, int]:
    """Return packets and drops of the watched interfaces."""
    rows = proc.net_dev(text)
    return {
        f"net.{name}.{column}": row[place]
        for name, row in rows.items()
        if name in watched
        for column, place in NET_COLUMNS.items()
    }


def softnet(text: str, _: frozenset[str]) -> dict[str, int]:
    """Return the sums of all CPUs."""
    rows = proc.softnet_stat(text).values()
    columns = ("processed", "dropped", "squeezed")
    return {f"softnet.{name}": sum(row[place] for row in rows) for place, name in enumerate(columns)}


def cpu(text: str, _: frozenset[str]) -> dict[str, int]:
    """Return the ticks of all CPUs."""
    ticks = dict(zip(proc.CPU_COLUMNS, proc.stat(text)["cpu"], strict=True))
    return {"cpu.all": sum(ticks.values()), "cpu.steal": ticks["steal"], "cpu.softirq": ticks["softirq"]}


def conntrack(text: str, _: frozenset[str]) -> dict[str, int]:
    """Return the losses of all CPUs."""
    rows = proc.conntrack_stat(text)
    return {
        "conntrack.lost": sum(row["drop"] + row["early_drop"] for row in rows),
        "conntrack.insert_failed": sum(row["insert_failed"] for row in rows),
    }


def snmp(text: str, _: frozenset[str]) -> dict[str, int]:
    """Return what was sent again, dropped for want of room, or led nowhere. From /proc/net/snmp, netstat."""
    found = proc.snmp(text)
    return {name.lower(): found[name] for name in IP_COUNTERS if name in found}


def waited(text: str) -> int:
    """Return the microseconds in which some task waited."""
    found = proc.pressure(text)
    if "some" not in found:
        raise Problem("some is not in it")
    return found["some"]


SOURCES: Mapping[str, Callable[[str, frozenset[str]], dict[str, int]]] = {
    "/proc/net/dev": net_dev,
    "/proc/net/softnet_stat": softnet,
    "/proc/stat": cpu,
    f"{NETFILTER}_count": lambda text, _: {"conntrack.count": proc.number(text)},
    f"{NETFILTER}_max": lambda text, _: {"conntrack.max": proc.number(text)},
    "/proc/net/stat/nf_conntrack": conntrack,
    "/proc/net/snmp": snmp,
    "/proc/net/netstat": snmp,
    "/proc/pressure/cpu": lambda text, _: {"pressure.cpu": waited(text)},
    "/proc/pressure/memory": lambda text, _: {"pressure.memory": waited(text)},
    "/proc/pressure/io": lambda text, _: {"pressure.io": waited(text)},
}


def opened(path: str = RING) -> int:
    """Return the ring's file, made if it is not there, for writing."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.ftruncate(file, SLOTS * SLOT_BYTES)
    return file


def write(file: int, one: Look) -> None:
    """Put a look into the slot of its second; a look that does not fit is left out."""
    content = framed(one)
    if len(content) <= SLOT_BYTES:
        slot = one["at"] // STEP_MS % SLOTS
        os.pwrite(file, content, slot * SLOT_BYTES)


def framed(one: Look) -> bytes:
    """Return a look as it stands in its slot."""
    content = json.dumps(one, separators=(",", ":")).encode()
    return b"%08x%08x" % (len(content), zlib.crc32(content)) + content


def recall(oldest: int, newest: int, path: str = RING) -> dict[str, Json]:
    """Return the looks between two ages in seconds, as columns; see :func:`packed`.

    Raises:
        Problem: There is no recording.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the same as everywhere here, and bounded
            content = file.read(SLOTS * SLOT_BYTES)
    except OSError as problem:
        raise Problem(f"there is no recording: {path}: {name_of(problem)}") from None
    now = now_ms()
    looks = [one for one in slots(content) if newest * 1000 <= now - one["at"] <= oldest * 1000]
    looks.sort(key=lambda one: one["at"])
    names = sorted({name for one in looks for name in one["values"]})
    return {
        "age_ms": [now - one["at"] for one in looks],
        "columns": {name: packed([one["values"].get(name) for one in looks]) for name in names},
        "missing": looks[-1]["missing"] if looks else {},
    }


def slots(content: bytes) -> list[Look]:
    """Return the looks in the slots that are whole."""
    found: list[Look] = []
    for start in range(0, len(content), SLOT_BYTES):
        slot = content[start : start + SLOT_BYTES]
        try:
            length, checksum = int(slot[:8], 16), int(slot[8:PREFIX], 16)
        except ValueError:
            continue  # never written
        body = slot[PREFIX : PREFIX + length]
        # The checksum of nothing is 0.
        if body and zlib.crc32(body) == checksum:
            found.append(json.loads(body))
    return found


def packed(values: list[int | None]) -> list[Json]:
    """Return a column in few digits: differences to the value before; a single value if all are the same."""
    if len(set(values)) == 1:
        return [values[0]]
    before = 0
    found: list[Json] = []
    for value in values:
        found.append(None if value is None else value - before)
        before = before if value is None else value
    return found
