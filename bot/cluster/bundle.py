"""The bundle: a recorded cluster in one file, JSON, packed with gzip when its name ends in ``.gz``."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import tempfile
import zlib
from datetime import datetime
from pathlib import Path

import msgspec

from bot import __version__
from bot.cluster import errors
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import OBJECT_TYPES, Object

VERSION = 1
"""Of the format that this program reads and writes."""
FORMAT = "netmedic/bundle/v"
SUFFIX = ".json.gz"

MAX_BYTES = 512 * 2**20
"""Unpacked; 50,000 Pods are about 60 MiB (ours)."""

BY_PERMISSION: dict[str, type[Object]] = {of.resource.permission: of for of in OBJECT_TYPES}
ERRORS: dict[str, type[errors.ClusterError]] = {
    of.__name__: of
    for of in (
        errors.Forbidden,
        errors.NotFound,
        errors.Absent,
        errors.TimedOut,
        errors.Unreachable,
        errors.NoHelper,
        errors.HigherTier,
        errors.NotRecorded,
        errors.Malformed,
    )
}


class BundleError(errors.ClusterError):
    """A bundle cannot be read or written. The text names the file and says what to do."""


class Failure(msgspec.Struct, frozen=True):
    """What a read failed with when the bundle was recorded."""

    error: str
    detail: str

    @classmethod
    def of(cls, problem: errors.ClusterError) -> Failure:
        """Return an error as it is recorded."""
        return cls(error=type(problem).__name__, detail=str(problem))

    def as_error(self) -> errors.ClusterError:
        """Return the error as it was raised; one that only a later program knows reads as unreachable."""
        return ERRORS.get(self.error, errors.Unreachable)(self.detail)


class HelperRecord(msgspec.Struct, frozen=True):
    """One Node's helper."""

    pod: str
    answers: dict[str, str] = {}
    """By the words of the request, joined by spaces."""
    failures: dict[str, Failure] = {}


class Head(msgspec.Struct, frozen=True):
    """What every bundle of any version has."""

    format: str


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded cluster, as it stands in the file."""

    format: str = f"{FORMAT}{VERSION}"
    written_by: str = f"netmedic {__version__}"
    recorded_at: datetime
    context: str
    server_version: str
    namespaces: tuple[str, ...] = ()
    """Those that were recorded; empty: all."""
    everywhere: tuple[str, ...] = ()
    """Permissions of the types that were recorded in all namespaces nevertheless."""
    objects: dict[str, msgspec.Raw]
    """Lists of objects by permission, such as ``pods`` and ``endpointslices.discovery.k8s.io``."""
    unreadable: dict[str, Failure] = {}
    """By permission, or permission and place; see :class:`bot.cluster.memory.MemoryCluster`."""
    logs: dict[str, str] = {}
    checks: dict[str, bool] | None = None
    """The API server's own; None: not recorded."""
    metrics: tuple[dict[str, float], ...] = ()
    """Known numbers of the API server, at two times; none: not recorded."""
    helpers: dict[str, HelperRecord] = {}
    notes: tuple[str, ...] = ()

    def cluster(self) -> MemoryCluster:
        """Return the cluster that was recorded.

        Raises:
            msgspec.ValidationError: An object has a field of another type than the API's.
        """
        unknown = sorted(set(self.objects) - set(BY_PERMISSION))
        later = (f"The bundle holds {', '.join(unknown)}, which this program does not read.",) if unknown else ()
        known: list[Object] = []
        for permission, of in BY_PERMISSION.items():
            if permission in self.objects:
                known += _decoded(self.objects[permission], of, permission)
        absent = {
            permission: errors.NotRecorded(f"{permission} were not recorded")
            for permission in BY_PERMISSION
            if permission not in self.objects
        }
        return MemoryCluster(
            known,
            context=self.context,
            now=self.recorded_at,
            server_version=self.server_version,
            unreadable=absent | {key: failure.as_error() for key, failure in self.unreadable.items()},
            logs=self.logs,
            checks=self.checks,
            metrics=self.metrics,
            helpers={node: _helper(record) for node, record in self.helpers.items()},
            namespaces=self.namespaces,
            everywhere=[of for permission, of in BY_PERMISSION.items() if permission in self.everywhere],
            notes=(*self.notes, *later),
        )


