"""The chart, rendered by the real helm: what ``make chart`` fetched, or the one on the PATH."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
CHART = REPOSITORY / "helm" / "netmedic"
FETCHED = REPOSITORY / ".cache" / "chart"
SECONDS = 60

Values = dict[str, Any]
Object = dict[str, Any]


def helm() -> str | None:
    """Return the binary; None where there is none."""
    fetched = FETCHED / "helm"
    return str(fetched) if fetched.is_file() else shutil.which("helm")


def run(*arguments: str, values: Values) -> subprocess.CompletedProcess[str]:
    """Run helm with values, which are read from stdin."""
    binary = helm()
    assert binary is not None
    command = [binary, *arguments, "--values", "-"]
    return subprocess.run(
        command, input=json.dumps(values), capture_output=True, text=True, check=False, timeout=SECONDS
    )


def rendered(values: Values, *arguments: str, namespace: str = "netmedic") -> list[Object]:
    """Return the objects of a release."""
    done = run("template", "nm", str(CHART), "--namespace", namespace, *arguments, values=values)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def refusal(values: Values) -> str:
    """Return why values are refused."""
    done = run("template", "nm", str(CHART), values=values)
    assert done.returncode != 0, "the values were taken"
    return done.stderr


def one(objects: list[Object], kind: str, name: str = "") -> Object:
    """Return the only object of a kind, or the one with the name."""
    [found] = [each for each in objects if each["kind"] == kind and name in {"", each["metadata"]["name"]}]
    return found
