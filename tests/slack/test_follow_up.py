"""What people say next in a thread."""

from __future__ import annotations

import dataclasses

import pytest

from bot.slack.follow_up import Before, WhichNode, in_context
from tests.slack.fixtures import wrong_port

BEFORE = Before(symptom="web cannot reach cart", diagnosis=wrong_port())


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("again", "web cannot reach cart"),
        ("Try it again, please", "web cannot reach cart"),
        ("and now?", "web cannot reach cart"),
        ("still broken?", "web cannot reach cart"),
        ("and from the other node?", "web cannot reach cart from node node2"),
        ("and from the other host", "web cannot reach cart from node node2"),
        ("and from node2?", "web cannot reach cart from node node2"),
        ("from pod web-2", "web-2 cannot reach cart"),
        ("and to redis?", "web cannot reach redis"),
        ("what about redis", "web cannot reach redis"),
        ("and in namespace test?", "web cannot reach cart in namespace test"),
        ("redis is slow in shop", "redis is slow in shop"),
        ("and dns is slow too", "and dns is slow too"),
        ("<!channel>", "<!channel>"),
    ],
)
def test_it_is_read_with_what_was_asked_before(text: str, meant: str) -> None:
    assert in_context(text, BEFORE) == meant


@pytest.mark.parametrize(
    ("earlier", "text", "meant"),
    [
        ("web in shop cannot reach cart", "and in test?", "web in test cannot reach cart"),
        ("web cannot reach cart from node node1", "and from the other node", "web cannot reach cart from node node2"),
        ("dns is slow", "and from pod web-1?", "dns is slow from web-1"),
        ("dns is slow", "and to api.example.com?", "dns is slow to api.example.com"),
    ],
)
def test_a_part_is_replaced_or_added(earlier: str, text: str, meant: str) -> None:
    assert in_context(text, dataclasses.replace(BEFORE, symptom=earlier)) == meant


@pytest.mark.parametrize("diagnosis", [None, dataclasses.replace(wrong_port(), path=(), causes=(), also_seen=())])
def test_the_other_node_is_asked_for_where_none_is_known(diagnosis: object) -> None:
    with pytest.raises(WhichNode):
        in_context("and from the other node?", Before(symptom="web cannot reach cart", diagnosis=diagnosis))  # type: ignore[arg-type]
