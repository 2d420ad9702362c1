"""``python -m tools.image FOLDER``: the root file system of the image, without Docker; the Dockerfile calls it too.

The same checkout gives the same files to the byte, wherever it is built (Debian 12 or Python 3.11 with gcc, x86-64).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.image import debian, packages, sbom, seal
from tools.image.places import CACHE, REPOSITORY, Failed


def build(root: Path, *, commit: str, epoch: int) -> str:
    """Make the root file system anew and return the digest of what is in it."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    archives = debian.fetch(CACHE / "debian")
    debian.unpack(archives, root)
    debian.configure(root)
    packages.install(root, commit=commit, epoch=epoch)
    packages.compile_all(root)
    sbom.write(root, commit=commit, epoch=epoch)
    seal.settle(root, epoch=epoch)
    return seal.digest(root)


def main() -> int:
    """Build, and say what came out."""
    parser = argparse.ArgumentParser(prog="tools.image", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the root file system is made; what is there goes")
    parser.add_argument("--commit", default="", help="the commit that is built, where git cannot tell")
    arguments = parser.parse_args()
    try:
        commit = arguments.commit or revision()
        digest = build(arguments.folder.absolute(), commit=commit, epoch=committed_at())
    except (Failed, OSError) as problem:
        sys.stderr.write(f"netmedic: {problem}\n")
        return 1
    megabytes = seal.size_bytes(arguments.folder) / 1e6
    sys.stderr.write(f"netmedic: {arguments.folder}: {megabytes:.0f} MB, commit {commit}\n")
    sys.stdout.write(f"sha256:{digest}\n")
    return 0


def revision() -> str:
    """Return the commit of this checkout; with ``-dirty`` where a tracked file differs from it."""
    return git("rev-parse", "--short=12", "HEAD") + ("-dirty" if git("status", "--porcelain", "-uno") else "")


def committed_at() -> int:
    """Return ``SOURCE_DATE_EPOCH``, or when the commit was made."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct"))


def git(*arguments: str) -> str:
    """Return what git says of this checkout."""
    done = subprocess.run(["git", "-C", str(REPOSITORY), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed("this is no git checkout: give --commit, and SOURCE_DATE_EPOCH in the environment")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
