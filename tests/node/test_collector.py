"""The collector as a program: its fixed set of requests, and what it refuses."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.node.collector import answer, request
from bot.node.collector import connect as connects
from bot.node.collector.answer import document
from bot.node.collector.connect import connect, result, target
from bot.node.collector.proc import Problem
from bot.node.collector.request import checked
from bot.node.collector.traffic import Traffic

ROOT = Path(__file__).parents[2]
NOT_HERE = "192.0.2.77"
"""An address for documentation, which no machine holds."""


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", "-B", "-m", "bot.node.collector", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["help"],
        ["version", "now"],
        ["sample"],
        ["sample", "--seconds", "0"],
        ["sample", "--seconds", "31"],
        ["sample", "--seconds", "3; reboot"],
        ["sample", "--seconds", "3", "4"],
        ["sample", "--seconds", "3", "--traffic", "10.0.0.1"],
        ["recall"],
        ["recall", "--from", "901", "--to", "0"],
        ["recall", "--from", "5", "--to", "5"],
        ["connect"],
        ["connect", *[f"10.0.0.1:{port}" for port in range(1, 66)]],
        ["connect", "10.0.0.1:80", "$(reboot):80"],
        ["series"],
        ["series", *[f"10.0.0.1:{port}" for port in range(1, 26)]],
        ["sizes", "10.0.0.1:80"],
        ["sizes", *[f"10.0.0.{number}" for number in range(1, 18)]],
        ["connect", "10.0.0.1:80" + " " * 64],
    ],
)
def test_what_is_no_request_is_refused(arguments: list[str]) -> None:
    with pytest.raises(Problem):
        checked(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["version"],
        ["sample", "--seconds", "1"],
        ["sample", "--seconds", "30"],
        ["sample", "--seconds", "3", "--traffic"],
        ["recall", "--from", "900", "--to", "0"],
        ["connect", *[f"10.0.0.1:{port}" for port in range(1, 65)]],
        ["series", *[f"10.0.0.1:{port}" for port in range(1, 25)]],
        ["sizes", "2001:db8::1", *[f"10.0.0.{number}" for number in range(1, 16)]],
    ],
)
def test_a_request_of_the_set_is_taken(arguments: list[str]) -> None:
    assert checked(arguments) == arguments


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1:80", ("192.0.2.1", 80)),
        ("[2001:db8::1]:65535", ("2001:db8::1", 65535)),
        ("192.0.2.1:1", ("192.0.2.1", 1)),
    ],
)
def test_a_target_is_an_address_and_a_port(text: str, found: tuple[str, int]) -> None:
    assert target(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.1",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "192.0.2.1:-1",
        "192.0.2.1:8_0",
        "192.0.2.01:80",
        "example.net:80",
        "2001:db8::1:80",
        "[192.0.2.1]:80",
        "[fe80::1%eth0]:80",
        "127.0.0.1:80",
        "[::1]:80",
        "0.0.0.0:80",
        "224.0.0.1:80",
        ":80",
        "",
    ],
)
def test_anything_else_is_no_target(text: str) -> None:
    with pytest.raises(Problem):
        target(text)


def test_an_unknown_request_ends_with_status_2_and_one_line() -> None:
    ended = run("reboot\x1b[2J")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"not a request: 'reboot\\x1b[2J'; {request.USAGE}\n"


def test_the_version_says_who_answers() -> None:
    ended = run("version", NODE_NAME="node1", HOST_IP="192.0.2.1")

    found = json.loads(ended.stdout)
    assert (ended.returncode, found["schema"], found["version"]) == (0, answer.SCHEMA, answer.VERSION)
    assert (found["node"], found["host_ip"], found["request"]) == ("node1", "192.0.2.1", ["version"])


@pytest.mark.parametrize("request_", [("sample", "--seconds", "1"), ("connect", "192.0.2.1:80")])
@pytest.mark.parametrize(
    ("host_ip", "why"),
    [
        (
            NOT_HERE,
            f"this is not the Node's network namespace: {NOT_HERE} is on no interface; the Pod needs hostNetwork",
        ),
        ("", "the Pod does not say its Node's address: HOST_IP has to come from status.hostIP"),
        ("node1", "the Pod does not say its Node's address: HOST_IP has to come from status.hostIP"),
    ],
)
def test_another_network_namespace_is_refused(
    monkeypatch: pytest.MonkeyPatch, request_: tuple[str, ...], host_ip: str, why: str
) -> None:
    monkeypatch.setenv("HOST_IP", host_ip)

    found = document(list(request_))

    assert found["error"] == why
    assert "series" not in found
    assert "connects" not in found


def test_the_pods_main_process_ends_when_it_is_told_to() -> None:
    command = [sys.executable, "-S", "-B", "-m", "bot.node.collector", "idle"]
    with subprocess.Popen(command, cwd=ROOT) as pod:
        os.kill(pod.pid, signal.SIGCHLD)
        with pytest.raises(subprocess.TimeoutExpired):
            pod.wait(timeout=0.5)
        pod.terminate()

        # A signal that comes before it waits for one ends it too.
        assert pod.wait(timeout=10) in (0, -signal.SIGTERM)


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_who_listens_only_now_and_then_is_not_called_refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    refused, opened = {"result": "refused", "us": 9}, {"result": "open", "us": 9}
    rounds = iter([{"now": refused, "never": refused, "up": opened}, {"now": opened, "never": refused}])
    asked: list[list[str]] = []

    def once(targets: dict[str, tuple[str, int]]) -> dict[str, Any]:
        asked.append(list(targets))
        return next(rounds, {"never": refused})

    monkeypatch.setattr(connects, "connect", once)
    monkeypatch.setattr(connects, "PAUSES_SECONDS", (0.0, 0.0))
    found: dict[str, Any] = connects.connect_surely(dict.fromkeys(("now", "never", "up"), ("127.0.0.1", 1)))

    assert {text: end["result"] for text, end in found.items()} == {"now": "open", "never": "refused", "up": "open"}
    assert asked == [["now", "never", "up"], ["now", "never"], ["never"]]


def test_open_and_refused_are_told_apart(listening: int, closed: int) -> None:
    found = connect({"up": ("127.0.0.1", listening), "down": ("127.0.0.1", closed)})

    assert found["up"]["result"] == "open"  # type: ignore[index,call-overload]
    assert found["down"]["result"] == "refused"  # type: ignore[index,call-overload]


def test_silence_has_no_duration() -> None:
    assert result(errno.ETIMEDOUT, 2.5) == {"result": "silent", "us": 0}


def test_a_node_that_cannot_try_says_so() -> None:
    found = result(errno.EADDRNOTAVAIL, 0.000004)

    assert found == {"result": "failed", "us": 4, "error": "EADDRNOTAVAIL: Cannot assign requested address"}


def test_traffic_is_counted_and_its_connects_are_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        sender = Traffic(["127.0.0.1"], port=there.getsockname()[1])
        sender.send()
        sender.send()
        there.settimeout(5)
        came, _ = there.accept()
        with came:
            left = came.recv(1)

    assert (sender.packets, left) == (2, b"")


def test_traffic_that_cannot_be_sent_is_not_counted() -> None:
    sender = Traffic(["255.255.255.255"])

    sender.send()

    assert sender.packets == 0
