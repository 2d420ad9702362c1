"""The port through which approved plans change a cluster: named objects, pinned to what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bot.cluster.errors import ClusterError, Malformed, TimedOut, Unreachable
from bot.cluster.objects import OBJECT_TYPES, Resource

if TYPE_CHECKING:
    Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
else:
    Json = Any  # msgspec reads annotations and knows no recursive types
"""A whole object or a part of one, as the API server writes it."""

FIELD_MANAGER = "netmedic"
"""The name under which managedFields record what netmedic set."""


class Conflict(ClusterError):
    """The object is no longer the one the change was made for. Nothing was changed."""


class Refused(ClusterError):
    """The API server, an admission webhook or a quota does not accept the change. Nothing was changed."""


MAYBE_CHANGED = (TimedOut, Unreachable, Malformed)
"""After these only a look at the object tells whether the change was made; after all others it was not."""

LOOK_AGAIN = (Conflict, TimedOut, Unreachable, Malformed)
"""After these a look at the object tells whether the change can be tried again."""


@dataclass(frozen=True, kw_only=True, order=True)
class Target:
    """One object that can be changed."""

    api_version: str
    kind: str
    namespace: str = ""
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of a JSON Patch (RFC 6902)."""

    op: str
    """add, replace or remove."""
    path: str
    """A JSON Pointer."""
    value: Json = None


class Writer(Protocol):
    """A cluster that can be changed. Methods raise :class:`bot.cluster.errors.ClusterError` and nothing else."""

    @property
    def context(self) -> str:
        """The name a person knows the cluster by; the same as that of the reader."""
        ...

    async def read(self, target: Target) -> dict[str, Json]:
        """Return the whole object.

        Raises:
            NotFound: It does not exist.
        """
        ...

    async def patch(
        self, target: Target, operations: Sequence[Operation], *, resource_version: str, dry_run: bool
    ) -> dict[str, Json]:
        """Change the object if it still has that resourceVersion, and return what it became, or would become.

        Raises:
            Conflict: It has another resourceVersion.
            Refused: The change is not accepted.
        """
        ...

    async def create(self, target: Target, obj: Mapping[str, Json], *, dry_run: bool) -> dict[str, Json]:
        """Make an object, and return what it became, or would become.

        Raises:
            Conflict: One of that name exists.
            Refused: It is not accepted.
        """
        ...

    async def delete(self, target: Target, *, uid: str, dry_run: bool) -> None:
        """Delete this very object, and what it owns.

        Raises:
            NotFound: It does not exist.
            Conflict: The object of that name is another one.
        """
        ...

    async def close(self) -> None:
        """Give back its connections."""
        ...


JOB = ("batch/v1", "Job")
POD = ("v1", "Pod")
POLICY = ("networking.k8s.io/v1", "NetworkPolicy")

WRITABLE: dict[tuple[str, str], Resource] = {
    (f"{of.resource.group}/{version}" if of.resource.group else version, of.__name__): of.resource
    for of in OBJECT_TYPES
    for version in of.resource.versions
} | {JOB: Resource("batch", ("v1",), "jobs")}
"""Where objects are served, by apiVersion and kind: what a playbook may name."""


def resource_of(target: Target) -> Resource:
    """Return where objects of the target's type are served.

    Raises:
        KeyError: No playbook can name this type.
    """
    return WRITABLE[target.api_version, target.kind]
