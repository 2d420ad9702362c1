"""Running a command line on a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

PREAMBLE = """
from bot.cli.app import cli
from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from tests import diagnosis_fixtures as fixtures
from tests.cli.fakes import FakeProgram
"""
LIMIT_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Session:
    """What stood on the screen in the end, and how the program ended."""

    screen: str
    status: int
    stdout: str
    """Where stdout was a file; else empty."""


def on_terminal(
    code: str, *, typed: str = "", stdout_to: Path | None = None, env: dict[str, str] | None = None
) -> Session:
    """Run Python on a terminal of 80 columns that has colours; each line of ``typed`` is typed after a prompt."""
    ours, theirs = pty.openpty()
    stdout = os.open(stdout_to, os.O_WRONLY | os.O_CREAT) if stdout_to else theirs
    process = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code],
        stdin=theirs,
        stdout=stdout,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **(env or {})},
        start_new_session=True,
        preexec_fn=own_terminal,  # noqa: PLW1509 - no threads here
    )
    os.close(theirs)
    if stdout_to:
        os.close(stdout)
    try:
        screen = talk(ours, typed.splitlines(keepends=True))
        status = process.wait(LIMIT_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return Session(screen=screen, status=status, stdout=stdout_to.read_text() if stdout_to else "")


def own_terminal() -> None:
    """Make stdin the terminal that Ctrl-C comes from."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def talk(terminal: int, lines: list[str]) -> str:
    """Return all that was written until the program closed the terminal."""
    written, answered, deadline = b"", 0, time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline and select.select([terminal], [], [], deadline - time.monotonic())[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux: nobody holds the other end any more
            break
        written += piece
        if written.count(b"]: ") + written.count(b"Which one: ") > answered and lines:
            os.write(terminal, lines.pop(0).encode())
            answered += 1
    return written.decode()
