"""Helper Pods in a live cluster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from bot.cluster import errors
from bot.cluster.helper_pods import DEADLINE_LABEL, RUN_LABEL, Run
from bot.cluster.refusals import Action
from bot.cluster.transport import Transport

T = TypeVar("T")

PLURALS = {"ConfigMap": "configmaps", "Pod": "pods"}
MOST_RUNS = 500


class Meta(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of an object; not what is in a ConfigMap."""

    name: str
    uid: str = ""
    creation_timestamp: str = ""
    labels: dict[str, str] = {}


class Created(msgspec.Struct, frozen=True):
    """An object as it was created."""

    metadata: Meta


class Listed(msgspec.Struct, frozen=True):
    """A list of objects."""

    items: list[Created] = []


class LiveHelperPods:
    """A :class:`bot.cluster.helper_pods.HelperPods` behind an API server."""

    def __init__(self, transport: Transport, *, namespace: str) -> None:
        """Use the connections of a reader."""
        self._transport = transport
        self._namespace = namespace

    @property
    def namespace(self) -> str:
        """The only namespace it reaches."""
        return self._namespace

    async def create(self, kind: str, body: Mapping[str, Any]) -> str:
        """Create a ConfigMap or a Pod, and return its uid."""
        path, action = self._path(kind), self._action("create", kind)
        return _decoded(await self._transport.post(path, action, body=msgspec.json.encode(body)), Created).metadata.uid

    async def runs(self) -> list[Run]:
        """Return the runs that there are."""
        query = {"labelSelector": RUN_LABEL, "limit": str(MOST_RUNS)}
        path, action = self._path("ConfigMap"), self._action("list", "ConfigMap")
        found = _decoded(await self._transport.get(path, action, params=query), Listed)
        return [_run(item.metadata) for item in found.items]

    async def end(self, run: str) -> None:
        """Delete a run's ConfigMap, and its Pods with it."""
        path = f"{self._path('ConfigMap')}/{quote(run, safe='')}"
        try:
            await self._transport.delete(path, self._action("delete", "ConfigMap", name=run))
        except errors.NotFound:
            return

    def _path(self, kind: str) -> str:
        return f"/api/v1/namespaces/{quote(self._namespace, safe='')}/{PLURALS[kind]}"

    def _action(self, verb: str, kind: str, *, name: str = "") -> Action:
        return Action(verb=verb, permission=PLURALS[kind], namespace=self._namespace, name=name)


def _run(meta: Meta) -> Run:
    try:
        age = (datetime.now(UTC) - datetime.fromisoformat(meta.creation_timestamp)).total_seconds()
    except (ValueError, TypeError):
        age = 0.0
    deadline = meta.labels.get(DEADLINE_LABEL, "")
    return Run(
        name=meta.name,
        age_seconds=max(0, int(age)),
        deadline_seconds=int(deadline) if deadline.isdecimal() and deadline.isascii() else 0,
    )


def _decoded(content: bytes, of: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=of)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise errors.Malformed(f"an answer about helper Pods cannot be understood: {problem}") from None
