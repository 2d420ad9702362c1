"""Secrets in the repository, found by their look; those in ``known_secrets.yaml`` are made up.

What only might be one (long words, the word “password”) is left out: in a program about addresses and tokens it is
found by the hundred. Nothing that is found is tried anywhere.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

HERE = Path(__file__).parent
KNOWN = HERE / "known_secrets.yaml"
KINDS = (
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "NpmDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SlackDetector",
)
FILTERS = ("detect_secrets.filters.allowlist.is_line_allowlisted",)
NO_TEXT = (".gz", ".lock", ".png", ".ttf")


def problems(files: Iterable[str] | None = None, known: Path = KNOWN) -> Iterator[str]:
    """Yield a line for each secret that is not known; files are those of the repository unless given."""
    expected = yaml.safe_load(known.read_text(encoding="utf-8"))
    with transient_settings(
        {"plugins_used": [{"name": kind} for kind in KINDS], "filters_used": [{"path": path} for path in FILTERS]}
    ):
        found = SecretsCollection()
        found.scan_files(*(tracked() if files is None else files))
    for name, secret in sorted(found, key=lambda each: (each[0], each[1].line_number)):
        if secret.secret_hash not in expected.get(name, []):
            yield (
                f"{name}:{secret.line_number}: {secret.type}. If it is real, revoke it now and rewrite the commit; "
                f"if it is made up, add {secret.secret_hash} to {KNOWN.name}."
            )


def tracked() -> list[str]:
    """Return the files of the repository that hold text."""
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, timeout=60).stdout
    return [name for name in listed.splitlines() if not name.endswith(NO_TEXT) and Path(name).is_file()]
