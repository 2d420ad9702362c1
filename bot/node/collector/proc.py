"""Text of /proc to values. Pure: each function returns what the text says or raises :class:`Problem`.

A line that does not look as the kernel writes it makes the whole text a problem: a part of a table would read as
"the rest is zero".
"""

from __future__ import annotations

NET_DEV_COLUMNS = (
    *("rx_bytes", "rx_packets", "rx_errs", "rx_drop", "rx_fifo", "rx_frame", "rx_compressed", "rx_multicast"),
    *("tx_bytes", "tx_packets", "tx_errs", "tx_drop", "tx_fifo", "tx_colls", "tx_carrier", "tx_compressed"),
)
NET_DEV_HEADING = " ".join(
    (
        "face |bytes packets errs drop fifo frame compressed",
        "multicast|bytes packets errs drop fifo colls carrier compressed",
    )
)
# proc(5): user nice system idle iowait irq softirq steal; guest time is part of user and nice.
CPU_COLUMNS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
CONNTRACK_COLUMNS = frozenset({"entries", "insert_failed", "drop", "early_drop", "invalid"})
# The kernel's counters are at most 64 bits wide: 20 decimal digits, 16 hexadecimal ones.
DECIMAL_DIGITS = 20
HEX_DIGITS = 16


class Problem(Exception):
    """A value could not be read; the text says why."""


def lines_of(text: str) -> list[str]:
    """Return the lines, at least one. Without an end of line at the end, a number may have lost its last digits."""
    if not text.endswith("\n"):
        raise Problem("the text is cut off" if text else "there is nothing in it")
    return text[:-1].split("\n")


def decimal(word: str) -> int:
    """Return an unsigned decimal number of at most 64 bits."""
    if not (word.isascii() and word.isdecimal() and len(word) <= DECIMAL_DIGITS):
        raise Problem(f"not a number: {shown(word)}")
    return int(word)


def hexadecimal(word: str) -> int:
    """Return an unsigned hexadecimal number of at most 64 bits."""
    if not (0 < len(word) <= HEX_DIGITS and set(word) <= set("0123456789abcdef")):
        raise Problem(f"not a hexadecimal number: {shown(word)}")
    return int(word, 16)


def number(text: str) -> int:
    """Return the one number of a file such as those of /proc/sys."""
    [line] = lines_of(text)[:1]
    return decimal(line)


def word(text: str) -> str:
    """Return the one word of a file."""
    return lines_of(text)[0][:64]


def net_dev(text: str) -> dict[str, list[int]]:
    """Return per interface the numbers of :data:`NET_DEV_COLUMNS`, since it exists. From /proc/net/dev."""
    lines = lines_of(text)
    if len(lines) < 3 or lines[1].split() != NET_DEV_HEADING.split():  # noqa: PLR2004 - two headings, and lo always is
        raise Problem("the heading of /proc/net/dev is not as expected")
    found: dict[str, list[int]] = {}
    for line in lines[2:]:
        name, colon, rest = line.partition(":")
        values = [decimal(word) for word in rest.split()]
        if not colon or len(values) != len(NET_DEV_COLUMNS) or name.strip(" ") in found:
            raise Problem(f"not an interface and its counters: {shown(line)}")
        found[name.strip(" ")] = values
    return found


def softnet_stat(text: str) -> dict[str, list[int]]:
    """Return per CPU ``[processed, dropped, time_squeezed]`` since boot, each 32 bits wide.

    From /proc/net/softnet_stat. An offline CPU has no line. Old kernels do not name the CPU; its position stands in.
    """
    found: dict[str, list[int]] = {}
    for position, line in enumerate(lines_of(text)):
        values = [hexadecimal(word) for word in line.split()]
        if len(values) < 9:  # noqa: PLR2004 - the fewest columns any kernel of the last 20 years wrote
            raise Problem(f"not the counters of a CPU: {shown(line)}")
        cpu = str(values[12] if len(values) > 12 else position)  # noqa: PLR2004 - 13th column: the CPU
        if cpu in found:
            raise Problem(f"CPU {cpu} is there twice")
        found[cpu] = values[:3]
    if not found:
        raise Problem("there is no CPU in it")
    return found


def stat(text: str) -> dict[str, list[int]]:
    """Return per CPU, and for all under ``cpu``, the ticks of :data:`CPU_COLUMNS` since boot. From /proc/stat."""
    found: dict[str, list[int]] = {}
    for line in lines_of(text):
        words = line.split()
        if not words or not words[0].startswith("cpu"):
            continue
        values = [decimal(word) for word in words[1:]]
        if len(values) < len(CPU_COLUMNS) or words[0] in found:
            raise Problem(f"not the times of a CPU: {shown(line)}")
        found[words[0]] = values[: len(CPU_COLUMNS)]
    if "cpu" not in found or len(found) == 1:
        raise Problem("there is no CPU in it")
    return found


def running(text: str) -> int:
    """Return how many tasks run or wait for a CPU, this one among them. From /proc/stat."""
    found = [line.split(" ") for line in lines_of(text) if line.startswith("procs_running ")]
    if len(found) != 1 or len(found[0]) != 2:  # noqa: PLR2004 - the name and the number
        raise Problem("procs_running is not in it")
    return decimal(found[0][1])


