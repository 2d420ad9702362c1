"""Tracked connections and echoes as bytes, and rights that are given up."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.node.collector import conntrack, inside, ping, rights
from bot.node.collector.netfilter import attribute
from bot.node.collector.packet import wanted
from bot.node.collector.proc import Problem

ENTRIES = [bytes.fromhex(line) for line in (Path(__file__).parent / "captured/conntrack.hex").read_text().splitlines()]
ROOT = Path(__file__).parents[2]


def test_a_connection_shows_who_asks_and_who_is_meant_to_answer() -> None:
    [entry] = conntrack.chosen(ENTRIES, wanted("udp/10.96.0.10:53"))

    assert (entry["answers"], entry["answers_port"], entry["replied"]) == ("10.244.2.2", 53, True)
    assert str(entry["source"]).startswith("10.")


@pytest.mark.parametrize("packet", ["tcp/10.96.0.10:53", "udp/10.96.0.10:54", "udp/10.96.0.11:53", "udp/[fd00::a]:53"])
def test_connections_to_other_addresses_are_left_out(packet: str) -> None:
    """A kernel before 5.8 gives all there are."""
    assert conntrack.chosen(ENTRIES, wanted(packet)) == []


@given(cut=st.integers(0, len(ENTRIES[0]) - 1))
def test_a_cut_off_connection_is_a_problem_or_left_out(cut: int) -> None:
    try:
        conntrack.chosen([ENTRIES[0][:cut]], wanted("udp/10.96.0.10:53"))
    except Problem:
        return


def tracked(
    source: str,
    answers: str,
    port: int,
    *,
    seen: str = "",
    protocol: int = 6,
    status: int = 0,
    seconds: int = 9,
    state: int = 7,
) -> bytes:
    """Return a connection as ctnetlink tells it."""

    def side(number: int, one: str, other: str, from_port: int, to_port: int) -> bytes:
        first, second = (ipaddress.ip_address(text) for text in (one, other))
        places = attribute(conntrack.SOURCE[first.version], first.packed)
        places += attribute(conntrack.TO[second.version], second.packed)
        ports = attribute(conntrack.PROTOCOL, bytes([protocol]))
        ports += attribute(conntrack.SOURCE_PORT, from_port.to_bytes(2, "big"))
        ports += attribute(conntrack.TO_PORT, to_port.to_bytes(2, "big"))
        both = attribute(conntrack.ADDRESSES, places, nested=True) + attribute(conntrack.PORTS, ports, nested=True)
        return attribute(number, both, nested=True)

    known = side(conntrack.ORIGINAL, source, answers, 40000, port)
    known += side(conntrack.REPLY, answers, seen or source, port, 40000)
    known += attribute(conntrack.STATUS, status.to_bytes(4, "big"))
    known += attribute(conntrack.TIMEOUT, seconds.to_bytes(4, "big"))
    of_tcp = attribute(conntrack.INFO_TCP, attribute(conntrack.TCP_STATE, bytes([state])), nested=True)
    return known + attribute(conntrack.PROTOCOL_INFO, of_tcp, nested=True)


def test_who_connects_is_told_by_the_side_that_answers_after_translation() -> None:
    answers = ipaddress.ip_address("10.244.2.2").packed

    assert conntrack.answered_by(ENTRIES, answers) == [
        {
            "protocol": "udp",
            "source": "10.231.0.11",
            "seen": "10.244.1.0",
            "port": 53,
            "replied": True,
            "assured": False,
            "open": False,
            "ended": 0,
        }
    ]


def test_connections_that_are_alike_are_one_and_others_are_left_out() -> None:
    messages = [
        tracked("10.244.1.5", "10.244.2.9", 80),
        tracked("10.244.1.5", "10.244.2.9", 80, status=conntrack.SEEN_REPLY | conntrack.ASSURED, seconds=90, state=3),
        tracked("192.0.2.1", "10.244.2.9", 80, seen="10.231.0.11", state=5),
        tracked("10.244.1.5", "10.244.2.8", 80),
        tracked("10.244.1.5", "10.244.2.9", 0, protocol=1),
        tracked("fd00::5", "fd00::9", 80),
    ]

    found = conntrack.answered_by(messages, ipaddress.ip_address("10.244.2.9").packed)

    assert [tuple(each.values()) for each in found] == [
        ("tcp", "10.244.1.5", "10.244.1.5", 80, True, True, True, 9),
        ("tcp", "192.0.2.1", "10.231.0.11", 80, False, False, False, 0),
    ]
    assert [each["source"] for each in conntrack.answered_by(messages, ipaddress.ip_address("fd00::9").packed)] == [
        "fd00::5"
    ]


@given(cut=st.integers(0, len(ENTRIES[0]) - 1))
def test_a_cut_off_flow_is_a_problem_or_left_out(cut: int) -> None:
    try:
        conntrack.answered_by([ENTRIES[0][:cut]], ipaddress.ip_address("10.244.2.2").packed)
    except Problem:
        return


def echo(echoes: ping.Echoes, number: int, *, kind: int = 0, identifier: int | None = None) -> bytes:
    body = ping.ECHO.pack(kind, 0, 0, echoes.identifier if identifier is None else identifier, number, ping.PAYLOAD)
    return b"\x45" + bytes(19) + body


def test_only_answers_to_its_own_echoes_count() -> None:
    echoes = ping.Echoes(["10.0.0.1"], 4)
    echoes.sent = {1: ("10.0.0.1", 0.0), 2: ("10.0.0.1", 0.0)}

    echoes.take(echo(echoes, 1), "10.0.0.1")
    echoes.take(echo(echoes, 2, kind=8), "10.0.0.1")
    echoes.take(echo(echoes, 2, identifier=echoes.identifier ^ 1), "10.0.0.1")
    echoes.take(echo(echoes, 2), "10.0.0.2")
    echoes.take(echo(echoes, 9), "10.0.0.1")
    echoes.take(b"", "10.0.0.1")
    echoes.take(echo(echoes, 2)[:30], "10.0.0.1")

    assert len(echoes.took["10.0.0.1"]) == 1


def test_an_echo_carries_its_own_checksum() -> None:
    packet = ping.ECHO.pack(8, 0, 0, 4711, 1, ping.PAYLOAD)
    summed = ping.ECHO.pack(8, 0, ping.checksum(packet), 4711, 1, ping.PAYLOAD)

    assert ping.checksum(summed) == 0


@pytest.mark.parametrize("text", ["cf581b81-43e9-401c-99bd-c76888d3bf0f", "0123456789abcdef0123456789abcdef"])
def test_the_uid_of_a_pod_is_taken(text: str) -> None:
    assert inside.uid(text) == text


@pytest.mark.parametrize("text", ["", "1", "cf581b81-43e9-401c-99bd-c76888d3bf0g", "../" + "0" * 29, "0" * 33])
def test_what_is_no_uid_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        inside.uid(text)


def test_without_rights_a_request_of_a_higher_tier_says_which_it_takes() -> None:
    if rights.tier() > 1:
        pytest.skip("runs with rights")

    with pytest.raises(Problem, match="tier 2 is needed, and this helper has tier 1"):
        rights.must_reach(2)


def test_rights_are_given_up_for_good() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to have any")
    code = (
        "from bot.node.collector import rights\n"
        "rights.keep(rights.RULES)\n"
        "kept = rights.effective()\n"
        "rights.keep(frozenset())\n"
        "rights.keep(rights.ENTER)\n"
        "print(f'{kept:x} {rights.effective():x} {rights.tier()}')"
    )

    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ended.stdout.split() == ["3000", "0", "1"]
