"""Requests that take a higher tier: what is taken, and what is refused."""

from __future__ import annotations

import pytest

from bot.node.collector.proc import Problem
from bot.node.collector.request import INSIDE, checked

POD = "cf581b81-43e9-401c-99bd-c76888d3bf0f"


@pytest.mark.parametrize(
    "arguments",
    [
        ["firewall"],
        ["translate", *[f"tcp/10.96.0.1:{port}" for port in range(1, 33)]],
        ["translate", "udp/[fd00::a]:53", "sctp/10.96.0.1:1"],
        ["entries", *[f"udp/10.96.0.1:{port}" for port in range(1, 17)]],
        ["ping", "2001:db8::1", *[f"10.0.0.{number}" for number in range(1, 16)]],
        ["inside", POD, "10.244.1.2", "sample", "--seconds", "3"],
        ["inside", POD.replace("-", ""), "fd00::2", "connect", "10.96.0.1:80"],
        ["inside", POD, "10.244.1.2", "firewall"],
        ["flows", "fd00::2", *[f"10.244.1.{number}" for number in range(1, 16)]],
        ["inside", POD, "10.244.1.2", "sockets"],
    ],
)
def test_a_request_of_a_higher_tier_is_taken(arguments: list[str]) -> None:
    assert checked(arguments) == arguments


@pytest.mark.parametrize(
    "arguments",
    [
        ["firewall", "now"],
        ["translate"],
        ["translate", "10.96.0.1:80"],
        ["translate", "icmp/10.96.0.1:80"],
        ["translate", "tcp/example.net:80"],
        ["translate", "tcp/127.0.0.1:80"],
        ["translate", *[f"tcp/10.96.0.1:{port}" for port in range(1, 34)]],
        ["entries", *[f"udp/10.96.0.1:{port}" for port in range(1, 18)]],
        ["ping", "10.0.0.1:80"],
        ["ping", "-f"],
        ["inside", POD, "10.244.1.2"],
        ["inside", "../1", "10.244.1.2", "firewall"],
        ["inside", POD.upper(), "10.244.1.2", "firewall"],
        ["inside", POD, "host", "firewall"],
        ["inside", POD, "10.244.1.2", "sh", "-c", "reboot"],
        ["inside", POD, "10.244.1.2", "recall", "--from", "9", "--to", "0"],
        ["inside", POD, "10.244.1.2", "inside", POD, "10.244.1.2", "firewall"],
        ["inside", POD, "10.244.1.2", "entries", "udp/10.96.0.1:53"],
        ["inside", POD, "10.244.1.2", "flows", "10.244.1.2"],
        ["inside", POD, "10.244.1.2", "sockets", "all"],
        ["flows"],
        ["flows", "10.244.1.2:80"],
        ["flows", "127.0.0.1"],
        ["flows", *[f"10.244.1.{number}" for number in range(1, 18)]],
    ],
)
def test_what_is_no_request_of_a_higher_tier_is_refused(arguments: list[str]) -> None:
    with pytest.raises(Problem):
        checked(arguments)


def test_nothing_goes_from_one_pod_to_the_next() -> None:
    assert "inside" not in INSIDE
