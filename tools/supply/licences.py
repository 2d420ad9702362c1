"""Licences of what is installed, against those that ``licences.yaml`` allows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

ALLOWED = Path(__file__).parent / "licences.yaml"


def problems() -> Iterator[str]:
    """Yield a line for each installed package whose licence is not allowed, or not known."""
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--with-system"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    allowed = yaml.safe_load(ALLOWED.read_text(encoding="utf-8"))
    yield from refused(json.loads(listed), licences=allowed["licences"], packages=allowed["packages"])


def refused(
    installed: Sequence[Mapping[str, str]], *, licences: Sequence[str], packages: Mapping[str, str]
) -> Iterator[str]:
    """Yield a line for each package that neither a licence nor a line of its own allows."""
    for package in installed:
        name, licence = package["Name"], package["License"]
        if name in packages or any(all(part in licences for part in parts) for parts in choices(licence)):
            continue
        yield f"{name} {package['Version']}: its licence “{licence}” is not in tools/supply/{ALLOWED.name}."


def choices(licence: str) -> list[list[str]]:
    """Return what a licence expression leaves to choose from, each with all that it then asks for."""
    return [re.split(r" AND |; ", choice) for choice in licence.split(" OR ")]
