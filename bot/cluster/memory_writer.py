"""A cluster in memory that can be changed: what tests of remediation are written against."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import EPOCH, MemoryCluster
from bot.cluster.writer import Conflict, Json, Operation, Refused, Target

Fault = Callable[[str, Target], ClusterError | None]
"""Told ``read``, ``dry run``, ``patch``, ``create`` or ``delete`` and the target, it returns what goes wrong.

``patched``, ``created`` and ``deleted`` are asked after the change was made: the answer that got lost on its way back.
"""


class MemoryWriter:
    """A :class:`bot.cluster.writer.Writer` over whole objects held in memory."""

    def __init__(self, *objects: Mapping[str, Json], context: str = "memory", fault: Fault = lambda *_: None) -> None:
        """Hold copies of whole objects; what they lack of uid and resourceVersion is made up."""
        self._context = context
        self._fault = fault
        self._revision = 100
        self._objects: dict[Target, dict[str, Json]] = {}
        for obj in objects:
            self.put(obj)
        self.log: list[str] = []
        """What was asked for, in order: ``read Service shop/web``."""

    @property
    def context(self) -> str:
        """The name a person knows it by."""
        return self._context

    def put(self, obj: Mapping[str, Json]) -> None:
        """Create or replace an object, as somebody else would."""
        stored = copy.deepcopy(dict(obj))
        metadata = _mapping(stored.get("metadata"))
        self._revision += 1
        target = Target(
            api_version=str(stored["apiVersion"]),
            kind=str(stored["kind"]),
            namespace=str(metadata.get("namespace", "")),
            name=str(metadata["name"]),
        )
        old = _mapping(self._objects[target]["metadata"]) if target in self._objects else {}
        made_up = {"uid": old.get("uid", f"uid-{self._revision}")}
        stored["metadata"] = {**made_up, **metadata, "resourceVersion": str(self._revision)}
        self._objects[target] = stored

    def remove(self, target: Target) -> None:
        """Delete an object, as somebody else would."""
        del self._objects[target]

    def cluster(self, *, now: datetime = EPOCH) -> MemoryCluster:
        """Return the objects as they are now, for reading."""
        return from_manifests(*copy.deepcopy(list(self._objects.values())), context=self._context, now=now)

    async def read(self, target: Target) -> dict[str, Json]:
        """Return a copy of an object."""
        self.log.append(f"read {target}")
        self._fail("read", target)
        return copy.deepcopy(self._find(target))

    async def patch(
        self, target: Target, operations: Sequence[Operation], *, resource_version: str, dry_run: bool
    ) -> dict[str, Json]:
        """Change an object, or a copy of it."""
        doing = "dry run" if dry_run else "patch"
        self.log.append(f"{doing} {target}")
        self._fail(doing, target)
        live = self._find(target)
        if _mapping(live["metadata"])["resourceVersion"] != resource_version:
            raise Conflict(f"{target} was changed by somebody else in the meantime")
        changed = copy.deepcopy(live)
        for operation in operations:
            _apply(changed, operation)
        if not dry_run:
            self.put(changed)
            self._fail("patched", target)
            changed = self._objects[target]
        return copy.deepcopy(changed)

    async def create(self, target: Target, obj: Mapping[str, Json], *, dry_run: bool) -> dict[str, Json]:
        """Keep a new object, or make up what it would be."""
        doing = "dry run" if dry_run else "create"
        self.log.append(f"{doing} {target}")
        self._fail(doing, target)
        if target in self._objects:
            raise Conflict(f"{target} exists already")
        if dry_run:
            return copy.deepcopy(dict(obj))
        self.put(obj)
        self._fail("created", target)
        return copy.deepcopy(self._objects[target])

    async def delete(self, target: Target, *, uid: str, dry_run: bool) -> None:
        """Forget an object."""
        doing = "dry run" if dry_run else "delete"
        self.log.append(f"{doing} {target}")
        self._fail(doing, target)
        if _mapping(self._find(target)["metadata"])["uid"] != uid:
            raise Conflict(f"{target} is another one by now")
        if not dry_run:
            self.remove(target)
            self._fail("deleted", target)

    async def close(self) -> None:
        """Do nothing."""

    def _find(self, target: Target) -> dict[str, Json]:
        if target not in self._objects:
            raise NotFound(f"there is no {target}")
        return self._objects[target]

    def _fail(self, doing: str, target: Target) -> None:
        problem = self._fault(doing, target)
        if problem is not None:
            raise problem


def _apply(obj: Json, operation: Operation) -> None:
    """Do one operation of RFC 6902, section 4.1 to 4.3, in place; a list's ``-`` is not served."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation.path.split("/")[1:]]
    place = obj
    for part in parents:
        if isinstance(place, list) and part.isdigit() and int(part) < len(place):
            place = place[int(part)]
        elif isinstance(place, dict) and part in place:
            place = place[part]
        else:
            raise Refused(f"{operation.path} leads nowhere")
    if not isinstance(place, dict) or (operation.op != "add" and last not in place):
        raise Refused(f"{operation.path} leads nowhere")
    if operation.op == "remove":
        del place[last]
    else:
        place[last] = copy.deepcopy(operation.value)


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
