"""The Debian part: Python, the libraries it is linked with, and certificates.

No shell, no package manager, no compiler.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlunsplit

from tools.image.places import PYTHON, Failed, run

LOCK = Path(__file__).with_name("debian.lock")
PLACES = (
    ("deb.debian.org", "/debian/"),
    # Holds what the mirrors no longer have: every version of every package.
    ("snapshot.debian.org", "/archive/debian/20261101T000000Z/"),
)
MIRRORS = tuple(urlunsplit(("http", host, path, "", "")) for host, path in PLACES)
DOWNLOAD_SECONDS = 60
USER = 65532
"""Any but root; the chart and the Dockerfile name it too."""

DROPPED = (
    *("boot", "home", "media", "mnt", "opt", "srv", "usr/games", "usr/include", "usr/local/*", "usr/sbin", "usr/src"),
    *("var/*", "etc/apt", "etc/cron*", "etc/default", "etc/dpkg", "etc/init.d", "etc/kernel", "etc/logrotate.d"),
    *("etc/motd", "etc/profile.d", "etc/python3.11", "etc/skel", "etc/terminfo", "etc/update-motd.d"),
    *(f"usr/bin/{name}" for name in ("2to3*", "pdb*", "pydoc*", "pygettext*")),
    *(f"usr/lib/{name}" for name in ("tmpfiles.d", "x86_64-linux-gnu/gconv", "x86_64-linux-gnu/perl-base")),
    *(f"usr/share/{name}" for name in ("base-files", "binfmts", "bug", "dict", "gcc", "gdb", "info", "lintian")),
    *(f"usr/share/{name}" for name in ("locale", "man", "misc", "pixmaps")),
    # Extension modules whose libraries are left out (terminals, NIS, Berkeley DB, crypt), and those of Python's tests.
    *(f"usr/lib/python3.11/lib-dynload/{name}.*.so" for name in ("_crypt", "_curses*", "_dbm", "nis", "readline")),
    *(f"usr/lib/python3.11/lib-dynload/{name}.*.so" for name in ("_ctypes_test", "_test*", "xx*")),
)


@dataclass(frozen=True)
class Package:
    """One line of the lock file."""

    sha256: str
    path: str
    """Below a mirror."""

    @property
    def name(self) -> str:
        """Its name in Debian."""
        return self.file.split("_")[0]

    @property
    def file(self) -> str:
        """The archive's name."""
        return unquote(self.path.rpartition("/")[2])


def locked() -> list[Package]:
    """Return the pinned packages."""
    lines = (line.split() for line in LOCK.read_text().splitlines() if line and not line.startswith("#"))
    return [Package(sha256, path) for sha256, path in lines]


def fetch(cache: Path) -> list[Path]:
    """Return the archives of the pinned packages, downloaded where they are not there yet."""
    cache.mkdir(parents=True, exist_ok=True)
    return [_archive(package, cache) for package in locked()]


def _archive(package: Package, cache: Path) -> Path:
    file = cache / package.file
    if file.is_file() and _is(package, file.read_bytes()):
        return file
    reasons = []
    for mirror in MIRRORS:
        try:
            with urllib.request.urlopen(mirror + package.path, timeout=DOWNLOAD_SECONDS) as answer:  # noqa: S310 - http
                content: bytes = answer.read()
        except (urllib.error.URLError, TimeoutError) as problem:
            reasons.append(f"{mirror}: {problem}")
            continue
        if _is(package, content):
            file.write_bytes(content)
            return file
        reasons.append(f"{mirror}: has another file of that name")
    raise Failed(f"{package.file} cannot be fetched ({'; '.join(reasons)})")


def _is(package: Package, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == package.sha256


def unpack(archives: Sequence[Path], root: Path) -> None:
    """Unpack packages without running anything of them, and drop what nothing here needs."""
    control = root / "control"
    records: dict[str, str] = {}
    for archive in archives:
        run("dpkg-deb", "--extract", archive, root)
        run("dpkg-deb", "--control", archive, control)
        records[archive.name.split("_")[0]] = (control / "control").read_text()
        shutil.rmtree(control)
        _merge_usr(root)
    for pattern in DROPPED:
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for path in (root / "usr/share/doc").glob("*/*"):
        if path.name != "copyright":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    # Where scanners look for what is installed.
    status = root / "var/lib/dpkg/status.d"
    status.mkdir(parents=True)
    for name, record in records.items():
        (status / name).write_text(record)


def _merge_usr(root: Path) -> None:
    """Make /lib and the like links into /usr, as on every Debian since 12."""
    for name in ("bin", "lib", "lib64", "sbin"):
        folder = root / name
        if folder.is_dir() and not folder.is_symlink():
            shutil.copytree(folder, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(folder)
        if not folder.is_symlink():
            folder.symlink_to(f"usr/{name}")


def configure(root: Path) -> None:
    """Write what packages would write when they are installed, as far as Python needs it."""
    etc = root / "etc"
    (etc / "passwd").write_text(
        f"root:x:0:0:root:/:/sbin/nologin\nnetmedic:x:{USER}:{USER}:netmedic:/tmp:/sbin/nologin\n"
    )
    (etc / "group").write_text(f"root:x:0:\nnetmedic:x:{USER}:\n")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\nservices: files\n")
    for name in ("dev", "proc", "sys", "run", "tmp", "var/lib/netmedic"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "usr/bin/python3").symlink_to(Path(PYTHON).name)
    bundle = etc / "ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    trusted = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    bundle.write_text("".join(_certificate(path.read_text()) for path in trusted))


def _certificate(text: str) -> str:
    [found] = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.DOTALL)
    return str(found)
