"""``python -m tools.supply``: look for secrets and licences; ``make check`` runs it."""

from __future__ import annotations

import sys

from tools.supply import licences, secrets


def main() -> int:
    """Say what is wrong; return the exit status."""
    problems = [*secrets.problems(), *licences.problems()]
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
