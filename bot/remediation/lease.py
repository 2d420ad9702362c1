"""One process at a time carries a plan out; another takes over when it stops to say that it lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from bot.cluster.writer import Json, Operation, Target, Writer
from bot.store.records import StoreError
from bot.store.store import Store

log = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
"""After this silence another process goes on; with :data:`LOOK_SECONDS` well under half a minute (ours)."""
LOOK_SECONDS = 5.0
"""Between looks for plans that nobody carries on."""
BEATS = 3
"""Renewals within a lease: two may fail."""


class NotOurs(Exception):
    """Another process may carry the plan on by now, so nothing is changed any more."""


@dataclass(kw_only=True)
class Lease:
    """The right to carry out one plan, renewed for as long as the block lasts."""

    store: Store
    plan: str
    holder: str
    seconds: float
    is_ours: bool = field(default=False, init=False)
    _beat: asyncio.Task[None] | None = field(default=None, init=False)

    async def __aenter__(self) -> bool:
        self.is_ours = await self.store.take(self.plan, holder=self.holder, seconds=self.seconds)
        if self.is_ours:
            self._beat = asyncio.create_task(self._renew())
        return self.is_ours

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beat is None:
            return
        self._beat.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._beat
        with contextlib.suppress(StoreError):
            await self.store.give_back(self.plan, holder=self.holder)

    def guard(self, writer: Writer) -> Writer:
        """Return a writer that changes nothing once the lease is lost."""
        return _Guarded(writer, self)

    async def _renew(self) -> None:
        last = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(self.seconds / BEATS)
            try:
                self.is_ours = await self.store.take(self.plan, holder=self.holder, seconds=self.seconds)
                last = asyncio.get_running_loop().time()
            except StoreError:
                self.is_ours = asyncio.get_running_loop().time() - last < self.seconds
            if not self.is_ours:
                log.warning("plan %s: the lease is lost", self.plan)
                return


class _Guarded:
    """A writer that asks the lease before each change."""

    def __init__(self, writer: Writer, lease: Lease) -> None:
        self._writer = writer
        self._lease = lease

    @property
    def context(self) -> str:
        """The name a person knows the cluster by."""
        return self._writer.context

    async def read(self, target: Target) -> dict[str, Json]:
        """Return the whole object."""
        return await self._writer.read(target)

    async def patch(
        self, target: Target, operations: Sequence[Operation], *, resource_version: str, dry_run: bool
    ) -> dict[str, Json]:
        """Change the object."""
        self._check()
        return await self._writer.patch(target, operations, resource_version=resource_version, dry_run=dry_run)

    async def create(self, target: Target, obj: Mapping[str, Json], *, dry_run: bool) -> dict[str, Json]:
        """Make an object."""
        self._check()
        return await self._writer.create(target, obj, dry_run=dry_run)

    async def delete(self, target: Target, *, uid: str, dry_run: bool) -> None:
        """Delete an object."""
        self._check()
        await self._writer.delete(target, uid=uid, dry_run=dry_run)

    async def close(self) -> None:
        """Leave the connections to their owner."""

    def _check(self) -> None:
        if not self._lease.is_ours:
            raise NotOurs("the lease on this plan was lost: another process carries it on")
