"""Sockets as the kernel lists them: who is connected, and which ports wait."""

from __future__ import annotations

from typing import Any

import pytest

from bot.node.collector.proc import Problem
from bot.node.collector.sockets import MOST, Socket, found, place, sockets_of
from tests.fuzz.targets import CAPTURED

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LISTENS, MADE, LEAVING, TRIED, HALF = "0A", "01", "06", "02", "03"


def line(local: str, remote: str, state: str) -> str:
    return f"   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"


def tcp(*lines: tuple[str, str, str]) -> list[Socket]:
    return sockets_of(HEAD + "".join(line(*each) for each in lines))


def listing(*sockets: tuple[str, str, str], udp: tuple[tuple[str, str, str], ...] = ()) -> Any:
    return found(tcp(*sockets), tcp(*udp))


ANY, POD, PEER = "00000000", "0501F40A", "0902F40A"
SERVER = (f"{ANY}:1F90", f"{ANY}:0000", LISTENS)


def test_addresses_are_read_as_they_lie_in_memory() -> None:
    assert [(str(ip), port) for ip, port in map(place, (f"{POD}:1F90", "0000000000000000FFFF00000501F40A:0035"))] == [
        ("10.244.1.5", 8080),
        ("10.244.1.5", 53),
    ]
    assert str(place("000000FD000000000000000009000000:0001")[0]) == "fd00::9"


@pytest.mark.parametrize("state", [MADE, LEAVING])
def test_who_is_or_was_just_connected_to_a_port_that_waits_is_told(state: str) -> None:
    told = listing(SERVER, (f"{POD}:1F90", f"{PEER}:9C40", state))

    assert told == {
        "listening": [{"protocol": "tcp", "port": 8080}],
        "accepted": [{"peer": "10.244.2.9", "port": 8080}],
        "dialling": [],
        "more": 0,
    }


@pytest.mark.parametrize(
    "socket",
    [
        (f"{POD}:9C40", f"{PEER}:1F90", MADE),
        (f"{POD}:1F90", f"{PEER}:9C40", HALF),
        (f"{POD}:1F90", f"{PEER}:9C40", TRIED),
        (f"{POD}:1F90", f"{POD}:9C40", MADE),
        ("0100007F:1F90", "0100007F:9C40", MADE),
    ],
    ids=["a call of its own", "half open", "being made", "to itself", "on the loopback"],
)
def test_what_is_no_call_to_the_pod_is_left_out(socket: tuple[str, str, str]) -> None:
    assert listing(SERVER, socket)["accepted"] == []


def test_a_port_of_the_loopback_and_a_client_of_its_own_do_not_wait() -> None:
    own = (
        (f"{POD}:9C40", f"{PEER}:0035", MADE),
        ("0100007F:0035", f"{ANY}:0000", "07"),
        (f"{ANY}:0202", f"{ANY}:0000", "07"),
    )

    assert listing(("0100007F:1F90", f"{ANY}:0000", LISTENS), udp=own)["listening"] == [
        {"protocol": "udp", "port": 514}
    ]


def test_what_is_too_long_for_an_answer_is_counted() -> None:
    crowd = [(f"{POD}:1F90", f"{number:04X}000A:9C40", MADE) for number in range(1, MOST + 4)]

    told = listing(SERVER, *crowd)

    assert (len(told["accepted"]), told["more"]) == (MOST, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD + "0: 0100007F:0035 00000000:0000",
        HEAD + "0: 0100007F:0035\n",
        HEAD + line("0100007F", f"{ANY}:0000", LISTENS),
        HEAD + line("0100007:0035", f"{ANY}:0000", LISTENS),
        HEAD + line("0100007g:0035", f"{ANY}:0000", LISTENS),
        HEAD + line("0100007F:00035", f"{ANY}:0000", LISTENS),
        HEAD + line("0100007F:0035", f"{ANY}:0000", "A"),
    ],
)
def test_what_is_no_list_of_sockets_is_a_problem(text: str) -> None:
    with pytest.raises(Problem):
        sockets_of(text)


def test_a_list_that_was_captured_is_read() -> None:
    assert len(sockets_of((CAPTURED / "tcp.txt").read_text())) == 3


def test_connects_that_nobody_answers_are_counted_by_look() -> None:
    dials, peer = (f"{POD}:9000", f"{PEER}:1F90", TRIED), {"peer": "10.244.2.9", "port": 8080}
    once, twice = tcp(dials, dials), tcp(dials)
    answer: Any = found(once, [], [once, twice, tcp(SERVER)])

    assert answer["dialling"] == [{**peer, "looks": 2}]
    assert listing(SERVER)["dialling"] == []
