"""One diagnosis reads each thing once: identical reads share one request, and a wide list answers narrow ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from bot.cluster.errors import Malformed
from bot.cluster.objects import Object
from bot.cluster.port import Cluster, T
from bot.cluster.selectors import select

R = TypeVar("R")


@dataclass
class _Shared:
    task: asyncio.Task[Any]
    waiting: int = 0


class CachedCluster:
    """A :class:`bot.cluster.port.Cluster` that remembers the answers of another, errors too. Make one a diagnosis."""

    def __init__(self, cluster: Cluster) -> None:
        """Remember nothing yet."""
        self._cluster = cluster
        self._answers: dict[Hashable, _Shared] = {}
        self.asked = 0
        """Reads that were wanted."""
        self.read = 0
        """Reads that reached the cluster."""

    @property
    def context(self) -> str:
        """The name a person knows it by."""
        return self._cluster.context

    @property
    def notes(self) -> tuple[str, ...]:
        """What one has to know about the answers besides."""
        return self._cluster.notes

    def now(self) -> datetime:
        """Return the time of the reads."""
        return self._cluster.now()

    async def server_version(self) -> str:
        """Return the API server's version."""
        return await self._once(("version",), self._cluster.server_version)

    async def get(self, of: type[T], /, *, name: str, namespace: str = "") -> T:
        """Return one object, out of a list that was read before where it is in one."""
        for obj in (*self._listed(of, namespace), *self._listed(of, "")):
            if obj.metadata.name == name and obj.metadata.namespace in ("", namespace):
                self.asked += 1
                return obj
        key = ("get", of, namespace, name)
        return await self._once(key, lambda: self._cluster.get(of, name=name, namespace=namespace))

    async def list(self, of: type[T], /, *, namespace: str = "", labels: str = "", fields: str = "") -> list[T]:
        """Return the objects of a namespace, or of all, out of a wider list that was read before where there is one."""
        for wider in (namespace, ""):
            if self._has(of, wider):
                try:
                    found = select(self._listed(of, wider), namespace=namespace, labels=labels, fields=fields)
                except Malformed:  # a field that only the API server can select by
                    break
                self.asked += 1
                return found
        key = ("list", of, namespace, labels, fields)
        return [
            *await self._once(key, lambda: self._cluster.list(of, namespace=namespace, labels=labels, fields=fields))
        ]

    async def count(self, of: type[Object], /) -> int:
        """Return how many objects of a type there are."""
        if self._has(of, ""):
            return len(self._listed(of, ""))
        return await self._once(("count", of), lambda: self._cluster.count(of))

    async def logs(self, *, namespace: str, pod: str, container: str = "", limit_bytes: int = 65536) -> str:
        """Return the beginning of a container's log."""
        return await self._once(
            ("logs", namespace, pod, container, limit_bytes),
            lambda: self._cluster.logs(namespace=namespace, pod=pod, container=container, limit_bytes=limit_bytes),
        )

    async def checks(self) -> dict[str, bool]:
        """Return the API server's checks."""
        return await self._once(("checks",), self._cluster.checks)

    async def metrics(self, *, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
        """Return the API server's numbers; they are read once, over the first caller's time."""
        return await self._once(("metrics",), lambda: self._cluster.metrics(seconds=seconds))

    async def may(self, verb: str, permission: str, *, namespace: str = "") -> bool:
        """Tell whether this identity may do that."""
        key = ("may", verb, permission, namespace)
        return await self._once(key, lambda: self._cluster.may(verb, permission, namespace=namespace))

    async def helper_nodes(self) -> dict[str, str]:
        """Return the Nodes that have a running node helper."""
        return {**await self._once(("helper_nodes",), self._cluster.helper_nodes)}

    async def ask_helper(self, node: str, request: tuple[str, ...], *, timeout_seconds: float = 15.0) -> bytes:
        """Return the answer of a Node's helper; a request is made once, with the first caller's limit."""
        key = ("ask_helper", node, request)
        return await self._once(key, lambda: self._cluster.ask_helper(node, request, timeout_seconds=timeout_seconds))

    def _has(self, of: type[T], namespace: str) -> bool:
        shared = self._answers.get(("list", of, namespace, "", ""))
        if shared is None or not shared.task.done() or shared.task.cancelled():
            return False
        return shared.task.exception() is None

    def _listed(self, of: type[T], namespace: str) -> Sequence[T]:
        if not self._has(of, namespace):
            return ()
        return cast("Sequence[T]", self._answers["list", of, namespace, "", ""].task.result())

    async def _once(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """Return the answer remembered under a key; the last one to stop waiting for it stops the read."""
        self.asked += 1
        shared = self._answers.get(key)
        if shared is None:
            self.read += 1
            shared = self._answers[key] = _Shared(asyncio.create_task(read()))
        shared.waiting += 1
        try:
            return cast("R", await asyncio.shield(shared.task))
        finally:
            shared.waiting -= 1
            if not shared.waiting and not shared.task.done():
                shared.task.cancel()
                del self._answers[key]
