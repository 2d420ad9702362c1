"""One bounded read of one file, as a reading: the time, and a value or the reason why there is none."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from .proc import Problem

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"

# The longest of these files is /proc/stat, some 100 kB on the largest machines.
MAX_BYTES = 4 * 1024 * 1024
# A file of /proc/sys allocates as much kernel memory as is asked for, and fails where that is a lot.
CHUNK_BYTES = 64 * 1024


def text_of(path: str) -> str:
    """Return the text of a file of /proc or /sys.

    Raises:
        Problem: It cannot be read, or is too long.
    """
    try:
        with Path(path).open("rb", buffering=0) as file:
            content = bytearray()
            while len(content) <= MAX_BYTES and (chunk := file.read(CHUNK_BYTES)):
                content += chunk
    except OSError as problem:
        raise Problem(name_of(problem)) from None
    if len(content) > MAX_BYTES:
        raise Problem(f"longer than {MAX_BYTES} bytes")
    # Names of interfaces may be any bytes; this keeps two of them apart.
    return content.decode(errors="backslashreplace")


def name_of(problem: OSError) -> str:
    """Return an error of the kernel in words: ``EACCES: Permission denied``."""
    return f"{errno.errorcode.get(problem.errno or 0, 'error')}: {problem.strerror or type(problem).__name__}"


def reading(started: float, look: Callable[[], Json]) -> dict[str, Json]:
    """Return what a look gives, with the milliseconds since ``started`` (monotonic)."""
    at_ms = round((time.monotonic() - started) * 1000)
    try:
        return {"at_ms": at_ms, "value": look()}
    except Problem as problem:
        return {"at_ms": at_ms, "error": str(problem)}
