"""Packets followed through rules as the kernel keeps them: both kinds of iptables, nftables, IPVS, IPv4 and IPv6."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.node.collector import ipvs, legacy, nft
from bot.node.collector.packet import wanted
from bot.node.collector.proc import Problem
from bot.node.collector.translate import FORWARDED, RECEIVED, SENT, Way, fate

RULES = Path(__file__).parent / "captured/rules"
WEB, WEB6 = "tcp/10.96.1.1:80", "tcp/[fd00:96::1]:80"
NOTHING = {"by": "", "to": [], "more": 0}


def captured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RULES / f"{name}.json").read_text())
    return found


class Kernel:
    """Answers as the kernel did; nothing to a question that was not asked then."""

    def __init__(self, answers: Mapping[str, list[str]]) -> None:
        self.answers = answers

    def __call__(self, kind: int, *, family: int = 0, attributes: bytes = b"", dump: bool = True) -> Iterator[bytes]:
        return map(bytes.fromhex, self.answers.get(f"{kind}/{family}/{attributes.hex()}", []))


def nft_ways(name: str) -> list[Way]:
    kernel = Kernel(captured(name)["nft"])
    tables: dict[tuple[int, str], nft.Table] = {}
    found = []
    for chain in nft.chains(kernel):
        table = tables.setdefault((chain.family, chain.table), nft.Table(chain.family, chain.table, kernel))
        title = f"nftables {nft.FAMILIES[chain.family]} {chain.table}"
        version = {1: 0, 2: 4, 10: 6}[chain.family]
        found.append(Way(table, title, chain.name, chain.hook, chain.type, chain.policy, version, chain.priority))
    return found


def legacy_ways(name: str) -> list[Way]:
    found = []
    for key, (info, entries) in captured(name)["legacy"].items():
        version, _, title = key.partition("/")
        table = legacy.Table(bytes.fromhex(info), bytes.fromhex(entries), int(version))
        for hook, (entry, _policy) in table.hooks.items():
            found.append(Way(table, f"iptables-legacy {title}", str(entry), hook, title, "", int(version), 0))
    return found


def ways(name: str) -> list[Way]:
    return legacy_ways(name) if name.startswith("legacy") else nft_ways(name)


def followed(name: str, packet: str, hooks: tuple[tuple[str, ...], tuple[str, ...]] = FORWARDED) -> Any:
    return fate(wanted(packet), ways(name), {}, time.monotonic() + 30, hooks=hooks)


@pytest.mark.parametrize(
    ("name", "packet", "by", "to"),
    [
        ("iptables-nft", WEB, "nftables ip nat", ["10.244.1.5:8080", "10.244.2.6:8080"]),
        ("legacy", WEB, "iptables-legacy nat", ["10.244.1.5:8080", "10.244.2.6:8080"]),
        ("nftables", WEB, "nftables ip kube-proxy", ["10.244.2.6:8080", "10.244.1.5:8080"]),
        ("nftables", "udp/10.96.0.10:53", "nftables ip kube-proxy", ["10.244.2.2:53"]),
        ("ip6tables-nft", WEB6, "nftables ip6 nat", ["[fd00:1::5]:8080", "[fd00:2::6]:8080"]),
        ("legacy6", WEB6, "iptables-legacy nat", ["[fd00:1::5]:8080", "[fd00:2::6]:8080"]),
    ],
)
def test_a_service_is_sent_to_its_backends(name: str, packet: str, by: str, to: list[str]) -> None:
    assert followed(name, packet) == {"by": by, "to": to, "more": 0}


@pytest.mark.parametrize("packet", ["tcp/10.96.1.1:81", "udp/10.96.1.1:80", "tcp/10.96.1.2:80"])
@pytest.mark.parametrize("name", ["iptables-nft", "legacy", "nftables"])
def test_another_port_protocol_or_address_is_not(name: str, packet: str) -> None:
    assert followed(name, packet)["to"] == []


@pytest.mark.parametrize(
    ("name", "packet", "stopped", "where"),
    [
        ("iptables-nft", "tcp/10.244.9.9:80", "drop", "nftables ip filter FORWARD (policy)"),
        ("iptables-nft", "udp/10.244.9.9:80", "reject", "nftables ip filter FORWARD"),
        ("legacy", "tcp/10.244.9.9:80", "drop", "iptables-legacy filter FORWARD"),
        ("legacy", "udp/10.244.9.9:80", "reject", "iptables-legacy filter FORWARD"),
        ("ip6tables-nft", "tcp/[fd00:9::9]:80", "drop", "nftables ip6 filter FORWARD (policy)"),
        ("nftables", "tcp/10.96.1.9:80", "reject", "nftables ip kube-proxy reject-chain"),
        ("nftables", "tcp/10.244.2.9:80", "drop", "nftables inet firewalld forward"),
        ("nftables", "tcp/10.244.3.7:9", "reject", "nftables inet firewalld forward"),
    ],
)
def test_what_surely_stops_a_packet_is_named(name: str, packet: str, stopped: str, where: str) -> None:
    assert followed(name, packet) == NOTHING | {"stopped": stopped, "where": where}


@pytest.mark.parametrize("packet", ["tcp/10.244.3.7:80", "tcp/10.244.9.9:9", "tcp/[2001:db8::1]:80"])
def test_what_no_rule_is_for_passes(packet: str) -> None:
    assert followed("nftables", packet) == NOTHING


@pytest.mark.parametrize("hooks", [SENT, RECEIVED])
def test_what_is_not_forwarded_does_not_meet_the_rules_for_that(
    hooks: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    assert "stopped" not in followed("iptables-nft", "tcp/10.244.9.9:80", hooks)


def test_the_policy_and_the_rules_of_a_legacy_table_are_counted() -> None:
    tables = captured("legacy")["legacy"]

    info, entries = map(bytes.fromhex, tables["4/filter"])
    table = legacy.Table(info, entries, 4)
    assert (table.count(), table.chains(), table.policy("forward"), table.policy("input")) == (
        5,
        ["KUBE-FORWARD"],
        "drop",
        "accept",
    )


@given(cut=st.integers(0, 2000), flip=st.integers(0, 2000), with_byte=st.integers(0, 255))
def test_a_damaged_legacy_table_is_a_problem_or_another_table(cut: int, flip: int, with_byte: int) -> None:
    info, whole = (bytes.fromhex(text) for text in captured("legacy")["legacy"]["4/nat"])
    damaged = bytearray(whole[: len(whole) - cut])
    if flip < len(damaged):
        damaged[flip] = with_byte
    try:
        table = legacy.Table(info, bytes(damaged), 4)
        for entry, _policy in table.hooks.values():
            for rule in table.rules(str(entry)):
                rule.outcomes(wanted(WEB))
    except Problem:
        return


@given(data=st.data())
def test_a_damaged_rule_of_nftables_is_a_problem_or_another_rule(data: st.DataObject) -> None:
    answers = captured("nftables")["nft"]
    key = data.draw(st.sampled_from(sorted(answers)))
    content = bytearray(bytes.fromhex(data.draw(st.sampled_from(answers[key] or ["00"]))))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    kernel = Kernel({**answers, key: [content[: data.draw(st.integers(0, len(content)))].hex()]})
    try:
        for chain in nft.chains(kernel):
            for rule in nft.Table(chain.family, chain.table, kernel).rules(chain.name):
                rule.outcomes(wanted(WEB))
    except Problem:
        return


IPVS = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A600101:0050 rr
  -> 0AF40206:1F90      Masq    1      0          0
  -> 0AF40105:1F90      Masq    0      0          0
UDP  0A60000A:0035 rr persistent 10800
TCP  [fd00:0096:0000:0000:0000:0000:0000:0001]:0050 rr
  -> [fd00:0001:0000:0000:0000:0000:0000:0005]:1F90      Masq    1      0          0
FWM  00000001 rr
  -> 0AF40301:0050      Masq    1      0          0
"""


@pytest.mark.parametrize(
    ("packet", "to"),
    [
        (WEB, ["10.244.2.6:8080"]),
        (WEB6, ["[fd00:1::5]:8080"]),
        ("udp/10.96.0.10:53", []),
    ],
)
def test_ipvs_sends_to_servers_with_a_weight(packet: str, to: list[str]) -> None:
    answer = fate(wanted(packet), [], ipvs.parsed(IPVS), time.monotonic() + 30, hooks=FORWARDED)

    assert answer == {"by": "ipvs", "to": to, "more": 0}


def test_ipvs_does_not_know_another_address() -> None:
    assert ipvs.behind(wanted("tcp/10.96.1.1:81"), ipvs.parsed(IPVS)) is None


@given(text=st.text(max_size=200))
def test_hostile_text_of_ipvs_is_a_problem_or_a_table(text: str) -> None:
    try:
        ipvs.parsed(IPVS + text + "\n")
    except Problem:
        return