def conntrack_stat(text: str) -> list[dict[str, int]]:
    """Return the counters of each CPU by name, 32 bits wide. From /proc/net/stat/nf_conntrack.

    ``entries`` is the size of the table, the same on each line.
    """
    lines = lines_of(text)
    names = lines[0].split()
    if not set(names) >= CONNTRACK_COLUMNS or len(set(names)) != len(names):
        raise Problem("the heading of nf_conntrack is not as expected")
    found: list[dict[str, int]] = []
    for line in lines[1:]:
        values = [hexadecimal(word) for word in line.split()]
        if len(values) != len(names):
            raise Problem(f"not the counters of a CPU: {shown(line)}")
        found.append(dict(zip(names, values, strict=True)))
    if not found:
        raise Problem("there is no CPU in it")
    return found


# What is kept of /proc/net/snmp, snmp6 and netstat: losses, resends, resets, and the totals to hold them against.
IP_COUNTERS = frozenset(
    [
        *("Ip.InReceives", "Ip.InAddrErrors", "Ip.InDiscards", "Ip.OutDiscards", "Ip.OutNoRoutes", "Ip.ForwDatagrams"),
        "Ip.InHdrErrors",
        *("Ip.ReasmFails", "Ip.FragFails", "Icmp.InDestUnreachs", "Icmp.OutDestUnreachs"),
        *("Tcp.ActiveOpens", "Tcp.AttemptFails", "Tcp.EstabResets", "Tcp.OutRsts", "Tcp.InErrs"),
        *("Tcp.InSegs", "Tcp.OutSegs", "Tcp.RetransSegs"),
        *("Udp.InDatagrams", "Udp.NoPorts", "Udp.InErrors", "Udp.RcvbufErrors", "Udp.SndbufErrors", "Udp.InCsumErrors"),
        *("TcpExt.ListenOverflows", "TcpExt.ListenDrops", "TcpExt.TCPSynRetrans", "TcpExt.TCPTimeouts"),
        *("TcpExt.TCPAbortOnTimeout", "TcpExt.TCPAbortOnMemory", "TcpExt.TCPMTUPFail", "TcpExt.TCPMTUPSuccess"),
        *("TcpExt.TCPBacklogDrop", "TcpExt.TCPRcvQDrop", "TcpExt.PFMemallocDrop", "TcpExt.TCPMemoryPressures"),
        *("TcpExt.IPReversePathFilter", "IpExt.InNoRoutes"),
    ]
)
IP6_COUNTERS = frozenset(
    [
        *("Ip6InReceives", "Ip6InNoRoutes", "Ip6InAddrErrors", "Ip6InDiscards", "Ip6OutDiscards", "Ip6OutNoRoutes"),
        *("Ip6OutForwDatagrams", "Ip6ReasmFails", "Ip6FragFails", "Ip6InTooBigErrors", "Icmp6InPktTooBigs"),
        *("Udp6InDatagrams", "Udp6NoPorts", "Udp6InErrors", "Udp6RcvbufErrors", "Udp6SndbufErrors"),
    ]
)


def snmp(text: str) -> dict[str, int]:
    """Return the counters of :data:`IP_COUNTERS` that are in it, as ``Tcp.OutSegs``. From /proc/net/snmp, netstat."""
    lines = lines_of(text)
    found: dict[str, int] = {}
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        group, *columns = names.split() or [""]
        numbers = values.split()
        if not group.endswith(":") or numbers[:1] != [group] or len(numbers) != len(columns) + 1:
            raise Problem(f"not a group of counters: {shown(names)}")
        for column, word in zip(columns, numbers[1:], strict=True):
            name = f"{group[:-1]}.{column}"
            if name in found:
                raise Problem(f"{name} is there twice")
            if name in IP_COUNTERS:
                found[name] = decimal(word)
    if len(lines) % 2 or not found:
        raise Problem("the text is cut off")
    return found


def snmp6(text: str) -> dict[str, int]:
    """Return the counters of :data:`IP6_COUNTERS` that are in it. From /proc/net/snmp6."""
    found: dict[str, int] = {}
    for line in lines_of(text):
        name, _, rest = line.partition("\t" if "\t" in line else " ")
        if name.strip() in IP6_COUNTERS:
            found[name.strip()] = decimal(rest.strip())
    if not found:
        raise Problem("none of the known counters is in it")
    return found


def xfrm_stat(text: str) -> dict[str, int]:
    """Return how many packets IPsec dropped since boot, by reason. From /proc/net/xfrm_stat."""
    rows = [line.split() for line in lines_of(text)]
    if not all(len(row) == 2 and row[0].startswith("Xfrm") for row in rows):  # noqa: PLR2004 - a name and its number
        raise Problem("the counters of IPsec are not as expected")
    return {name[:64]: decimal(count) for name, count in rows}


def sockstat(text: str) -> dict[str, int]:
    """Return how many sockets there are, as ``TCP.tw``; ``TCP.mem`` is in pages. From /proc/net/sockstat."""
    found: dict[str, int] = {}
    for line in lines_of(text):
        group, *words = line.split() or [""]
        if not group.endswith(":") or len(words) % 2:
            raise Problem(f"not a kind of socket: {shown(line)}")
        found |= {f"{group[:-1]}.{name}": decimal(word) for name, word in zip(words[::2], words[1::2], strict=True)}
    return found


def pressure(text: str) -> dict[str, int]:
    """Return the microseconds in which some, or all, had to wait, since boot. From /proc/pressure."""
    found: dict[str, int] = {}
    for line in lines_of(text):
        kind, *fields = line.split() or [""]
        total = fields[-1] if fields else ""
        if kind not in ("some", "full") or not total.startswith("total=") or kind in found:
            raise Problem(f"not a pressure: {shown(line)}")
        found[kind] = decimal(total.removeprefix("total="))
    return found


def shown(text: str) -> str:
    """Return a piece of text that is safe to show: quoted, escaped and short."""
    return ascii(text[:60])
