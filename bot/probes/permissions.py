"""What the reader has to be allowed: a ClusterRole made from the probes, never by hand.

``python -m bot.probes.permissions`` prints it, ``--write`` writes the file that the chart makes the reader's role from,
and ``--check`` only tells whether that is fresh.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.cluster.objects import ConfigMap, Object
from bot.probes import PROBES
from bot.probes.probe import Probe

FILE = Path("helm/netmedic/files/reader-clusterrole.yaml")
HEAD = """\
# Written by `python -m bot.probes.permissions --write`: the reads of all probes together. It allows no write, and no
# read of Secrets. To ask node helpers, create and get on pods/exec in the helper's own namespace is needed besides.
"""


def role(probes: Iterable[Probe] = PROBES) -> dict[str, Any]:
    """Return the ClusterRole."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "netmedic-reader"},
        "rules": rules(tuple(probes)),
    }


def rules(probes: Sequence[Probe]) -> list[dict[str, list[str]]]:
    """Return the rules: one per API group and set of verbs, then logs, then paths that are no resources."""
    together: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for of in {item for probe in probes for item in probe.reads}:
        for group in of.resource.groups:
            together.setdefault((group, verbs(of)), set()).add(of.resource.plural)
    found = [
        {"apiGroups": [group], "resources": sorted(plurals), "verbs": list(allowed)}
        for (group, allowed), plurals in sorted(together.items())
    ]
    if any(probe.logs for probe in probes):
        found.append({"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]})
    paths = sorted({path for probe in probes for path in probe.paths})
    return [*found, {"nonResourceURLs": paths, "verbs": ["get"]}] if paths else found


def verbs(of: type[Object]) -> tuple[str, ...]:
    """Return what is done with objects of a type; ConfigMaps are read by name only."""
    return ("get",) if of is ConfigMap else ("get", "list")


def text() -> str:
    """Return the ClusterRole as it stands in the file."""
    return HEAD + str(yaml.safe_dump(role(), sort_keys=False))


def main(arguments: Sequence[str]) -> int:
    """Print, write or compare; return the exit status."""
    if "--write" in arguments:
        FILE.write_text(text(), encoding="utf-8")
        return 0
    if "--check" not in arguments:
        sys.stdout.write(text())
        return 0
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == text():
        return 0
    sys.stderr.write(f"{FILE} is out of date: run `python -m bot.probes.permissions --write`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
