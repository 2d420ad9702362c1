"""A cluster held in memory: what a bundle is read into, and what tests are written against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.cluster import errors, redact
from bot.cluster.objects import Object
from bot.cluster.port import METRICS, READYZ, T
from bot.cluster.selectors import select
from bot.node.requests import answer_from

EPOCH = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
"""The present of a cluster in memory that was given no other."""


@dataclass(frozen=True, kw_only=True)
class Helper:
    """One Node's helper: its Pod, and what it answered or failed with, by request."""

    pod: str
    answers: Mapping[tuple[str, ...], bytes] = field(default_factory=dict)
    failures: Mapping[tuple[str, ...], errors.ClusterError] = field(default_factory=dict)


class MemoryCluster:
    """A :class:`bot.cluster.port.Cluster` of objects held in memory. Nothing of it changes after it is made."""

    def __init__(
        self,
        objects: Iterable[Object] = (),
        *,
        context: str = "memory",
        now: datetime = EPOCH,
        server_version: str = "v1.30.0",
        unreadable: Mapping[str, errors.ClusterError] | None = None,
        logs: Mapping[str, str] | None = None,
        helpers: Mapping[str, Helper] | None = None,
        checks: Mapping[str, bool] | None = None,
        metrics: Sequence[Mapping[str, float]] = (),
        namespaces: Iterable[str] = (),
        everywhere: Iterable[type[Object]] = (),
        notes: Iterable[str] = (),
    ) -> None:
        """Hold objects and what else can be read.

        Args:
            objects: In any order.
            context: The name a person knows it by.
            now: The fixed time of all reads.
            server_version: What the API server says of itself.
            unreadable: What reads fail with: by permission (``pods``, ``pods/log``, ``pods/exec``), or by permission
                and place (``pods@shop``, ``pods/log@shop/web-1``; ``pods@`` is the list of all namespaces).
            logs: By ``namespace/pod``, or ``namespace/pod/container``.
            helpers: By Node, in the order in which they are asked.
            checks: The API server's own; None: they cannot be read.
            metrics: The API server's numbers, at two times; none: they cannot be read.
            namespaces: The only ones that can be read, besides cluster-scoped objects; empty: all.
            everywhere: Types that can be read in all namespaces nevertheless.
            notes: What one has to know about the answers besides.
        """
        self._objects: dict[type[Object], list[Object]] = {}
        for obj in objects:
            self._objects.setdefault(type(obj), []).append(obj)
        for kept in self._objects.values():
            kept.sort(key=lambda obj: (obj.metadata.namespace, obj.metadata.name))
        self._context = context
        self._now = now
        self._server_version = server_version
        self._unreadable = dict(unreadable or {})
        self._logs = dict(logs or {})
        self._helpers = dict(helpers or {})
        self._checks = checks
        self._metrics = tuple(dict(item) for item in metrics)
        self._namespaces = frozenset(namespaces)
        self._everywhere = frozenset(everywhere)
        self._notes = tuple(notes)

    @property
    def context(self) -> str:
        """The name a person knows it by."""
        return self._context

    @property
    def notes(self) -> tuple[str, ...]:
        """What one has to know about the answers besides."""
        return self._notes

    def now(self) -> datetime:
        """Return the fixed time."""
        return self._now

    async def server_version(self) -> str:
        """Return the API server's version."""
        return self._server_version

    async def get(self, of: type[T], /, *, name: str, namespace: str = "") -> T:
        """Return one object."""
        self._check(of.resource.permission, namespace)
        self._check_recorded(of, namespace)
        for obj in _kept(self._objects, of):
            if obj.metadata.name == name and obj.metadata.namespace in ("", namespace):
                return obj
        where = f" in namespace {namespace}" if namespace else ""
        raise errors.NotFound(f"there is no {of.__name__} {name}{where}")

    async def list(self, of: type[T], /, *, namespace: str = "", labels: str = "", fields: str = "") -> list[T]:
        """Return the objects of a namespace, or of all, that the selectors let through."""
        self._check(of.resource.permission, namespace)
        self._check_recorded(of, namespace)
        return select(_kept(self._objects, of), namespace=namespace, labels=labels, fields=fields)

    async def count(self, of: type[Object], /) -> int:
        """Return how many objects of a type are kept."""
        return len(await self.list(of))

    async def logs(self, *, namespace: str, pod: str, container: str = "", limit_bytes: int = 65536) -> str:
        """Return the known lines (see :mod:`bot.cluster.redact`) of the recorded beginning of a log."""
        place = f"{namespace}/{pod}"
        self._check("pods/log", place)
        for key in (f"{place}/{container}", place):
            if key in self._logs:
                return redact.log(self._logs[key].encode()[:limit_bytes].decode(errors="ignore"))
        raise errors.NotRecorded(f"no log of Pod {place} was recorded")

    async def checks(self) -> dict[str, bool]:
        """Return the recorded checks of the API server."""
        self._check(READYZ, "")
        if self._checks is None:
            raise errors.NotRecorded(f"{READYZ} was not recorded")
        return dict(self._checks)

    async def metrics(self, *, seconds: float) -> tuple[dict[str, float], dict[str, float]]:  # noqa: ARG002 - recorded
        """Return the recorded numbers of the API server."""
        self._check(METRICS, "")
        if len(self._metrics) != 2:  # noqa: PLR2004 - first and last
            raise errors.NotRecorded(f"{METRICS} was not recorded")
        first, last = self._metrics
        return dict(first), dict(last)

    async def may(self, verb: str, permission: str, *, namespace: str = "") -> bool:  # noqa: ARG002 - the port's order
        """Tell whether reads of that permission were refused."""
        for key in (permission, f"{permission}@{namespace}"):
            if isinstance(self._unreadable.get(key), errors.Forbidden):
                return False
        return True

    async def helper_nodes(self) -> dict[str, str]:
        """Return the Nodes with a helper, in the order given, and its Pod."""
        self._check("pods/exec", "")
        return {node: helper.pod for node, helper in self._helpers.items()}

    async def ask_helper(self, node: str, request: tuple[str, ...], *, timeout_seconds: float = 15.0) -> bytes:  # noqa: ARG002
        """Return the recorded answer to a request."""
        self._check("pods/exec", "")
        helper = self._helpers.get(node)
        if helper is None:
            raise errors.NoHelper(f"no node helper runs on Node {node}")
        if request in helper.failures:
            raise helper.failures[request]
        answer = answer_from(helper.answers, request)
        if answer is None:
            raise errors.NotRecorded(f"no answer of Node {node}'s helper to {' '.join(request)[:100]!r} was recorded")
        return answer

    def _check(self, permission: str, place: str) -> None:
        for key in (permission, f"{permission}@{place}"):
            if key in self._unreadable:
                raise self._unreadable[key]

    def _check_recorded(self, of: type[Object], namespace: str) -> None:
        if not self._namespaces or not of.resource.namespaced or of in self._everywhere:
            return
        if namespace in self._namespaces:
            return
        held = f"the bundle holds {', '.join(sorted(self._namespaces))}"
        if namespace:
            raise errors.NotRecorded(f"namespace {namespace} was not recorded: {held}")
        raise errors.NotRecorded(
            f"{of.resource.permission} of all namespaces were not recorded: {held}", held=sorted(self._namespaces)
        )


def _kept(objects: dict[type[Object], list[Object]], of: type[T]) -> Iterator[T]:
    return (obj for obj in objects.get(of, ()) if isinstance(obj, of))
