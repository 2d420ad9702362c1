"""Where things are, in the checkout and in the image."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CACHE = REPOSITORY / ".cache" / "image"
"""What was fetched and built once."""

PYTHON = "usr/bin/python3.11"
SITE = "usr/local/lib/python3.11/dist-packages"
"""Where Debian's Python looks for what Debian does not manage."""
DOCUMENTS = "usr/share/netmedic"


class Failed(Exception):
    """The image cannot be built, for this reason."""


def run(*command: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a command and return what it writes.

    Raises:
        Failed: It ends with an error.
    """
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise Failed(f"{' '.join(words)[:200]}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout
