"""Writing to stdout and stderr: in any encoding, and quietly when nobody reads any more."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from bot.cli.status import NOBODY_READS
from bot.cli.text import encodable


def write(text: str, stream: TextIO | None = None) -> None:
    """Write text; without a stream, to stdout."""
    to = stream or sys.stdout
    try:
        to.write(encodable(text, to.encoding or "ascii"))
        to.flush()
    except BrokenPipeError:
        # What is left in the buffer would raise again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), to.fileno())
        sys.exit(NOBODY_READS)
