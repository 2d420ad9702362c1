"""The worker process as its parent sees it: it may crash, hang or talk nonsense, and costs no more than that."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import IO, Any

from bot.engine.matching import MAX_MATCHES

ANSWER_SECONDS = 10.0
"""For one stratum; a diagnosis has three or so, of milliseconds (ours)."""
ANSWER_BYTES = 64 * 1024 * 1024
RUNS = 1_000
"""Answers of one worker, then it is replaced; it gives memory back and forgets what it broke."""
ENVIRONMENT = ("LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
"""What Python needs to find itself. Tokens in the environment are none of the worker's business."""


class Lost(Exception):
    """The worker is gone, or what it says is of no use."""


class Refused(Lost):
    """durable_rules cannot be loaded by this Python."""


class Worker:
    """One worker process, started when it is first asked."""

    def __init__(
        self,
        command: Sequence[str] = (sys.executable, "-m", "bot.engine.worker"),
        *,
        answer_seconds: float = ANSWER_SECONDS,
        answer_bytes: int = ANSWER_BYTES,
        runs: int = RUNS,
    ) -> None:
        self._command = tuple(command)
        self._answer_seconds = answer_seconds
        self._answer_bytes = answer_bytes
        self._most_runs = runs
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[Any, Any] | None = None
        self._defined: set[int] = set()
        self._runs = 0
        self.starts = 0
        """Processes started so far."""

    @property
    def pid(self) -> int:
        """The process that runs now; 0 if there is none."""
        return self._process.pid if self._process else 0

    def run(self, stratum: int, rules: Mapping[str, Any], facts: Sequence[Any]) -> dict[str, Any]:
        """Return the worker's answer.

        Raises:
            Lost: It ended, hung, refused or answered too much; it is gone now.
        """
        try:
            process = self._started()
            request = {"stratum": stratum, "facts": facts, "max_matches": MAX_MATCHES}
            if stratum not in self._defined:
                request["rules"] = rules
            answer = self._ask(process, request)
        except Lost:
            self.close()
            raise
        self._defined.add(stratum)
        self._runs += 1
        if self._runs >= self._most_runs or "cut" in answer:
            self.close()
        return answer

    def close(self) -> None:
        """End the process; the next request starts another."""
        if self._end:
            self._end()
        self._process = self._end = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is None:
            return self._process
        self.close()
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        try:
            process = subprocess.Popen(  # noqa: S603 - our own module, by our own Python
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env=environment,
            )
        except OSError as error:
            raise Lost(f"cannot be started: {error.strerror}") from error
        self._process = process
        self._end = weakref.finalize(self, end, process)
        self._defined, self._runs = set(), 0
        self.starts += 1
        greeting = self._ask(process, None)
        if "refused" in greeting:
            raise Refused(greeting["refused"])
        return process

    def _ask(self, process: subprocess.Popen[bytes], request: object) -> dict[str, Any]:
        line = b"" if request is None else json.dumps(request).encode() + b"\n"
        answer = exchange(process, line, seconds=self._answer_seconds, most_bytes=self._answer_bytes)
        try:
            content = json.loads(answer)
        except ValueError as error:
            raise Lost("answered something else than JSON") from error
        if not isinstance(content, dict):
            raise Lost("answered something else than an object")
        if "fault" in content:
            raise Lost(str(content["fault"]))
        return content


def exchange(process: subprocess.Popen[bytes], line: bytes, *, seconds: float, most_bytes: int) -> bytes:
    """Write a line to a process and return the line it answers.

    Raises:
        Lost: It ended, or there was no answer in time, or too long a one.
    """
    stdin, stdout = pipes(process)
    deadline = time.monotonic() + seconds
    rest, answer = memoryview(line), bytearray()
    with selectors.DefaultSelector() as selector:
        os.set_blocking(stdin.fileno(), False)
        os.set_blocking(stdout.fileno(), False)
        selector.register(stdout, selectors.EVENT_READ)
        if rest:
            selector.register(stdin, selectors.EVENT_WRITE)
        while not answer.endswith(b"\n"):
            left = deadline - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                raise Lost(f"no answer within {seconds:g} s")
            for key, event in ready:
                if event == selectors.EVENT_WRITE:
                    rest = rest[write(key.fd, rest) :]
                    if not rest:
                        selector.unregister(stdin)
                elif chunk := os.read(key.fd, 1 << 20):
                    answer += chunk
                else:
                    raise Lost(ending(process))
            if len(answer) > most_bytes:
                raise Lost(f"an answer of more than {most_bytes} bytes")
    return bytes(answer)


def write(fd: int, rest: memoryview) -> int:
    """Write what a pipe takes now; one that is closed will show at its other end."""
    try:
        return os.write(fd, rest[: 1 << 16])
    except BlockingIOError:
        return 0
    except BrokenPipeError:
        return len(rest)


def ending(process: subprocess.Popen[bytes]) -> str:
    """Return how a process that closed its output ended."""
    try:
        status = process.wait(1)
    except subprocess.TimeoutExpired:
        return "it closed its output"
    return f"it ended by signal {-status}" if status < 0 else f"it ended with status {status}"


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process: it is told, and killed where that is not enough. Nothing is left of it."""
    stdin, stdout = pipes(process)
    stdin.close()
    stdout.close()
    try:
        process.wait(0.2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """Return the input and output of a process that was started with pipes for both."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("a worker has pipes")
    return process.stdin, process.stdout
