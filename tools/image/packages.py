"""The Python part: the pinned packages, netmedic itself, and all of it compiled."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path
from zipfile import ZipFile

from bot.node.manifest import ENTRY, MOUNT
from tools.image.places import CACHE, PYTHON, REPOSITORY, SITE, Failed, run

LOCK = REPOSITORY / "requirements-image.lock"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
DROPPED = ("*/test", "*/testing", "*/tests", "*.dist-info/RECORD")
WITHOUT_SOURCE = "kubernetes"
"""110 MB of generated source, nearly all of it docstrings; compiled without them it is a quarter."""
START = """#!/usr/bin/python3.11 -I
from bot.__main__ import main

main()
"""
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def install(root: Path, *, commit: str, epoch: int) -> None:
    """Install what the lock file pins, and netmedic, for the image's Python."""
    if sys.version_info[:2] != (3, 11):
        raise Failed(f"the image has Python 3.11, and this is {sys.version.split()[0]}: its packages would not fit")
    site = root / SITE
    site.mkdir(parents=True)
    for wheel in (*_wheels(), _own_wheel(epoch=epoch)):
        # A wheel is an archive of what goes there; start scripts and headers, beside it, are not wanted.
        with ZipFile(wheel) as archive:
            archive.extractall(site, [name for name in archive.namelist() if ".data/" not in name])
    for pattern in DROPPED:
        for path in site.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (site / "bot/shipped/commit").write_text(f"{commit}\n")
    start = root / "usr/local/bin/netmedic"
    start.parent.mkdir(parents=True, exist_ok=True)
    start.write_text(START)
    start.chmod(0o755)
    helper = root / MOUNT.lstrip("/")
    helper.mkdir()
    (helper / "__main__.py").write_text(ENTRY)
    (helper / "collector").symlink_to(f"/{SITE}/bot/node/collector")


def _wheels() -> list[Path]:
    """Return the pinned packages as wheels, in an order that is always the same; built once for a lock file."""
    name = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    folder = CACHE / f"wheels-{name}"
    if not folder.is_dir():
        begun = folder.with_suffix(".part")
        shutil.rmtree(begun, ignore_errors=True)
        # Without debugging information, which holds the names of pip's temporary folders.
        environment = {**os.environ, "CFLAGS": "-O2 -g0", "SOURCE_DATE_EPOCH": "315532800"}
        command = ("wheel", "--no-deps", "--no-cache-dir", "--require-hashes", "-r", LOCK, "--wheel-dir", begun)
        run(sys.executable, *PIP, *command, environment=environment)
        begun.rename(folder)
    return sorted(folder.glob("*.whl"))


def _own_wheel(*, epoch: int) -> Path:
    folder = CACHE / "own"
    shutil.rmtree(folder, ignore_errors=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    command = ("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder, REPOSITORY)
    run(sys.executable, *PIP, *command, environment=environment)
    [wheel] = folder.glob("*.whl")
    return wheel


def compile_all(root: Path) -> None:
    """Compile every module with the image's own Python: its root is read-only, so nobody can do it later."""
    # Which by its hash belongs to its source, and is not compared with it: times differ between builds.
    options = ("-q", "-s", root, "-p", "/", "--invalidation-mode", "unchecked-hash")
    large = root / SITE / WITHOUT_SOURCE
    _python(root, "-m", "compileall", *options, "-b", "-o", "2", large)
    for source in large.rglob("*.py"):
        source.unlink()
    _python(root, "-m", "compileall", *options, "-x", f"/{WITHOUT_SOURCE}/", root / "usr/lib/python3.11", root / SITE)


def _python(root: Path, *arguments: str | Path) -> None:
    """Run the image's Python with the image's libraries, without being root."""
    environment = {"PYTHONHOME": str(root / "usr"), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    loader = root / "usr/lib64/ld-linux-x86-64.so.2"
    run(loader.resolve(), "--library-path", root / LIBRARIES, root / PYTHON, *arguments, environment=environment)
