"""The collector's parsers, on captured text, on what other kernels write, and on text no kernel would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.node.collector import proc
from bot.node.collector.proc import Problem

CAPTURED = Path(__file__).parent / "captured"
PARSERS: dict[str, Callable[[str], Any]] = {
    "net_dev.txt": proc.net_dev,
    "softnet_stat.txt": proc.softnet_stat,
    "stat.txt": proc.stat,
    "nf_conntrack.txt": proc.conntrack_stat,
    "snmp.txt": proc.snmp,
    "netstat.txt": proc.snmp,
    "snmp6.txt": proc.snmp6,
    "sockstat.txt": proc.sockstat,
    "pressure_cpu.txt": proc.pressure,
}
HEXADECIMAL = ("softnet_stat.txt", "nf_conntrack.txt")
HEADINGS = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast"
    "|bytes    packets errs drop fifo colls carrier compressed\n"
)
# Linux 4.18: eleven columns, no CPU number. Linux 5.4: conntrack's second column is `searched`.
SOFTNET_4_18 = (
    "00015c73 00000000 00000002 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n"
    "0002f0d1 00000007 0000001e 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n"
)
CONNTRACK_5_4 = (
    "entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error"
    "  expect_new expect_create expect_delete search_restart\n"
    "0000009e  00000000 00000011 00000000 0000001a 0000ffff 00000000 00000000 00000000 00000003 00000002 00000001"
    " 00000000  00000000 00000000 00000000 00000000\n"
)


def captured(name: str) -> str:
    return (CAPTURED / name).read_text()


def test_interfaces_are_read_by_name_with_all_sixteen_counters() -> None:
    text = HEADINGS + "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nvlan.7:0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

    found = proc.net_dev(text)

    assert found == {"eth0": list(range(1, 17)), "vlan.7": [0] * 16}
    assert found["eth0"][proc.NET_DEV_COLUMNS.index("rx_drop")] == 4
    assert found["eth0"][proc.NET_DEV_COLUMNS.index("tx_drop")] == 12


def test_captured_interfaces_are_all_there() -> None:
    assert {"lo", "eth0", "flannel.1", "cni0"} < set(proc.net_dev(captured("net_dev.txt")))


def test_softnet_names_the_cpu_the_kernel_names() -> None:
    # The captured second line, alone, as if CPU 0 were offline.
    line = captured("softnet_stat.txt").splitlines(keepends=True)[1]

    assert list(proc.softnet_stat(line)) == ["1"]


def test_softnet_of_old_kernels_counts_lines() -> None:
    assert proc.softnet_stat(SOFTNET_4_18) == {"0": [0x15C73, 0, 2], "1": [0x2F0D1, 7, 0x1E]}


def test_cpu_times_end_with_steal_and_leave_guest_time_out() -> None:
    found = proc.stat("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 5\n")

    assert found == {"cpu": [1, 2, 3, 4, 5, 6, 7, 8], "cpu0": [1, 2, 3, 4, 5, 6, 7, 8]}


def test_conntrack_columns_are_found_by_name() -> None:
    [cpu] = proc.conntrack_stat(CONNTRACK_5_4)

    assert (cpu["entries"], cpu["insert_failed"], cpu["drop"], cpu["early_drop"]) == (0x9E, 3, 2, 1)


def test_captured_conntrack_has_a_row_per_cpu() -> None:
    assert len(proc.conntrack_stat(captured("nf_conntrack.txt"))) == 2


def test_counters_of_ip_and_tcp_are_found_by_group_and_name() -> None:
    found = proc.snmp("Ip: Forwarding InReceives\nIp: 1 77\nTcp: MaxConn OutSegs\nTcp: -1 5\n")

    assert found == {"Ip.InReceives": 77, "Tcp.OutSegs": 5}


def test_captured_counters_are_all_there() -> None:
    found = proc.snmp(captured("snmp.txt")) | proc.snmp(captured("netstat.txt"))

    assert set(found) == proc.IP_COUNTERS
    assert set(proc.snmp6(captured("snmp6.txt"))) == proc.IP6_COUNTERS


def test_sockets_are_counted_by_kind_and_state() -> None:
    found = proc.sockstat("sockets: used 9\nTCP: inuse 5 orphan 0 tw 3 alloc 6 mem 1\n")

    assert (found["sockets.used"], found["TCP.tw"]) == (9, 3)


def test_drops_of_ipsec_are_counted_by_reason() -> None:
    text = "XfrmInError             \t0\nXfrmOutPolBlock         \t12\n"

    assert proc.xfrm_stat(text) == {"XfrmInError": 0, "XfrmOutPolBlock": 12}


def test_pressure_is_in_microseconds_since_boot() -> None:
    text = "some avg10=0.12 avg60=0.00 avg300=0.00 total=1000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"

    assert proc.pressure(text) == {"some": 1000, "full": 7}


@pytest.mark.parametrize(
    ("parse", "text", "why"),
    [
        (proc.number, "", "there is nothing in it"),
        (proc.number, "262144", "the text is cut off"),
        (proc.number, "-1\n", "not a number: '-1'"),
        (proc.number, "1_000\n", "not a number: '1_000'"),
        (proc.number, "٣\n", r"not a number: '\u0663'"),
        (proc.number, "9" * 21 + "\n", "not a number: '999999999999999999999'"),
        (proc.net_dev, "Inter-|\n face |\nlo: 1\n", "the heading of /proc/net/dev is not as expected"),
        (proc.net_dev, HEADINGS + "lo: 1 2\n", "not an interface and its counters: 'lo: 1 2'"),
        (proc.net_dev, HEADINGS + "\x1b]0;x\x07\n", "not an interface and its counters: '\\x1b]0;x\\x07'"),
        (proc.softnet_stat, "1 2 3\n", "not the counters of a CPU: '1 2 3'"),
        (proc.softnet_stat, "-1 0 0 0 0 0 0 0 0\n", "not a hexadecimal number: '-1'"),
        (proc.stat, "intr 5\n", "there is no CPU in it"),
        (proc.running, "cpu  1 2 3 4\n", "procs_running is not in it"),
        (proc.running, "procs_running 5 6\n", "procs_running is not in it"),
        (proc.stat, "cpu  1 2 3 4\n", "not the times of a CPU: 'cpu  1 2 3 4'"),
        (proc.conntrack_stat, "entries found\n1 2\n", "the heading of nf_conntrack is not as expected"),
        (proc.snmp, "\n\n", "not a group of counters: ''"),
        (proc.snmp, "Tcp: OutSegs\nUdp: 5\n", "not a group of counters: 'Tcp: OutSegs'"),
        (proc.snmp, "Tcp: OutSegs OutSegs\nTcp: 5 6\n", "Tcp.OutSegs is there twice"),
        (proc.snmp, "Tcp: OutSegs\nTcp: 5\nUdp: InErrors\n", "the text is cut off"),
        (proc.snmp6, "Ip6Other 5\n", "none of the known counters is in it"),
        (proc.sockstat, "\n", "not a kind of socket: ''"),
        (proc.sockstat, "TCP: inuse\n", "not a kind of socket: 'TCP: inuse'"),
        (proc.xfrm_stat, "\n", "the counters of IPsec are not as expected"),
        (proc.xfrm_stat, "XfrmInError 1 2\n", "the counters of IPsec are not as expected"),
        (proc.xfrm_stat, "XfrmInError -1\n", "not a number: '-1'"),
        (proc.pressure, "\n", "not a pressure: ''"),
        (proc.pressure, "some avg10=0.00\n", "not a pressure: 'some avg10=0.00'"),
        (proc.conntrack_stat, CONNTRACK_5_4 + "0000009e\n", "not the counters of a CPU: '0000009e'"),
    ],
)
def test_text_that_no_kernel_writes_is_a_named_problem(parse: Callable[[str], Any], text: str, why: str) -> None:
    with pytest.raises(Problem) as problem:
        parse(text)

    assert str(problem.value) == why


@given(text=st.text())
@pytest.mark.parametrize("name", PARSERS)
def test_any_text_gives_values_or_a_problem(name: str, text: str) -> None:
    outcome(PARSERS[name], text)


@given(data=st.data())
@pytest.mark.parametrize("name", PARSERS)
def test_text_cut_off_anywhere_never_changes_a_value(name: str, data: st.DataObject) -> None:
    whole = captured(name)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]

    found = outcome(PARSERS[name], cut)

    # Either refused, or whole lines were missing and those that are left say what they said.
    assert found is None or cut.endswith("\n")
    assert found is None or all(piece in pieces(PARSERS[name](whole)) for piece in pieces(found))


@given(data=st.data())
@pytest.mark.parametrize("name", PARSERS)
def test_lines_in_another_order_or_twice_never_change_a_value(name: str, data: st.DataObject) -> None:
    lines = captured(name).splitlines(keepends=True)
    shuffled = data.draw(st.lists(st.sampled_from(lines), max_size=2 * len(lines)))

    found = outcome(PARSERS[name], "".join(shuffled))

    assert found is None or all(piece in pieces(PARSERS[name](captured(name))) for piece in pieces(found))


@given(data=st.data())
@pytest.mark.parametrize("name", PARSERS)
def test_a_character_replaced_gives_values_that_stand_in_the_text_or_a_problem(name: str, data: st.DataObject) -> None:
    whole = captured(name)
    place = data.draw(st.integers(0, len(whole) - 1))
    text = whole[:place] + data.draw(st.characters()) + whole[place + 1 :]

    found = outcome(PARSERS[name], text)

    base = 16 if name in HEXADECIMAL else 10
    digits = set("0123456789abcdef"[:base])
    said = {int(word, base) for word in text.replace(":", " ").replace("=", " ").split() if set(word) <= digits}
    assert found is None or numbers(found) <= said


def outcome(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except Problem as problem:
        why = str(problem)
    assert why.isascii()
    assert 0 < len(why) < 400
    return None


def pieces(found: Any) -> list[Any]:
    return list(found.items()) if isinstance(found, dict) else found


def numbers(found: Any) -> set[int]:
    rows = found.values() if isinstance(found, dict) else [list(row.values()) for row in found]
    return {value for row in rows for value in (row if isinstance(row, list) else [row])}


def test_tasks_that_run_or_wait_are_counted() -> None:
    assert proc.running("cpu  1 2\nprocs_running 5\nprocs_blocked 0\n") == 5
