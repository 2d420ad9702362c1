from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.node.collector.proc import Problem
from bot.node.collector.session import MAX_LINE, MAX_WORDS, asked

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-S", "-B", "-m", "bot.node.collector", "session"]


class Talk:
    """A session and its asker."""

    def __init__(self, program: subprocess.Popen[bytes]) -> None:
        self.program = program

    def ask(self, *requests: Any) -> None:
        assert self.program.stdin
        self.program.stdin.write(b"".join(json.dumps(request).encode() + b"\n" for request in requests))
        self.program.stdin.flush()

    def hear(self, count: int) -> dict[int, tuple[int, str]]:
        """Return so many answers by their numbers: status and text."""
        assert self.program.stdout
        lines = [self.program.stdout.readline().decode().split(" ", 2) for _ in range(count)]
        return {int(number): (int(status), text.rstrip("\n")) for number, status, text in lines}

    def hang_up(self) -> int:
        assert self.program.stdin
        self.program.stdin.close()
        return self.program.wait(timeout=20)


@pytest.fixture
def talk() -> Iterator[Talk]:
    environment = {**os.environ, "NODE_NAME": "node1", "HOST_IP": "127.0.0.1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe) as program:
        yield Talk(program)
        program.kill()


def test_each_request_is_answered_as_if_it_were_alone(talk: Talk) -> None:
    talk.ask([7, "version"], [8, "reboot"], [9, "idle"], [10, "session"])

    found = talk.hear(4)

    document = json.loads(found[7][1])
    assert (found[7][0], document["node"], document["request"]) == (0, "node1", ["version"])
    assert [found[number][0] for number in (8, 9, 10)] == [2, 2, 2]
    assert found[8][1].startswith("not a request: 'reboot'; usage: ")
    assert talk.hang_up() == 0


def test_a_request_that_takes_long_keeps_no_other_waiting(talk: Talk) -> None:
    talk.ask([1, "sample", "--seconds", "2"], [2, "version"])

    assert list(talk.hear(1)) == [2]
    assert list(talk.hear(1)) == [1]


def test_more_than_fit_at_once_are_all_answered(talk: Talk) -> None:
    talk.ask(*([number, "clock", "first", "1"] for number in range(40)))

    found = talk.hear(40)

    assert sorted(found) == list(range(40))
    assert {status for status, _ in found.values()} == {0}


def test_whoever_hangs_up_ends_what_is_still_being_answered(talk: Talk) -> None:
    talk.ask([1, "sample", "--seconds", "30"], [2, "version"])
    talk.hear(1)

    status = talk.hang_up()

    assert talk.program.stdout
    with selectors.DefaultSelector() as pipes:
        # The pipe ends when the last process that holds it does.
        pipes.register(talk.program.stdout, selectors.EVENT_READ)
        assert pipes.select(10)
    assert (status, talk.program.stdout.read()) == (0, b"")


@pytest.mark.parametrize("line", [{"number": 1}, "version", ["version"], [1], [1, 2], [1, *["x"] * (MAX_WORDS + 1)]])
def test_a_line_that_is_no_request_ends_the_session(talk: Talk, line: object) -> None:
    talk.ask(line)

    assert talk.program.wait(timeout=20) == 2
    assert talk.program.stderr
    assert talk.program.stderr.read() == b"a line is no request\n"


def test_a_line_without_an_end_ends_the_session(talk: Talk) -> None:
    talk.ask([1, "x" * (2 * MAX_LINE)])

    assert talk.program.wait(timeout=20) == 2
    assert talk.program.stderr
    assert talk.program.stderr.read() == b"too much is asked\n"


def test_numbers_and_words_are_read() -> None:
    assert asked(b'[3, "connect", "192.0.2.1:80"]') == (3, ["connect", "192.0.2.1:80"])


@pytest.mark.parametrize("line", [b"", b"\xff", b"[" * 100_000, b"null", b"[true]", b'["1", "version"]'])
def test_anything_else_is_no_request(line: bytes) -> None:
    with pytest.raises(Problem, match=r"^a line is no request$"):
        asked(line)