def write(bundle: Bundle, path: Path) -> None:
    """Write a bundle; the file appears whole or not at all, readable by its owner only.

    Raises:
        BundleError: The file cannot be written, or nothing could read it.
    """
    content = msgspec.json.encode(bundle)
    if len(content) > MAX_BYTES:
        raise BundleError(f"The bundle would hold more than {MAX_BYTES // 2**20} MiB; record fewer namespaces.")
    if path.name.endswith(".gz"):
        content = gzip.compress(content, mtime=0)
    try:
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(beside).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(beside).unlink()
            raise
    except OSError as problem:
        raise BundleError(f"The bundle {path} cannot be written: {problem.strerror}.") from problem


def load(path: Path) -> MemoryCluster:
    """Return the cluster that a bundle recorded.

    Raises:
        BundleError: It cannot be read; the text says why and what to do.
    """
    content = _read(path)
    try:
        _check_format(content, path)
        return msgspec.json.decode(content, type=Bundle).cluster()
    except msgspec.ValidationError as problem:
        raise BundleError(f"The bundle {path} is damaged or was edited: {problem}. Record it again.") from problem
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        if "truncated" in str(problem):
            raise _cut_off(path) from problem
        raise BundleError(
            f"{path} is no bundle: it is not JSON. Record one with: netmedic snapshot -o FILE"
        ) from problem


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.open(file) if packed else contextlib.nullcontext(file) as source:
                content = source.read(MAX_BYTES + 1)
    except EOFError as problem:
        raise _cut_off(path) from problem
    except (gzip.BadGzipFile, zlib.error) as problem:
        raise BundleError(f"The bundle {path} is damaged: it cannot be unpacked. Copy it again.") from problem
    except OSError as problem:
        raise BundleError(f"The bundle {path} cannot be read: {problem.strerror or problem}.") from problem
    if len(content) > MAX_BYTES:
        raise BundleError(f"The bundle {path} holds more than {MAX_BYTES // 2**20} MiB; record fewer namespaces.")
    if not content:
        raise _cut_off(path)
    return content


def _check_format(content: bytes, path: Path) -> None:
    """Refuse what is JSON and no bundle, or one of a newer program, before its fields are looked at."""
    try:
        written = msgspec.json.decode(content, type=Head).format
    except msgspec.ValidationError:
        written = ""
    match = re.fullmatch(rf"{re.escape(FORMAT)}(\d{{1,9}})", written)
    if match is None:
        raise BundleError(f"{path} is no bundle: it has no format {FORMAT}{VERSION}. Was it made by netmedic snapshot?")
    if int(match[1]) != VERSION:
        raise BundleError(
            f"The bundle {path} has format version {match[1]}; this netmedic ({__version__}) reads version {VERSION}. "
            "Use the netmedic that wrote it, or a newer one."
        )


def _cut_off(path: Path) -> BundleError:
    return BundleError(f"The bundle {path} is cut off: a part of the file is missing. Copy it again.")


def _decoded(content: msgspec.Raw, of: type[Object], permission: str) -> list[Object]:
    try:
        return msgspec.json.decode(content, type=list[of])  # type: ignore[valid-type]
    except msgspec.ValidationError as problem:
        raise msgspec.ValidationError(f"objects of {permission}: {problem}") from problem


def _helper(record: HelperRecord) -> Helper:
    return Helper(
        pod=record.pod,
        answers={tuple(key.split(" ")): answer.encode() for key, answer in record.answers.items()},
        failures={tuple(key.split(" ")): failure.as_error() for key, failure in record.failures.items()},
    )
