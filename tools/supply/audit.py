"""Known vulnerabilities of the locked packages; ``tools/audit`` runs it where pip-audit is.

pip-audit ends well where it found nothing to look at; here, not having looked is a failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

LOCKS = ("requirements.lock", "requirements-dev.lock")
SECONDS = 300
FOUND, COULD_NOT_LOOK = 1, 2


def main(locks: Sequence[str] = LOCKS) -> int:
    """Ask about each lock; return 0 if all is well, 1 with something known, 2 where it could not be found out."""
    status = 0
    for lock in locks:
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", lock, "-f", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        code, lines = judged(lock, done.stdout, done.stderr)
        status = max(status, code)
        for line in lines:
            sys.stderr.write(f"{line}\n")
    return status


def judged(lock: str, answer: str, said: str) -> tuple[int, list[str]]:
    """Return the exit status for an answer of pip-audit, and what to say."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except ValueError:
        last = (said.strip().splitlines() or ["it said nothing"])[-1]
        return COULD_NOT_LOOK, [f"{lock}: not looked at: no service of advisories could be asked ({last[:200]})."]
    lines = list(vulnerable(packages))
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped or not packages:
        lines.append(
            f"{lock}: {len(skipped)} of {len(packages)} packages not looked at: the service of advisories does not "
            "know them. Run this where pypi.org itself can be reached."
        )
        return COULD_NOT_LOOK, lines
    return (FOUND, lines) if lines else (0, [f"{lock}: {len(packages)} packages, no known vulnerability."])


def vulnerable(packages: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each known vulnerability."""
    for package in packages:
        for known in package.get("vulns", []):
            fixed = ", ".join(known["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {known['id']}, fixed in {fixed}"


if __name__ == "__main__":
    sys.exit(main())
