"""The image, built for real: the same to the byte every time, and with nothing in it that nobody needs."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.helm.release import CACHE, build, image
from tests.testbed import TestBed
from tools.image import sbom, seal
from tools.image.places import SITE

pytestmark = pytest.mark.cluster

UNWANTED = set("sh bash dash busybox perl gcc cc as ld pip apt dpkg curl wget".split())  # noqa: SIM905 - words
MEGABYTES = 240
"""It has 211 today; half of it is the kubernetes package, Python and SQLAlchemy."""


@pytest.fixture
def root(test_bed: TestBed) -> Path:
    image(test_bed)
    return CACHE / "rootfs"


def test_two_builds_are_the_same_to_the_byte(root: Path, tmp_path: Path) -> None:
    build(tmp_path / "again")

    assert seal.digest(tmp_path / "again") == seal.digest(root)


def test_it_has_no_shell_no_package_manager_no_compiler_and_nothing_that_changes_the_user(root: Path) -> None:
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    programs = {
        path.name for path in files if path.stat().st_mode & stat.S_IXUSR and path.parent.name in {"bin", "sbin"}
    }

    assert programs == {"python3.11", "netmedic"}
    assert not {path.name for path in files if not path.suffix} & UNWANTED
    assert not [path for path in files if path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH)]
    assert seal.size_bytes(root) < MEGABYTES * 1_000_000


def test_its_bill_of_materials_lists_every_python_package_in_it(root: Path) -> None:
    listed = {component["name"] for component in json.loads((root / sbom.FILE).read_text())["components"]}

    held = {
        path.name.removesuffix(".dist-info").rpartition("-")[0].lower().replace("_", "-")
        for path in (root / SITE).glob("*.dist-info")
    }
    assert len(held) > 50
    assert held <= listed
