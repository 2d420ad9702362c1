"""Whether packets that Pods send get another source, by rules as the kernel keeps them, and by rules made here."""

from __future__ import annotations

import struct
import time
from typing import Any

import pytest

from bot.node.collector import expressions, legacy, masquerade, xt
from bot.node.collector.packet import Outcome, Packet, Verdict, sent
from bot.node.collector.proc import Problem
from bot.node.collector.request import checked
from bot.node.collector.translate import Way
from tests.node.test_translate import ways

PACKET = "10.244.2.7,tcp/192.0.2.88:8080"
SNAT, ACCEPT, RETURN = Verdict("snat"), Verdict("accept"), Verdict("return")
YES, NO, MAYBE = (
    {"translated": "yes", "by": "nft", "source": ""},
    {"translated": "no", "by": "", "source": ""},
    {"translated": "maybe", "by": "nft", "source": ""},
)


class Made:
    """A rule with one outcome."""

    def __init__(self, verdict: Verdict, sure: bool) -> None:
        self.outcome = Outcome(verdict, sure)

    def outcomes(self, packet: Packet) -> list[Outcome]:
        return [self.outcome]


class Chain:
    """A table of one chain."""

    def __init__(self, *rules: tuple[Verdict, bool]) -> None:
        self.made = [Made(*rule) for rule in rules]

    def rules(self, chain: str) -> list[Made]:
        return self.made


def way(*rules: tuple[Verdict, bool], hook: str = "postrouting", version: int = 4) -> Way:
    return Way(Chain(*rules), "nft", "POSTROUTING", hook, "nat", "accept", version, 100)


def answer(*known: Way, packet: str = PACKET) -> Any:
    return masquerade.source_of(sent(packet), known, time.monotonic() + 30)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([(SNAT, True)], YES),
        ([(SNAT, False)], MAYBE),
        ([(ACCEPT, True), (SNAT, True)], NO),
        ([(RETURN, True), (SNAT, True)], NO),
        ([(RETURN, False), (SNAT, True)], YES),
        ([(ACCEPT, False), (SNAT, True)], MAYBE),
        ([], NO),
        ([(Verdict("snat", "10.231.0.77"), True)], {**YES, "source": "10.231.0.77"}),
        ([(Verdict("snat", "10.231.0.77"), False)], MAYBE),
    ],
)
def test_what_surely_gets_another_source_is_told_from_what_may(rules: list[tuple[Verdict, bool]], told: Any) -> None:
    assert answer(way(*rules)) == told


def test_chains_of_other_hooks_and_versions_are_not_met_and_a_later_one_may_say_yes() -> None:
    assert answer(way((SNAT, True), hook="prerouting"), way((SNAT, True), version=6)) == NO
    assert answer(way((ACCEPT, True)), way((SNAT, True))) == YES


def test_the_captured_rules_of_services_give_pods_no_other_source() -> None:
    assert [answer(*ways(name)) for name in ("legacy", "nftables")] == [NO, NO]


def entry(source: str, mask: str, *, inverted: bool = False) -> legacy.Entry:
    head = bytearray(legacy.V4.size)
    addresses = [bytes(map(int, text.split("."))) for text in (source, "0.0.0.0", mask, "0.0.0.0")]
    struct.pack_into("=4s4s4s4s", head, 0, *addresses)
    head[legacy.V4.flags_at + 1] = legacy.INVERTED_SOURCE if inverted else 0
    return legacy.Entry(0, legacy.V4, bytes(head), (), "MASQUERADE", 0, b"", "")


@pytest.mark.parametrize(
    ("rule", "outcomes"),
    [
        (entry("10.244.0.0", "255.255.0.0"), [Outcome(SNAT, True)]),
        (entry("10.245.0.0", "255.255.0.0"), []),
        (entry("10.244.0.0", "255.255.0.0", inverted=True), []),
        (entry("10.245.0.0", "255.255.0.0", inverted=True), [Outcome(SNAT, True)]),
    ],
)
def test_a_legacy_rule_for_a_source_is_met_by_it_alone(rule: legacy.Entry, outcomes: list[Outcome]) -> None:
    packet = sent(PACKET)

    assert rule.outcomes(packet) == outcomes
    assert [outcome.sure for outcome in rule.outcomes(packet._replace(source=None))] == [False]


