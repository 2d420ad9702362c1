"""The database fails in the middle of a plan: nothing is made twice or forgotten, and it goes on when it can."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.cluster.memory_writer import MemoryWriter
from bot.remediation.approval import Policy
from bot.remediation.remedy import Remedy
from bot.store.audit import first_broken
from bot.store.database import Database
from bot.store.records import PlanState, StoreError
from bot.store.store import Store
from tests.remediation.fixtures import BROKEN, HEALTHY, NOON, Clock, Looks, playbooks, service, target_port
from tests.remediation.test_crash import database_of, postgres, sql
from tests.remediation.test_remedy import ALICE, BOB, moves

__all__ = ["postgres"]

FULL = r"the disk is full or failing\. Free space on it and try again\. Nothing was changed\."
LONGEST = 60
"""More words with the database than a plan's life has."""


def remedy(store: Store, writer: MemoryWriter) -> Remedy:
    clock = Clock()
    return Remedy(
        store=store,
        playbooks=playbooks(),
        writer=writer,
        policy=Policy(approvers=(BOB,)),
        expires_seconds=1800,
        recheck=Looks(HEALTHY),
        now=lambda: NOON,
        sleep=clock.sleep,
        clock=clock,
    )


async def approved(store: Store, writer: MemoryWriter) -> str:
    """Have a plan with a yes; return its hash."""
    of = remedy(store, writer)
    incident = await store.add_incident(requester=ALICE, symptom="web is down")
    [plan] = (await of.propose(BROKEN, writer.cluster(now=NOON), incident_id=incident.id)).plans
    await of.approve(plan.hash, by=BOB)
    await store.give_back(plan.hash, holder=of.holder)
    return plan.hash


async def problem_of(of: Remedy, plan_hash: str) -> str:
    """Carry a plan out; return what the database said against it, empty for nothing."""
    try:
        await moves(of, plan_hash)
    except StoreError as problem:
        return str(problem)
    return ""


async def ends_well(store: Store, writer: MemoryWriter, plan_hash: str) -> None:
    """Go on, and look that all was done once."""
    await moves(remedy(store, writer), plan_hash)

    stored = await store.plan(plan_hash)
    assert stored is not None
    assert stored.state is PlanState.CONFIRMED
    assert writer.log.count("patch Service shop/web") == 1
    [obj] = writer._objects.values()
    assert target_port(obj) == 8080
    assert first_broken(await store.audit_trail()) == 0


class Pages:
    """A database whose disk is full from one word on, as SQLite itself says it."""

    def __init__(self, database: Database) -> None:
        self.words, self.full_from = 0, LONGEST
        event.listen(database._engine.sync_engine, "begin", self._begin)

    def _begin(self, connection: Any) -> None:
        self.words += 1
        limit = 1 if self.words >= self.full_from else 2**30
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit}")

    def freed(self) -> None:
        """Free the disk."""
        self.full_from = 2**30


async def test_a_disk_that_fills_up_at_any_word_of_a_plan(tmp_path: Path) -> None:
    failures = 0
    for at in range(1, LONGEST, 3):
        store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / f'{at}.db'}", now=lambda: NOON)
        writer = MemoryWriter(service())
        plan_hash = await approved(store, writer)
        disk = Pages(store._database)
        disk.full_from = at
        # Pages that are free already are used up first, as on a real disk.
        async with store._database.transaction() as connection:
            await connection.exec_driver_sql("SELECT 1")

        problem = await problem_of(remedy(store, writer), plan_hash)
        disk.freed()
        await ends_well(store, writer, plan_hash)
        await store.close()
        assert not problem or "disk is full" in problem
        failures += bool(problem)
        if not problem and at > disk.words:
            break
    assert failures > 0


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Give a file system of one MiB; skipped where it cannot be made."""
    folder.mkdir()
    made = os.geteuid() == 0 and shutil.which("mount") is not None
    if not made or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False).returncode:
        pytest.skip("mounting a small file system takes root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


async def test_a_disk_that_is_really_full_is_said_and_the_plan_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        store = await Store.open(f"sqlite+aiosqlite:///{disk / 'state.db'}", now=lambda: NOON)
        writer = MemoryWriter(service())
        plan_hash = await approved(store, writer)
        filler = disk / "filler"
        fill(filler)

        with pytest.raises(StoreError, match=FULL):
            await note_much(store)
        with pytest.raises(StoreError, match=FULL):
            await moves(remedy(store, writer), plan_hash)
        filler.unlink()

        await ends_well(store, writer, plan_hash)
        await store.close()


async def note_much(store: Store) -> None:
    """Write more than what SQLite has set aside."""
    for _ in range(50):
        await store.audit(actor=BOB, action="noted", detail={"text": "x" * 50_000})


def fill(file: Path) -> None:
    """Take all room there is."""
    with file.open("wb", buffering=0) as taken:
        try:
            while True:
                taken.write(b"\0" * 4096)
        except OSError:
            return


# PostgreSQL -----------------------------------------------------------------------------------------------------------


class Restarts:
    """A server that is restarted before one word with the database: every connection is cut."""

    def __init__(self, url: str, server: str, at: int) -> None:
        self.url, self.server, self.at, self.words = url, server, at, 0

    async def word(self) -> None:
        """Have a word with the database."""
        self.words += 1
        if self.words == self.at:
            name = self.url.rpartition("/")[2].partition("?")[0]
            await sql(self.server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


class Interrupted(Store):
    """A store on a server that is restarted."""

    restarts: Restarts

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in ("move", "record_step", "steps", "plan", "take"):
            return found

        async def word(*arguments: Any, **named: Any) -> Any:
            await self.restarts.word()
            return await found(*arguments, **named)

        return word


@pytest.fixture
async def interrupted(postgres: str) -> AsyncIterator[Callable[[int], Any]]:
    """Give a store whose server restarts at one of its words."""
    opened: list[Store] = []

    async def make(at: int) -> Interrupted:
        await sql(postgres, f"CREATE DATABASE restart{at}")
        url = database_of(postgres, f"restart{at}")
        store = await Interrupted.open(url, now=lambda: NOON)
        store.restarts = Restarts(url, postgres, 0)
        opened.append(store)
        return store

    yield make
    for store in opened:
        await store.close()


async def test_postgresql_that_is_restarted_in_the_middle_loses_nothing(interrupted: Callable[[int], Any]) -> None:
    for at in (1, 3, 6, 9, 12):
        store = await interrupted(at)
        writer = MemoryWriter(service())
        plan_hash = await approved(store, writer)
        store.restarts.words, store.restarts.at = 0, at

        problem = await problem_of(remedy(store, writer), plan_hash)
        store.restarts.at = 0

        await ends_well(store, writer, plan_hash)
        assert not problem or "what was begun goes on when it does" in problem
