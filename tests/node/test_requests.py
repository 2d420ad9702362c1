"""Requests, and answers out of a recording."""

from __future__ import annotations

import json

import pytest

from bot.node.requests import (
    MAX_TARGETS,
    Request,
    answer_from,
    connect_requests,
    in_order,
    inside,
    sample_request,
    target,
)
from tests.node.samples import answer, connects


def test_the_same_targets_make_the_same_request() -> None:
    assert connect_requests(["b:1", "a:1", "b:1"]) == connect_requests(["a:1", "b:1"]) == [("connect", "a:1", "b:1")]


@pytest.mark.parametrize(
    ("request_", "ordered"),
    [
        (("connect", "b:1", "a:1"), ("connect", "a:1", "b:1")),
        (("reach", "--times", "4", "b:1", "a:1"), ("reach", "--times", "4", "a:1", "b:1")),
        (inside("uid", "ip", ("ping", "b", "a")), inside("uid", "ip", ("ping", "a", "b"))),
        (sample_request(), sample_request()),
        (("recall", "--from", "900", "--to", "0"), ("recall", "--from", "900", "--to", "0")),
        (inside("uid", "ip", ("sample", "--seconds", "3")), inside("uid", "ip", ("sample", "--seconds", "3"))),
        (("version",), ("version",)),
    ],
)
def test_the_things_that_are_asked_for_are_put_in_order_and_nothing_else(request_: Request, ordered: Request) -> None:
    assert in_order(request_) == ordered


def test_many_targets_make_several_requests() -> None:
    texts = [f"10.0.{n // 250}.{n % 250}:80" for n in range(MAX_TARGETS + 1)]

    assert [len(request) - 1 for request in connect_requests(texts)] == [MAX_TARGETS, 1]
    assert connect_requests([]) == []


@pytest.mark.parametrize(("ip", "text"), [("10.0.0.1", "10.0.0.1:80"), ("2001:DB8::1", "[2001:db8::1]:80")])
def test_a_target_is_written_one_way(ip: str, text: str) -> None:
    assert target(ip, 80) == text


def test_a_name_is_no_target() -> None:
    with pytest.raises(ValueError, match=r"example\.net"):
        target("example.net", 80)


def test_a_sample_over_another_window_answers() -> None:
    recorded = {sample_request(3): answer()}

    assert answer_from(recorded, sample_request(5)) == answer()


def test_recorded_connects_answer_any_of_their_targets() -> None:
    recorded = dict(
        [
            connects("node1", {"10.0.0.1:80": "open", "10.0.0.2:80": "silent"}),
            connects("node1", {"10.0.0.3:80": "refused"}),
        ]
    )

    found = json.loads(answer_from(recorded, ("connect", "10.0.0.1:80", "10.0.0.3:80")) or b"")

    assert found["connects"] == {
        "10.0.0.1:80": {"result": "open", "us": 120},
        "10.0.0.3:80": {"result": "refused", "us": 120},
    }
    assert found["request"] == ["connect", "10.0.0.1:80", "10.0.0.3:80"]
    assert found["node"] == "node1"


@pytest.mark.parametrize("request_", [("connect", "10.0.0.1:80", "10.0.0.9:80"), sample_request(), ("version",)])
def test_what_was_not_recorded_is_not_answered(request_: tuple[str, ...]) -> None:
    recorded = dict([connects("node1", {"10.0.0.1:80": "open"})])

    assert answer_from(recorded, request_) is None


def test_a_broken_recording_does_not_answer() -> None:
    recorded: dict[Request, bytes] = {
        ("connect", "10.0.0.1:80"): b'{"connects": {"10.0.0.1:80"',
        ("connect", "10.0.0.2:80"): b'{"a":' * 9000,
    }

    assert answer_from(recorded, ("connect", "10.0.0.1:80", "10.0.0.2:80")) is None