def part(number: int, content: bytes) -> bytes:
    """An attribute of netlink."""
    return struct.pack("=HH", 4 + len(content), number) + content + bytes(-len(content) % 4)


def expression(name: str, **known: bytes | int) -> bytes:
    inner = b"".join(
        part(int(key[1:]), value if isinstance(value, bytes) else struct.pack(">I", value))
        for key, value in known.items()
    )
    return part(1, name.encode() + b"\0") + part(2, inner)


@pytest.mark.parametrize(("network", "met"), [(b"\x0a\xf4", True), (b"\x0a\xf5", False)])
@pytest.mark.parametrize("last", [expression("masq"), expression("nat", _1=0)], ids=["masq", "nat"])
def test_an_nftables_rule_for_a_source_is_met_by_it_alone(network: bytes, last: bytes, *, met: bool) -> None:
    # ip saddr 10.244.0.0/16, as iptables-nft writes it: two bytes at 12 of the header.
    load = expression("payload", _1=1, _2=expressions.NETWORK_HEADER, _3=expressions.SOURCE_AT[4], _4=2)
    compare = expression("cmp", _1=1, _2=expressions.EQUAL, _3=part(expressions.VALUE, network))
    rule = expressions.Rule([load, compare, last], lambda name: None)
    packet = sent(PACKET)

    assert rule.outcomes(packet) == ([Outcome(SNAT, True)] if met else [])
    assert rule.outcomes(packet._replace(source=None)) == [Outcome(SNAT, False)]


@pytest.mark.parametrize("target", ["MASQUERADE", "NETMAP"])
def test_targets_that_give_another_source_are_known(target: str) -> None:
    assert xt.verdict_of(target, 0, b"") == SNAT


IPV4, IPV6 = (xt.NAT_IPV4, (1,)), (xt.NAT, ())


def given(layout: tuple[struct.Struct, tuple[int, ...]], address: bytes, port: int) -> bytes:
    """What a target of NAT holds: one address and port."""
    packed, before = layout
    return packed.pack(*before, xt.NAT_WITH_PORTS, address, address, port.to_bytes(2, "big"), port.to_bytes(2, "big"))


def test_the_source_that_a_rule_gives_is_told() -> None:
    address = bytes([10, 231, 0, 77])
    load = expression("immediate", _1=1, _2=part(expressions.VALUE, address))
    native = expressions.Rule([load, expression("nat", _1=0, _2=2, _3=1)], lambda name: None)

    assert xt.verdict_of("SNAT", 0, given(IPV4, address, 0)) == Verdict("snat", "10.231.0.77")
    assert xt.verdict_of("SNAT", 1, given(IPV6, address + bytes(12), 0)) == Verdict("snat", "10.231.0.77")
    assert native.outcomes(sent(PACKET)) == [Outcome(Verdict("snat", "10.231.0.77"), True)]


def test_a_port_of_the_machine_itself_that_packets_are_sent_to_is_told() -> None:
    load = expression("immediate", _1=1, _2=part(expressions.VALUE, (15001).to_bytes(2, "big")))
    native = expressions.Rule([load, expression("redir", _1=1)], lambda name: None)

    assert xt.verdict_of("REDIRECT", 0, given(IPV4, bytes(4), 15001)) == Verdict("dnat", "127.0.0.1:15001")
    assert xt.verdict_of("REDIRECT", 0, given(IPV6, bytes(16), 15001)) == Verdict("dnat", "[::1]:15001")
    assert native.outcomes(sent(PACKET)) == [Outcome(Verdict("dnat", "127.0.0.1:15001"), True)]
    with pytest.raises(Problem, match="cut off"):
        xt.verdict_of("REDIRECT", 0, b"\0")


def test_a_packet_with_its_source_is_taken_and_nothing_else() -> None:
    longest = f"{'2001:db8:' + '1111:' * 5}1111,sctp/[{'2001:db8:' + '2222:' * 5}2222]:65535"

    assert checked(["masquerade", PACKET, longest]) == ["masquerade", PACKET, longest]
    for word in (
        "tcp/192.0.2.88:8080",
        "10.244.2.7,192.0.2.88:8080",
        "10.244.2.7,tcp/[2001:db8::1]:80",
        "x,tcp/192.0.2.1:1",
    ):
        with pytest.raises(Problem):
            checked(["masquerade", word])
