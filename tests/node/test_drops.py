"""Rules that drop packets, by their counters: as the kernel told of them before and after three connects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.node.collector import drops, legacy, rights
from bot.node.collector.drops import Drop, Place, of_legacy, of_nftables
from bot.node.collector.proc import Problem
from tests.node.test_translate import RULES, Kernel, captured

OUTPUT, PREROUTING = ("output",), ("prerouting",)


def answers(name: str) -> dict[str, list[str]]:
    found: dict[str, Any] = json.loads((RULES / "drops.json").read_text())
    part: dict[str, list[str]] = found[name]
    return part


def rules(name: str) -> list[tuple[Place, Drop]]:
    return list(of_nftables(Kernel(answers(name))))


def test_each_rule_that_stops_and_counts_is_told_in_words_with_the_hooks_it_is_reached_from() -> None:
    assert [(place.chain, drop.verdict, drop.words(), drop.hooks) for place, drop in rules("before")] == [
        ("in", "drop", "ip frag-off & 0x3fff != 0x0000", PREROUTING),
        ("in", "drop", "ip saddr 127.0.0.0/8, l4proto tcp, dport 99", PREROUTING),
        ("sub", "drop", "ct state invalid", OUTPUT),
        ("sub", "reject", "l4proto tcp, dport 77, random mod 2 < 1", OUTPUT),
        ("sub", "drop", "ip saddr in bad (127.0.0.9), rate limit", OUTPUT),
        ("sub", "drop", "length > 1200, oifname lo", OUTPUT),
        ("sub", "drop", "l4proto tcp, tcp flags & 0x12 == 0x02, dport 78", OUTPUT),
    ]
    assert {place.title for place, _ in rules("before")} == {"nftables ip guard"}


def watched(monkeypatch: pytest.MonkeyPatch, *looks: list[tuple[Place, Drop]]) -> dict[str, Any]:
    turns = iter(looks)

    def look() -> Iterator[tuple[Place, Drop]]:
        return iter(next(turns))

    monkeypatch.setattr(drops, "stopping", look)
    monkeypatch.setattr(rights, "must_reach", lambda _: None)
    return drops.drops(0)


def test_only_rules_whose_counters_grew_are_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = watched(monkeypatch, rules("before"), rules("after"))["rules"]

    assert found == {
        "table": "nftables ip guard",
        "chain": "in",
        "verdict": "drop",
        "packets": 3,
        "words": "ip saddr 127.0.0.0/8, l4proto tcp, dport 99",
        "hooks": ["prerouting"],
    }


def test_a_rule_that_is_new_or_began_again_has_not_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched(monkeypatch, [], rules("after"))["rules"] == []
    assert watched(monkeypatch, rules("after"), rules("before"))["rules"] == []


def test_rules_of_iptables_legacy_are_found_from_each_hook() -> None:
    [(info, entries)] = [content for key, content in captured("legacy")["legacy"].items() if key == "4/filter"]
    table = legacy.Table(bytes.fromhex(info), bytes.fromhex(entries), 4)
    found = list(of_legacy(table, "iptables-legacy filter"))

    assert found
    assert all(drop.verdict in ("drop", "reject") and drop.hooks for _, drop in found)
    assert len({place for place, _ in found}) == len(found)


@given(data=st.data())
def test_damaged_rules_are_a_problem_or_other_rules(data: st.DataObject) -> None:
    known = answers("before")
    key = data.draw(st.sampled_from(sorted(known)))
    content = bytearray(bytes.fromhex(data.draw(st.sampled_from(known[key] or ["00"]))))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = of_nftables(Kernel({**known, key: [content[: data.draw(st.integers(0, len(content)))].hex()]}))
        [drop.words() for _, drop in found]
    except Problem:
        return
