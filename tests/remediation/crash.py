"""A bot that dies at a given boundary: before or after any word with the database or the cluster."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.cluster.memory_writer import MemoryWriter
from bot.cluster.writer import Json, Target
from bot.diagnosis.report import Diagnosis
from bot.remediation.approval import Policy
from bot.remediation.playbook import Playbook
from bot.remediation.remedy import Remedy
from bot.store.database import BUSY_SECONDS, Database, _engine
from bot.store.records import Incident
from bot.store.store import Store
from tests.remediation.fixtures import BROKEN, HEALTHY, NOON

OBSERVED = ("move", "record_step", "steps", "plan", "take", "give_back")


class Boundaries:
    """Counts the boundaries of one life, and ends it at one of them."""

    def __init__(self, deadly: int) -> None:
        self.deadly, self.passed = deadly, 0

    def cross(self) -> None:
        self.passed += 1
        if self.passed == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingStore:
    """A store whose every word is a boundary, before and after."""

    def __init__(self, store: Store, boundaries: Boundaries) -> None:
        self._store, self._boundaries = store, boundaries

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name not in OBSERVED:
            return found

        async def watched(*arguments: Any, **named: Any) -> Any:
            self._boundaries.cross()
            answer = await found(*arguments, **named)
            self._boundaries.cross()
            return answer

        return watched


class FileWriter(MemoryWriter):
    """A cluster in a file, which outlives the process; every change is a boundary and a line of a log."""

    def __init__(self, file: Path, boundaries: Boundaries) -> None:
        self._file, self._boundaries = file, boundaries
        super().__init__(*json.loads(file.read_text()))

    def put(self, obj: Mapping[str, Json]) -> None:
        super().put(obj)
        self._keep()

    def remove(self, target: Target) -> None:
        super().remove(target)
        self._keep()

    def _keep(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(list(self._objects.values())))
        new.replace(self._file)

    def _fail(self, doing: str, target: Target) -> None:
        if doing in ("read", "dry run"):
            return
        if doing in ("patched", "created", "deleted"):
            with self._file.with_suffix(".log").open("a") as log:
                log.write(f"{doing} {target}\n")
        self._boundaries.cross()


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


async def live(
    url: str,
    cluster: Path,
    plan_hash: str,
    playbooks: Mapping[str, Playbook],
    *,
    at: datetime,
    deadly: int,
    helps: bool,
) -> int:
    """Carry a plan out as far as this life goes; return the boundaries that were crossed."""
    boundaries = Boundaries(deadly)
    database = Database(_engine(url, BUSY_SECONDS))
    store = Store(database, now=lambda: at)

    async def recheck(_: Incident) -> Diagnosis:
        return HEALTHY if helps else BROKEN

    seconds = iter(range(0, 1_000_000, 20))
    remedy = Remedy(
        store=DyingStore(store, boundaries),  # type: ignore[arg-type]
        playbooks=playbooks,
        writer=FileWriter(cluster, boundaries),
        policy=Policy(approvers=("bob",)),
        expires_seconds=1800,
        recheck=recheck,
        now=lambda: at,
        sleep=no_pause,
        clock=lambda: float(next(seconds)),
    )
    async for _ in remedy.apply(plan_hash):
        pass
    await store.close()
    return boundaries.passed


def in_child(*arguments: Any, **named: Any) -> int:
    """Live in a process of its own; return how it ended: 0, or minus the signal that killed it."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(live(*arguments, **named))
        except BaseException:  # noqa: BLE001 - a child must never return into the tests
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


LATER = NOON + timedelta(seconds=30)
"""When the lease of a process that died at noon is over."""
