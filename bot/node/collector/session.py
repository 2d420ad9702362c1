"""Many requests of one asker: a line each on stdin, and a line each on stdout when it is answered.

A line that asks is a JSON list, a number and the words of a request. A line that answers is the number, the exit
status the request would have had alone, and the document, or what was wrong. Each request is a process of its own, a
fork that has all code loaded: its rights, its time and the network it goes into are its own, as if it were alone.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .proc import Problem

IDLE_SECONDS = 60
AT_ONCE = 12  # processes, of a few MB of their own each
MAX_LINE = 64 * 1024
MAX_WAITING = 1000
MAX_ANSWER = 4 * 2**20
MAX_WORDS = 80

Answer = Callable[[list[str]], tuple[int, str]]


@dataclass
class Asked:
    """A request that is being answered."""

    number: int
    process: int
    answer: bytearray = field(default_factory=bytearray)


class Session:
    """The requests of one asker, who is gone when stdin ends."""

    def __init__(self, answer: Answer) -> None:
        """Answer with a function that returns an exit status and a text of one line."""
        self.answer = answer
        self.line = b""
        self.waiting: deque[tuple[int, list[str]]] = deque()
        self.running: dict[int, Asked] = {}
        self.pipes = selectors.DefaultSelector()
        self.pipes.register(sys.stdin.fileno(), selectors.EVENT_READ)

    def run(self) -> None:
        """Answer until nobody asks any more.

        Raises:
            Problem: A line that is no request.
        """
        gc.freeze()  # what is loaded stays shared with the forks
        try:
            while ready := self.pipes.select(None if self.running else IDLE_SECONDS):
                for key, _ in ready:
                    if key.fd in self.running:
                        self.hear(key.fd)
                    elif not self.take():
                        return
                while self.waiting and len(self.running) < AT_ONCE:
                    self.start(*self.waiting.popleft())
        finally:
            for asked in self.running.values():
                os.kill(asked.process, signal.SIGKILL)

    def take(self) -> bool:
        """Take what was asked; False where nobody asks any more."""
        content = os.read(sys.stdin.fileno(), MAX_LINE)
        *lines, self.line = (self.line + content).split(b"\n")
        if len(self.line) > MAX_LINE or len(self.waiting) + len(lines) > MAX_WAITING:
            raise Problem("too much is asked")
        self.waiting.extend(asked(line) for line in lines)
        return bool(content)

    def start(self, number: int, words: list[str]) -> None:
        """Let a fork answer."""
        ours, theirs = os.pipe()
        process = os.fork()
        if not process:
            os.close(ours)
            alone(theirs, words, self.answer)
        os.close(theirs)
        self.running[ours] = Asked(number, process)
        self.pipes.register(ours, selectors.EVENT_READ)

    def hear(self, pipe: int) -> None:
        """Take a piece of an answer, and hand over a whole one."""
        asked = self.running[pipe]
        piece = os.read(pipe, MAX_LINE)
        asked.answer += piece
        if len(asked.answer) > MAX_ANSWER:
            os.kill(asked.process, signal.SIGKILL)
        elif piece:
            return
        self.pipes.unregister(pipe)
        os.close(pipe)
        del self.running[pipe]
        status = abs(os.waitstatus_to_exitcode(os.waitpid(asked.process, 0)[1]))
        too_long = len(asked.answer) > MAX_ANSWER
        text = b"the answer is too long" if too_long else bytes(asked.answer).replace(b"\n", b" ")
        sys.stdout.buffer.write(b"%d %d %s\n" % (asked.number, status, text))
        sys.stdout.buffer.flush()


def alone(pipe: int, words: list[str], answer: Answer) -> None:
    """Answer one request into a pipe, and end."""
    status = 1
    try:
        status, text = answer(words)
        with os.fdopen(pipe, "w") as stream:
            stream.write(text)
    except Exception as problem:  # noqa: BLE001 - a fork must not go on as its parent
        sys.stderr.write(f"{type(problem).__name__}: {problem}\n")
        sys.stderr.flush()
    finally:
        os._exit(status)


def asked(line: bytes) -> tuple[int, list[str]]:
    """Return the number and the words of a request.

    Raises:
        Problem: It is none.
    """
    try:
        match json.loads(line):
            case [int(number), *words] if 0 < len(words) <= MAX_WORDS and all(isinstance(word, str) for word in words):
                return number, words
    except (ValueError, RecursionError):
        pass
    raise Problem("a line is no request")
