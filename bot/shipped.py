"""What is shipped as data, and where it lies: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the folder ``rules`` or ``playbooks``."""
    inside = PACKAGE / "shipped" / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def commit() -> str:
    """Return the commit that an image was built from; empty elsewhere."""
    file = PACKAGE / "shipped" / "commit"
    return file.read_text().strip() if file.is_file() else ""
