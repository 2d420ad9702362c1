"""What the repository brings along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.supply import audit, licences, secrets

TOKEN = "xoxb-" + "1234567890-abcdefghijkl"


def test_a_secret_is_found_and_a_known_one_is_not_told(tmp_path: Path) -> None:
    leak, known = tmp_path / "leak.py", tmp_path / "known.yaml"
    leak.write_text(f'TOKEN = "{TOKEN}"\n')
    known.write_text("{}")

    [told] = secrets.problems([str(leak)], known)
    digest = told.rpartition("add ")[2].split()[0]
    known.write_text(f"{leak}: [{digest}]")

    assert told.startswith(f"{leak}:1: Slack Token. If it is real, revoke it now")
    assert list(secrets.problems([str(leak)], known)) == []


def test_files_with_a_known_secret_are_still_there() -> None:
    known = secrets.KNOWN.read_text()

    assert [name for name in known.splitlines() if name.endswith(":") and not Path(name[:-1]).is_file()] == []


@pytest.mark.parametrize(
    ("licence", "is_allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("MIT License; Mozilla Public License 2.0 (MPL 2.0)", True),
        ("UNKNOWN", False),
    ],
)
def test_a_licence_that_is_not_on_the_list_is_refused(licence: str, *, is_allowed: bool) -> None:
    package = {"Name": "x", "Version": "1", "License": licence}
    allowed = ["MIT", "MIT License", "Apache-2.0", "Mozilla Public License 2.0 (MPL 2.0)"]

    told = list(licences.refused([package], licences=allowed, packages={}))

    assert told == ([] if is_allowed else [f"x 1: its licence “{licence}” is not in tools/supply/licences.yaml."])
    assert list(licences.refused([package], licences=allowed, packages={"x": "why"})) == []


def answer(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


WELL = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "b", "skip_reason": "Dependency not found on PyPI"}
BAD = {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        (answer(WELL), 0, "x.lock: 1 packages, no known vulnerability."),
        (answer(WELL, BAD), 1, "c 2: PYSEC-1, fixed in 2.1"),
        (answer(), 2, "x.lock: 0 of 0 packages not looked at: the service of advisories does not know them."),
        (answer(WELL, SKIPPED), 2, "x.lock: 1 of 2 packages not looked at"),
        ("", 2, "x.lock: not looked at: no service of advisories could be asked (Name or service not known)."),
    ],
    ids=["well", "vulnerable", "nothing", "skipped", "unreachable"],
)
def test_not_having_looked_is_not_well(said: str, status: int, told: str) -> None:
    code, lines = audit.judged("x.lock", said, "Traceback\nName or service not known")

    assert code == status
    assert lines[0].startswith(told)
