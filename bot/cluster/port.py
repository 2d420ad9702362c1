"""The port through which everything reads a cluster. Nothing behind it can write."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypeVar

from bot.cluster.objects import Object

T = TypeVar("T", bound=Object)

READYZ, METRICS = "/readyz", "/metrics"
"""Non-resource URLs that a reader has to be allowed to get (kubernetes.io/docs/reference/using-api/health-checks)."""


class Cluster(Protocol):
    """A cluster that can be read. Every method may raise :class:`bot.cluster.errors.ClusterError`, and nothing else."""

    @property
    def context(self) -> str:
        """The name a person knows it by."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What one has to know about the answers besides: objects that could not be decoded, gaps of a bundle."""
        ...

    def now(self) -> datetime:
        """The time of the reads, UTC: the present of a live cluster, the recording of a bundle."""
        ...

    async def server_version(self) -> str:
        """Return the API server's version, such as ``v1.20.2``."""
        ...

    async def get(self, of: type[T], /, *, name: str, namespace: str = "") -> T:
        """Return one object.

        Raises:
            NotFound: It does not exist.
        """
        ...

    async def list(self, of: type[T], /, *, namespace: str = "", labels: str = "", fields: str = "") -> list[T]:
        """Return the objects of a namespace, or of all, sorted by name; ``labels`` and ``fields`` are API selectors."""
        ...

    async def count(self, of: type[Object], /) -> int:
        """Return how many objects of a type there are in all namespaces, without reading them where that can be."""
        ...

    async def logs(self, *, namespace: str, pod: str, container: str = "", limit_bytes: int = 65536) -> str:
        """Return the beginning of a container's log, at most ``limit_bytes`` of it."""
        ...

    async def checks(self) -> dict[str, bool]:
        """Return each check of the API server's ``/readyz``, and whether it passes."""
        ...

    async def metrics(self, *, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
        """Return known numbers of the API server's metrics (:mod:`bot.node.collector.exposition`), now and later."""
        ...

    async def may(self, verb: str, permission: str, *, namespace: str = "") -> bool:
        """Tell whether this identity may do that; ``permission`` as in :attr:`Resource.permission` or ``pods/exec``."""
        ...

    async def helper_nodes(self) -> dict[str, str]:
        """Return the Nodes that have a running node helper, in the order to ask them, with the name of its Pod.

        A live cluster has them by name. A recording keeps its order under pseudonyms, as it holds their answers only.
        """
        ...

    async def ask_helper(self, node: str, request: tuple[str, ...], *, timeout_seconds: float = 15.0) -> bytes:
        """Return the answer of a Node's helper to one request of its fixed set, at most 4 MiB.

        Raises:
            NoHelper: None runs there.
        """
        ...
